import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { useHarness } from './harness.ts';
import { startLoad } from './load.ts';
import { chance } from './random.ts';

const harness = useHarness(30);

describe('Redis that dies', () => {
  it('20 times SIGKILL: runs go on where they were', { timeout: 300_000 }, async () => {
    const luck = chance('Redis SIGKILL');
    const workers = await Promise.all([harness.worker('a'), harness.worker('b')]);
    const load = startLoad(harness, 6);
    for (let kill = 0; kill < 20; kill += 1) {
      await delay(luck.between(300, 1_000));
      await harness.redis.kill();
      await delay(luck.between(50, 500));
      await harness.redis.restart();
    }
    const checked = await load.finish();
    process.stdout.write(`20 Redis kills, ${checked} runs\n`);
    expect(workers.every(worker => worker.alive())).toBe(true);
    expect(checked).toBeGreaterThan(10);
    for (const worker of workers) worker.signal('SIGKILL');
  });
});
