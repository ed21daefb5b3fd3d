import type { RunId } from '../domain/ids.ts';
import type { Note } from '../domain/note.ts';
import type { CrashPoint } from '../ports/crash-point.ts';
import type { Executor } from '../ports/executor.ts';
import type { RunStore } from '../ports/run-store.ts';

/** What executing a plan needs of the outside. */
export interface ExecuteDeps {
  readonly store: Pick<RunStore, 'read' | 'change' | 'begin' | 'outcome' | 'child'>;
  /** The executor of a kind, loaded when first needed; throws a `Refusal` where no such kind is known. */
  readonly executor: (kind: string) => Promise<Executor>;
  readonly crashPoint: CrashPoint;
  /** Waits; over early where the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Whether the process wants to end: nothing new is begun, what is begun is finished. */
  readonly pausing: () => boolean;
  /** This worker's name and the host its child processes run on. */
  readonly worker: string;
  readonly host: string;
  /** Keeps how far an operation is, for the root message. */
  readonly progressed: (run: RunId, fence: number, note: Note) => void;
}
