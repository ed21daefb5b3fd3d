import type { StepSpec, TargetSpec } from '../src/domain/catalogue.ts';
import type { PhaseTimes } from '../src/domain/record.ts';
import type { Candidate } from '../src/domain/release.ts';
import type { Run } from '../src/domain/run.ts';
import type { AlertStore } from '../src/ports/alert-store.ts';
import type { Catalogues } from '../src/ports/catalogues.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { Directory } from '../src/ports/directory.ts';
import type { Doorbell } from '../src/ports/doorbell.ts';
import type { Outbox } from '../src/ports/outbox.ts';
import type { NamedProbe } from '../src/ports/probe.ts';
import type { ReleaseStore } from '../src/ports/release-store.ts';
import type { RunStore } from '../src/ports/run-store.ts';
import type { ProblemsData, ReloadedData } from '../templates/data.ts';

/** What a target could go back to, as the planning stage sees it. */
export type ListCandidates = (target: TargetSpec) => Promise<{
  /** Version of what is live, where that is known. */
  readonly current: string | null;
  readonly candidates: readonly Candidate[];
}>;

/** What became of reading the catalogue's file again. */
export type ReloadAnswer =
  | { readonly kind: 'reloaded'; readonly data: ReloadedData }
  | { readonly kind: 'refused'; readonly data: ProblemsData };

/** What the front door works with: it reads and changes state and rings; it never does anything to a target. */
export interface DoorDeps {
  readonly runs: RunStore;
  readonly releases: ReleaseStore;
  readonly alerts: AlertStore;
  readonly outbox: Outbox;
  readonly catalogues: Catalogues;
  readonly directory: Directory;
  readonly doorbell: Doorbell;
  readonly clock: Clock;
  readonly candidates: ListCandidates;
  /** Whether a step takes the target to a release, so that a plan with it needs one. */
  readonly needsRelease: (step: Pick<StepSpec, 'kind' | 'input'>) => boolean;
  readonly phaseTimes: (run: Run) => PhaseTimes;
  readonly probes: readonly NamedProbe[];
  readonly reload: () => Promise<ReloadAnswer>;
}
