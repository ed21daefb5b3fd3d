import type { RunId } from '../domain/ids.ts';
import type { RunWithLog } from '../domain/run.ts';

/** Rings for work: a lost ring is rung again by the reconciler, a late or double one finds nothing to do. */
export interface Doorbell {
  /** `key` makes the job id `<run>.<key>`; `runsOn` picks a worker's own queue; `known` is the run as the ringer just left it, where it knows. */
  ring(run: RunId, key: string, runsOn: string | null, known?: RunWithLog): Promise<void>;
  /** Tells every relay that posts wait. */
  ringRelay(): void;
}
