import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { settled, useHarness } from './harness.ts';

const harnesses = [useHarness(200), useHarness(200), useHarness(200)];

describe('a Redis that is away for 12 s', () => {
  it.each(harnesses.map((harness, nth) => ({ harness, nth })))(
    'outage $nth: the run goes on by itself',
    { timeout: 120_000, concurrent: true },
    async ({ harness }) => {
      const worker = await harness.worker('a');
      const ids = await Promise.all([0, 1, 2].map(lane => harness.request(lane)));
      await delay(600);
      await harness.redis.kill();
      await delay(12_000);
      await harness.redis.restart();
      const backAt = Date.now();
      for (const id of ids) await harness.until(id, settled, 30_000);
      process.stdout.write(`going on and over ${Date.now() - backAt} ms after Redis came back\n`);
      for (const id of ids) await harness.sound(id, ['succeeded']);
      expect(worker.alive()).toBe(true);
    },
  );
});
