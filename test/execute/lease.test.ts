import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { keepLease, LeaseLost } from '../../src/execute/lease.ts';
import { service } from '../jobs/catalogue.ts';

const times = { leaseMs: 300, renewMs: 40, marginMs: 100 };

/** A lease over a store that answers as told; the clock is the machine's, moved by `skipped`. */
function lease(answer: () => Promise<boolean>) {
  const clock = { skipped: 0 };
  const monotonic = () => performance.now() + clock.skipped;
  let renewals = 0;
  const renew = async () => {
    renewals += 1;
    return answer();
  };
  return {
    lease: keepLease({ store: { renew }, monotonic, times }, service, 7, monotonic()),
    clock,
    renewals: () => renewals,
  };
}

describe('a lease', () => {
  it('is renewed for as long as it is held', async () => {
    const { lease: held, renewals } = lease(async () => true);
    await delay(500);
    held.check();
    held.stop();
    const before = renewals();
    expect(before).toBeGreaterThan(3);
    await delay(100);
    expect(renewals()).toBe(before);
  });

  it.each([
    ['the store says that another has it', async () => false],
    ['the store does not answer before the margin', () => Promise.reject(new Error('away'))],
    ['the store never answers', () => new Promise<boolean>(() => undefined)],
  ])('is lost where %s, and everything that waits is told', async (_, answer) => {
    const { lease: held } = lease(answer);
    await expect.poll(() => held.signal.aborted, { timeout: 2_000 }).toBe(true);
    expect(() => held.check()).toThrow(LeaseLost);
    held.stop();
  });

  it('is found lost by a process that stood still, before any timer fires', () => {
    const { lease: held, clock } = lease(async () => true);
    clock.skipped = times.leaseMs;
    expect(() => held.check()).toThrow(LeaseLost);
    expect(held.signal.aborted).toBe(true);
    held.stop();
  });

  it('counts from before the renewal was sent, not from its answer', async () => {
    const { lease: held, clock } = lease(async () => {
      clock.skipped += 150;
      return true;
    });
    await delay(60);
    clock.skipped += 60;
    expect(() => held.check()).toThrow(LeaseLost);
    held.stop();
  });

  it('can be given up at once', () => {
    const { lease: held } = lease(async () => true);
    held.lose();
    expect(() => held.check()).toThrow(LeaseLost);
    held.stop();
  });
});
