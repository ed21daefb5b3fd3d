import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { useHarness } from './harness.ts';
import { startLoad } from './load.ts';
import { chance } from './random.ts';

const harness = useHarness(30);

describe('workers killed at random', () => {
  it('50 times kill -9: every run ends right, no effect twice and none missing', { timeout: 400_000 }, async () => {
    const luck = chance('kill -9');
    const workers = await Promise.all([harness.worker('a'), harness.worker('b')]);
    const load = startLoad(harness, 6);
    for (let kill = 0; kill < 50; kill += 1) {
      await delay(luck.between(50, 500));
      const at = luck.between(0, workers.length - 1);
      const victim = workers[at];
      if (!victim) throw new Error('no worker');
      victim.signal('SIGKILL');
      expect(await victim.ended()).toBeNull();
      workers[at] = await harness.worker(`k${kill}`);
    }
    const checked = await load.finish();
    process.stdout.write(`50 kills, ${checked} runs, ${harness.target.effects.length} effects\n`);
    expect(checked).toBeGreaterThan(20);
  });
});
