import { setTimeout as delay } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { redisPlace } from '../../src/adapters/redis/connection.ts';
import { insist, useHarness } from './harness.ts';
import { naiveQueue, naiveSteps } from './naive-worker.ts';
import { chance } from './random.ts';

const harness = useHarness();

describe('the guard of these suites', () => {
  it('a step job without a journal repeats more than 10 effects in 50 kills', { timeout: 300_000 }, async () => {
    const luck = chance('naive driver');
    const { redis, target } = harness;
    const orders = { redisUrl: redis.url, targetUrl: target.url, names: ['naive'], naive: true };
    const queue = new Queue(naiveQueue, { connection: redisPlace(redis.url) });
    try {
      const jobs = 50;
      for (let job = 0; job < jobs; job += 1) {
        await queue.add('steps', { step: 0 }, { jobId: `job-${job}` });
        const worker = await harness.starter.start(orders);
        await delay(luck.between(0, naiveSteps * 100));
        worker.signal('SIGKILL');
        await worker.ended();
      }
      await harness.starter.start(orders);
      await harness.starter.start(orders);
      await insist('all jobs are over', async () => ((await queue.getCompletedCount()) >= jobs ? true : null), 90_000);
      const counts = new Map<string, number>();
      for (const { key } of target.effects) counts.set(key, (counts.get(key) ?? 0) + 1);
      const repeated = [...counts.values()].filter(times => times > 1).length;
      process.stdout.write(`naive driver: ${repeated} repeated effects in ${jobs} kills\n`);
      expect(repeated).toBeGreaterThan(10);
    } finally {
      await queue.close();
    }
  });
});
