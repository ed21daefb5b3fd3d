import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { useHarness } from './harness.ts';
import { startLoad } from './load.ts';

const harness = useHarness(50);

describe('a rolling restart', () => {
  it('ends each worker at an operation boundary, and the others go on at once', { timeout: 200_000 }, async () => {
    const workers = await Promise.all(['a', 'b', 'c'].map(name => harness.worker(name)));
    const load = startLoad(harness, 6);
    for (const [at, worker] of workers.entries()) {
      await delay(1_000);
      worker.signal('SIGTERM');
      expect(await worker.ended(25_000), worker.said()).toBe(0);
      workers[at] = await harness.worker(`next-${at}`);
    }
    expect(await load.finish()).toBeGreaterThan(5);
  });
});
