import { expect, it, vi } from 'vitest';
import { watchSafety } from '../../src/main/safety.ts';
import { quietLog } from '../jobs/rig.ts';

const found = (usable: boolean, safeForAutomatic: boolean) => {
  const state = usable ? ('ok' as const) : ('broken' as const);
  return {
    usable,
    safeForAutomatic,
    findings: [{ subject: 'Redis', state, message: 'is too old', remedy: 'use 6.2' }],
  };
};

it('looks again at a Redis that was away, and lets things run without a human from then on', async () => {
  let away = true;
  const inspect = async () => {
    if (away) throw new Error('connection refused');
    return found(true, true);
  };
  const safety = await watchSafety({ inspect, log: quietLog, againMs: 5 });
  try {
    expect(safety.automatic()).toBe(false);
    away = false;
    await vi.waitFor(() => expect(safety.automatic()).toBe(true));
  } finally {
    safety.stop();
  }
});

it.each([
  ['one that keeps nothing lets nothing run without a human', found(true, false), false],
  ['one that is safe does', found(true, true), true],
])('%s', async (_what, inspection, automatic) => {
  const safety = await watchSafety({ inspect: async () => inspection, log: quietLog, againMs: 5 });
  expect(safety.automatic()).toBe(automatic);
  safety.stop();
});

it('refuses to start on one that the engine cannot run on, saying what to do', async () => {
  const started = watchSafety({ inspect: async () => found(false, false), log: quietLog, againMs: 5 });
  await expect(started).rejects.toThrow('Redis: is too old; use 6.2');
});
