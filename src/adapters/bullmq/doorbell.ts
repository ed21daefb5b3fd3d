import type { Queue } from 'bullmq';
import type { RunId } from '../../domain/ids.ts';
import type { Doorbell } from '../../ports/doorbell.ts';
import { inTime } from './in-time.ts';
import { queueName, queuePrefix, type RedisPlace, reconnectDelay } from './settings.ts';

/** How long one ring may take, in ms, before it counts as lost. */
const ringWithinMs = 1_500;

/** What the doorbell needs besides BullMQ. */
export interface DoorbellDeps {
  readonly connection: RedisPlace;
  /** Wakes the relays. */
  readonly ringRelay: () => void;
  /** Hears of lost rings and lost connections. */
  readonly trouble: (failure: Error) => void;
}

/** A doorbell with its connections. */
export interface BullDoorbell extends Doorbell {
  close(): Promise<void>;
}

/**
 * Rings through BullMQ jobs that carry a run's id and nothing else. A ring never fails its caller: what it rings for is stored already,
 * and the reconciler rings again.
 */
export async function bullDoorbell(deps: DoorbellDeps): Promise<BullDoorbell> {
  const { Queue } = await import('bullmq');
  const queues = new Map<string, Queue>();
  const queueOf = (worker: string | null) => {
    const name = queueName(worker);
    const known = queues.get(name);
    if (known) return known;
    const queue = new Queue(name, {
      connection: { ...deps.connection, ...failFast },
      prefix: queuePrefix,
      defaultJobOptions: {
        attempts: 1,
        removeOnComplete: { age: 3_600, count: 1_000 },
        removeOnFail: { age: 7 * 86_400 },
      },
    });
    queue.on('error', deps.trouble);
    queues.set(name, queue);
    return queue;
  };
  await inTime(queueOf(null).waitUntilReady(), ringWithinMs).catch(deps.trouble);
  return {
    ringRelay: deps.ringRelay,
    async ring(run: RunId, key: string, runsOn: string | null) {
      const added = queueOf(runsOn).add('drive', { run }, { jobId: `${run}.${key}` });
      await inTime(added, ringWithinMs).then(
        rung => rung || deps.trouble(new Error(`Redis did not take the ring for ${run} within ${ringWithinMs} ms`)),
        deps.trouble,
      );
    },
    async close() {
      await Promise.all([...queues.values()].map(queue => inTime(queue.close(), ringWithinMs).catch(deps.trouble)));
    },
  };
}

const failFast = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  commandTimeout: ringWithinMs,
  retryStrategy: reconnectDelay,
};
