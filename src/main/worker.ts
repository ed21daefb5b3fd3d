import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { ulid } from 'ulid';
import type { DriveDeps } from '../../jobs/deps.ts';
import { drive } from '../../jobs/index.ts';
import { sayNote } from '../../templates/say.ts';
import { startWorkers, type Workers } from '../adapters/bullmq/workers.ts';
import type { Environment } from '../config/env.ts';
import { parseRunId, type RunId } from '../domain/ids.ts';
import { reason } from '../domain/reason.ts';
import type { Answering } from '../ports/answering.ts';
import type { Directory } from '../ports/directory.ts';
import type { Doorbell } from '../ports/doorbell.ts';
import type { Log } from '../ports/log.ts';
import type { Processes } from '../ports/processes.ts';
import { fileRecords } from './records.ts';
import type { Safety } from './safety.ts';
import type { Stores } from './stores.ts';
import type { bindTables } from './tables.ts';

/** What a worker is made of. */
export interface WorkerParts {
  readonly env: Environment;
  readonly stores: Stores;
  readonly tables: ReturnType<typeof bindTables>;
  readonly doorbell: Doorbell;
  readonly directory: Directory;
  readonly processes: Processes;
  readonly log: Log;
  /** Whether Redis keeps what it confirmed through a crash. */
  readonly safety: Pick<Safety, 'automatic'>;
}

/** Mints a run's id. */
export function newRunId(): RunId {
  const id = parseRunId(ulid());
  if (!id) throw new Error('a ULID is always a run id');
  return id;
}

/** What runs are driven with in production: a lease of 5 s, renewed every 1.5 s, given up 1 s before its end. */
export function driveDeps({
  env,
  stores,
  tables,
  doorbell,
  directory,
  processes,
  log,
  safety,
}: WorkerParts): DriveDeps {
  return {
    store: stores.runs,
    releases: stores.releases,
    catalogues: stores.catalogues,
    directory,
    doorbell,
    ...tables,
    records: fileRecords(env.BACKOUT_STATE_DIR),
    kept: stores.kept,
    say: note => sayNote(note, 'en'),
    endProcess: child => processes.end(child),
    hash: text => createHash('sha256').update(text).digest('hex'),
    newId: newRunId,
    refuseAutomatic: () => (safety.automatic() ? null : reason('redis-not-durable')),
    monotonic: () => performance.now(),
    times: { leaseMs: 5_000, renewMs: 1_500, marginMs: 1_000 },
    worker: env.BACKOUT_WORKER_NAME,
    host: hostname(),
    crashPoint: async () => {},
    log,
  };
}

/** Puts a bot's own workers before the queue: what they can drive needs no way through Redis. A drive that is lost with the process is rung again like a lost ring. */
export function ringNear(far: Doorbell, worker: string, workers: Pick<Workers, 'take'>): Doorbell {
  return {
    ringRelay: far.ringRelay,
    async ring(run, key, runsOn, known) {
      const near = (runsOn === null || runsOn === worker) && workers.take(run, known);
      if (!near) await far.ring(run, key, runsOn);
    },
  };
}

/** Starts taking jobs from the common queue and this worker's own; each is begun when it is calm. */
export async function openWorker(parts: WorkerParts, silent: () => void, calm: Answering['calm']): Promise<Workers> {
  const deps = driveDeps(parts);
  return await startWorkers(
    {
      connection: parts.stores.place,
      drive: (run, turn, known) => calm()?.then(() => drive(deps, run, turn, known)) ?? drive(deps, run, turn, known),
      trouble: failure => parts.log.warn({ err: failure }, 'A job'),
      silent,
    },
    parts.env.BACKOUT_WORKER_NAME,
  );
}
