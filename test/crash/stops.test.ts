import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { crashTimes } from './engine.ts';
import { useHarness } from './harness.ts';
import { startLoad } from './load.ts';
import { chance } from './random.ts';

const harness = useHarness(30);

describe('workers that stand still for longer than their lease', () => {
  it('30 times SIGSTOP: the one that wakes writes nothing and does nothing twice', { timeout: 300_000 }, async () => {
    const luck = chance('SIGSTOP');
    const workers = await Promise.all(['a', 'b', 'c'].map(name => harness.worker(name)));
    const load = startLoad(harness, 6);
    for (let round = 0; round < 15; round += 1) {
      await delay(luck.between(50, 400));
      const spared = luck.between(0, workers.length - 1);
      const stopped = workers.filter((_, at) => at !== spared);
      for (const worker of stopped) {
        worker.signal('SIGSTOP');
        await delay(luck.between(0, 50));
      }
      await delay(crashTimes.leaseMs + luck.between(500, 1_000));
      for (const worker of stopped) worker.signal('SIGCONT');
    }
    const checked = await load.finish();
    process.stdout.write(`30 stops, ${checked} runs, ${harness.target.refused()} stale writes refused\n`);
    expect(workers.every(worker => worker.alive())).toBe(true);
    expect(checked).toBeGreaterThan(10);
  });
});
