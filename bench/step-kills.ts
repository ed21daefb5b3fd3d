import { setTimeout as delay } from 'node:timers/promises';
import { type KillPlace, repeatedEffects, until } from './kill-place.ts';
import type { Child } from './processes.ts';
import { rivalQueue, type StepJobSettings, steps } from './step-job.ts';
import type { StepOrders } from './step-worker.ts';

/** BullMQ as it comes: a lock of 30 s, a look after stalled jobs every 30 s. */
const defaults: StepJobSettings = { concurrency: 1 };

/** The driver that must repeat effects here, or the benchmark proves nothing. */
const naive: StepJobSettings = { concurrency: 1, lockDuration: 5_000, stalledInterval: 1_000, maxStalledCount: 1_000 };

/** How many naive workers are killed at a time. */
const atOnce = 10;

const stepMs = 100;

/** Kills one worker for each job of BullMQ's defaults, all at the same time; the answer waits until the standby that is started then goes on with all of them. */
export async function rivalSeries(
  place: KillPlace,
  kills: number,
): Promise<{ resumedAfter(): Promise<readonly number[]> }> {
  const queue = rivalQueue(place.redis.url, 'defaults');
  const names = Array.from({ length: kills }, (_, job) => `defaults-${job}`);
  const workers = await startSome(place, 'defaults', kills, defaults);
  for (const jobId of names) await queue.add('steps', { step: 0 }, { jobId });
  await until('all jobs run', async () => ((await queue.getActiveCount()) === kills ? true : null));
  await Promise.all(workers.map(worker => worker.kill()));
  const killedAt = Date.now();
  // Started before, it would have taken the jobs itself; the second it takes to start does not count beside a minute.
  await startSome(place, 'defaults', 1, { ...defaults, concurrency: kills });
  const resumed = async (name: string) => {
    const next = place.target.effects.find(({ key, at }) => key.startsWith(`${name}/`) && at > killedAt + stepMs);
    return next ? next.at - killedAt : null;
  };
  return {
    async resumedAfter() {
      const after = await Promise.all(names.map(name => until(`${name} goes on`, () => resumed(name), 180_000)));
      await queue.close();
      return after;
    },
  };
}

/** Kills naive workers, each at a random moment of a job; answers how many effects were repeated when all jobs are over. */
export async function naiveSeries(place: KillPlace, kills: number, say: (progress: string) => void): Promise<number> {
  const queue = rivalQueue(place.redis.url, 'naive');
  let added = 0;
  for (let killed = 0; killed < kills; killed += atOnce) {
    const workers = await startSome(place, 'naive', atOnce, naive);
    await Promise.all(
      workers.map(async worker => {
        await queue.add('steps', { step: 0 }, { jobId: `naive-${added++}` });
        await delay(Math.random() * steps * stepMs);
        await worker.kill();
      }),
    );
    say(`${killed + atOnce} of ${kills} naive workers killed`);
  }
  await startSome(place, 'naive', 1, { ...naive, concurrency: kills });
  const over = async () => ((await queue.getCompletedCount()) === added ? true : null);
  await until('all naive jobs are over', over, 120_000);
  await queue.close();
  return repeatedEffects(place.target, key => key.startsWith('naive-'));
}

function startSome(
  { redis, target, start }: KillPlace,
  queue: string,
  count: number,
  settings: StepJobSettings,
): Promise<readonly Child[]> {
  const orders: StepOrders = { redisUrl: redis.url, targetUrl: target.url, queue, settings };
  return Promise.all(Array.from({ length: count }, () => start('step-worker.ts', orders)));
}
