import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'bullmq';
import { redisPlace } from '../../src/adapters/redis/connection.ts';

/** The queue of the driver that this project exists to replace. */
export const naiveQueue = 'naive';

/** How many steps a naive job has. */
export const naiveSteps = 5;

/** The step job of BullMQ's own documentation: an effect, then the step's number in the job's data; a lock of 5 s. */
export async function naiveWorker(orders: {
  readonly redisUrl: string;
  readonly targetUrl: string;
}): Promise<() => Promise<void>> {
  const worker = new Worker(
    naiveQueue,
    async job => {
      for (let step: number = job.data.step; step < naiveSteps; step += 1) {
        await delay(50);
        await effect(orders.targetUrl, String(job.id), step);
        await delay(50);
        await job.updateData({ step: step + 1 });
      }
    },
    {
      connection: { ...redisPlace(orders.redisUrl), maxRetriesPerRequest: null },
      lockDuration: 5_000,
      stalledInterval: 1_000,
      maxStalledCount: 1_000,
    },
  );
  worker.on('error', () => undefined);
  await worker.waitUntilReady();
  return () => worker.close();
}

function effect(url: string, job: string, step: number): Promise<void> {
  const body = {
    object: `${job}-${step}`,
    from: null,
    to: 'good',
    fence: 1,
    key: `${job}/${step}`,
    slowMs: 0,
    raise: false,
  };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent: false }, response => {
      response.resume();
      response.on('end', resolve);
    });
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });
}
