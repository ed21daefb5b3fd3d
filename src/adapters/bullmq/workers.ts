import type { Job, Queue, Worker } from 'bullmq';
import { parseRunId, type RunId } from '../../domain/ids.ts';
import type { RunWithLog } from '../../domain/run.ts';
import { inTime } from './in-time.ts';
import { queueName, queuePrefix, type RedisPlace, reconnectDelay } from './settings.ts';
import { type Watchdog, watchdog } from './watchdog.ts';

/** How a job is told that its turn ends: `stopping` asks it to stop at the next operation boundary, `abort` ends it now. */
export interface Turn {
  readonly stopping: AbortSignal;
  readonly abort: AbortSignal;
}

/** What the workers need besides BullMQ. */
export interface WorkersDeps {
  readonly connection: RedisPlace;
  /** Drives one run as far as it goes; a failure is told to `trouble` and the reconciler rings again. */
  readonly drive: (run: RunId, turn: Turn, known?: RunWithLog) => Promise<void>;
  readonly trouble: (failure: Error) => void;
  /** Called where a worker went silent and a new one did too: the process should end and be started anew. */
  readonly silent: () => void;
}

/** How many runs one process drives at a time, for each queue. */
const concurrency = 20;

/** How often the watchdog looks, and how long a worker may be silent while jobs wait, in ms. */
const watchdogPace = { lookEveryMs: 10_000, silentAfterMs: 30_000 };

/** Running workers. */
export interface Workers {
  /** Drives a run at once, without the way through the queue; false where this process has no room or closes: then it has to be rung for. */
  take(run: RunId, known?: RunWithLog): boolean;
  /** Takes no more jobs, asks running ones to stop at a boundary, and ends what still runs after `limitMs`. */
  close(limitMs: number): Promise<void>;
}

/** Takes rings from the common queue and, where this worker has a name, from its own. */
export async function startWorkers(
  deps: WorkersDeps,
  name: string | null,
  pace: typeof watchdogPace = watchdogPace,
): Promise<Workers> {
  const bullmq = await import('bullmq');
  const stopping = new AbortController();
  const abort = new AbortController();
  const queues = name === null ? [queueName(null)] : [queueName(null), queueName(name)];
  const drive = driver(deps, stopping.signal, abort.signal);
  const watched = queues.map(queue => watchQueue(bullmq, deps, queue, drive, pace));
  const taken = new Set<Promise<void>>();
  return {
    take(run, known) {
      if (stopping.signal.aborted || taken.size >= concurrency) return false;
      const work = deps
        .drive(run, { stopping: stopping.signal, abort: abort.signal }, known)
        .catch(deps.trouble)
        .finally(() => taken.delete(work));
      taken.add(work);
      return true;
    },
    async close(limitMs) {
      stopping.abort();
      const closing = Promise.all([...watched.map(one => one.close()), ...taken]).catch(deps.trouble);
      if (await inTime(closing, limitMs)) return;
      abort.abort();
      await inTime(closing, 1_000);
    },
  };
}

type Drive = (job: Job, token?: string, signal?: AbortSignal) => Promise<void>;

function driver(deps: WorkersDeps, stopping: AbortSignal, abort: AbortSignal): Drive {
  return async (job, _token, signal) => {
    const run = parseRunId(String(job.data?.run));
    if (!run) return;
    const ended = signal ? AbortSignal.any([abort, signal]) : abort;
    await deps.drive(run, { stopping, abort: ended }).catch(deps.trouble);
  };
}

interface WatchedQueue {
  close(): Promise<void>;
}

function watchQueue(
  bullmq: { readonly Worker: typeof Worker; readonly Queue: typeof Queue },
  deps: WorkersDeps,
  name: string,
  drive: Drive,
  pace: typeof watchdogPace,
): WatchedQueue {
  const connection = { ...deps.connection, retryStrategy: reconnectDelay, maxRetriesPerRequest: null };
  let running = 0;
  const counted: Drive = async (job, token, signal) => {
    running += 1;
    dog.seen();
    try {
      await drive(job, token, signal);
    } finally {
      running -= 1;
    }
  };
  const open = () => {
    const worker = new bullmq.Worker(name, counted, {
      connection,
      prefix: queuePrefix,
      concurrency,
      lockDuration: 30_000,
      stalledInterval: 15_000,
      maxStalledCount: 1_000,
    });
    worker.on('error', deps.trouble);
    worker.on('lockRenewalFailed', ids => {
      for (const id of ids) worker.cancelJob(id, 'the job’s lock was lost');
    });
    return worker;
  };
  const queue = new bullmq.Queue(name, { connection, prefix: queuePrefix });
  queue.on('error', deps.trouble);
  const dog: Watchdog = watchdog(pace, {
    waiting: async () => (running < concurrency ? await queue.getWaitingCount() : 0),
    replace: () => {
      worker.close(true).catch(deps.trouble);
      worker = open();
    },
    giveUp: deps.silent,
    trouble: deps.trouble,
  });
  let worker = open();
  return {
    async close() {
      dog.stop();
      await worker.close();
      await queue.close();
    },
  };
}
