import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { useHarness } from './harness.ts';
import { startLoad } from './load.ts';
import { chance } from './random.ts';

const harness = useHarness(30);

describe('a machine that loses power', () => {
  it('20 cuts of the append-only file: what was answered is there, what was begun is looked at', {
    timeout: 400_000,
  }, async () => {
    const luck = chance('power loss');
    let workers = await Promise.all([harness.worker('a'), harness.worker('b')]);
    const load = startLoad(harness, 6);
    let torn = 0;
    for (let cut = 0; cut < 20; cut += 1) {
      await delay(luck.between(300, 900));
      const letGo = await load.hold();
      for (const worker of workers) worker.signal('SIGSTOP');
      // Nothing of what is written from here on was answered to anybody who still lives, so any of it may be lost.
      const synced = await harness.redis.aofSize();
      const unanswered = Array.from({ length: 20 }, (_, n) =>
        harness.connection.redis.set(`unanswered-${n}`, 'x'.repeat(luck.between(1, 500))).catch(() => null),
      );
      await Promise.all(unanswered);
      const written = await harness.redis.aofSize();
      const end = luck.between(synced, written);
      torn += end < written ? 1 : 0;
      for (const worker of workers) worker.signal('SIGKILL');
      await harness.redis.cutAof(end);
      await harness.redis.restart();
      letGo();
      workers = await Promise.all([harness.worker(`a${cut}`), harness.worker(`b${cut}`)]);
    }
    const checked = await load.finish();
    process.stdout.write(`20 cuts, ${torn} of them torn, ${checked} runs\n`);
    expect(torn).toBeGreaterThan(10);
    expect(checked).toBeGreaterThan(10);
  });
});
