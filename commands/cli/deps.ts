import type { Catalogue, Locale } from '../../src/domain/catalogue.ts';
import type { Post } from '../../src/domain/post.ts';
import type { Screen } from '../../src/domain/screen.ts';
import type { Catalogues } from '../../src/ports/catalogues.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Routes } from '../../src/ports/inbound.ts';
import type { NamedProbe } from '../../src/ports/probe.ts';
import type { RunStore } from '../../src/ports/run-store.ts';
import type { ProblemsData } from '../../templates/data.ts';

/** The engine as a terminal needs it, opened only for commands that do. */
export interface Engine {
  readonly routes: Routes;
  readonly runs: RunStore;
  readonly catalogues: Catalogues;
  /** What a message of a thread says, as it now stands; null where there is nothing to say. */
  draw(post: Post): Promise<Screen | null>;
  close(): Promise<void>;
}

/** A catalogue's file, read. */
export type CheckedCatalogue =
  | {
      readonly kind: 'fine';
      readonly file: string;
      readonly catalogue: Catalogue;
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'broken'; readonly data: ProblemsData };

/** What the command line works with; everything outside this process comes in through here. */
export interface CliDeps {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Where a failure that nobody foresaw is noted: the log, never the answer. */
  readonly trouble: (failure: unknown) => void;
  /** Account name of who acts (`accountName` of `actingUid`); null where the system knows none. */
  readonly account: () => string | null;
  /** For what is said before anybody is recognised. */
  readonly locale: Locale;
  readonly version: string;
  readonly clock: Clock;
  /** Unique for this call of the command line. */
  readonly requestId: () => string;
  /** Waits so many ms, less where the signal is aborted; never throws. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal;
  /** May throw a `Refusal` where the store is away. */
  readonly open: () => Promise<Engine>;
  readonly check: (file: string | null) => Promise<CheckedCatalogue>;
  readonly schema: () => object;
  readonly probes: () => Promise<readonly NamedProbe[]>;
  /** The files that `init` writes for a service, by name. */
  readonly starter: (given: { readonly service: string; readonly account: string }) => Readonly<Record<string, string>>;
  /** The files that `discover` writes of what runs in these namespaces (all where none is named), and how many workloads there are; none where there is nothing to name. May throw a `Refusal`. */
  readonly discover: (given: {
    readonly namespaces: readonly string[];
    readonly account: string;
    readonly signal: AbortSignal;
  }) => Promise<{ readonly found: number; readonly files: Readonly<Record<string, string>> }>;
  /** Writes a file that is not there yet; false where it is. */
  readonly writeNew: (file: string, text: string) => Promise<boolean>;
  /** Runs Backout until it is told to end; its exit code. */
  readonly start: () => Promise<number>;
  readonly demo: () => Promise<number>;
}

/** What the command line ends with: 0 done, 1 refused or failed, 2 not understood, 3 not confirmed. */
export const exitCodes = { ok: 0, refused: 1, usage: 2, 'not-confirmed': 3 } as const;
