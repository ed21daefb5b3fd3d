import type { RunId } from '../src/domain/ids.ts';
import type { Note } from '../src/domain/note.ts';
import type { Reason } from '../src/domain/reason.ts';
import type { RecordData } from '../src/domain/record.ts';
import type { ExecuteDeps } from '../src/execute/deps.ts';
import type { LeaseTimes } from '../src/execute/lease.ts';
import type { Catalogues } from '../src/ports/catalogues.ts';
import type { BoundCheck } from '../src/ports/check.ts';
import type { Directory } from '../src/ports/directory.ts';
import type { Doorbell } from '../src/ports/doorbell.ts';
import type { BoundExecutor } from '../src/ports/executor.ts';
import type { KeptTexts } from '../src/ports/kept-texts.ts';
import type { Log } from '../src/ports/log.ts';
import type { Processes } from '../src/ports/processes.ts';
import type { BoundReleaseSource } from '../src/ports/release-source.ts';
import type { ReleaseStore } from '../src/ports/release-store.ts';
import type { RunStore } from '../src/ports/run-store.ts';
import type { VerificationReport } from '../src/verify/report.ts';

/** Where complete records are kept; the same record may be kept twice. */
export interface Records {
  /** Answers the name it is kept under. */
  keep(data: RecordData, report: VerificationReport | null): Promise<string>;
}

/** What a worker drives runs with. */
export interface DriveDeps {
  readonly store: RunStore;
  readonly releases: ReleaseStore;
  readonly catalogues: Catalogues;
  readonly directory: Directory;
  readonly doorbell: Doorbell;
  readonly executors: ReadonlyMap<string, BoundExecutor>;
  readonly checks: ReadonlyMap<string, BoundCheck>;
  readonly releaseSources: ReadonlyMap<string, BoundReleaseSource>;
  readonly records: Records;
  /** Where long texts lie until their message is drawn. */
  readonly kept: KeptTexts;
  /** Puts a note into words for the verification report. */
  readonly say: (note: Note) => string;
  /** Ends a process that a dead worker left; false where it could not. */
  readonly endProcess: Processes['end'];
  /** SHA-256 as hex. */
  readonly hash: (text: string) => string;
  readonly newId: () => RunId;
  /** Why no rollback may run without a human now (no persistence); null where it may. */
  readonly refuseAutomatic: () => Reason | null;
  /** Ms on a clock that nobody sets. */
  readonly monotonic: () => number;
  readonly times: LeaseTimes;
  readonly worker: string;
  readonly host: string;
  readonly crashPoint: ExecuteDeps['crashPoint'];
  readonly log: Log;
}

/** How one job's turn ends: `stopping` asks it to stop at the next operation boundary, `abort` ends it now. */
export interface Turn {
  readonly stopping: AbortSignal;
  readonly abort: AbortSignal;
}
