import { describe, expect, it } from 'vitest';
import { crashPoints } from '../../src/ports/crash-point.ts';
import { objectOf, type strategies, unasked } from './catalogue.ts';
import { settled, useHarness } from './harness.ts';

const harness = useHarness();

/** Where a worker is killed, how often it passes there first, and how the run must end. */
interface Case {
  readonly point: string;
  readonly nth: number;
  readonly strategy: (typeof strategies)[number];
  readonly end: 'succeeded' | 'compensated' | 'needs-operator';
}

const plain: readonly Case[] = crashPoints
  .filter(point => point !== 'compensation-started')
  .map(point => ({ point, nth: 1, strategy: 'plain', end: 'succeeded' }));

/** The third operation of five, and the way back after the third one broke. */
const later: readonly Case[] = [
  ...(['operation-begun', 'operation-applied', 'operation-settled', 'operation-ended'] as const).map(
    point => ({ point, nth: 3, strategy: 'plain', end: 'succeeded' }) as const,
  ),
  { point: 'compensation-started', nth: 1, strategy: 'breaking', end: 'compensated' },
  ...(
    ['operation-begun', 'operation-applying', 'operation-applied', 'operation-settled', 'operation-ended'] as const
  ).flatMap(point => [4, 5].map(nth => ({ point, nth, strategy: 'breaking', end: 'compensated' }) as const)),
];

/**
 * What nobody can look at is never repeated: it stops and asks, unless nothing had begun or the outcome was written. The first operation is
 * begun in one breath with the execution.
 */
const blind: readonly Case[] = [
  { point: 'preflight-started', nth: 1, strategy: 'blind', end: 'succeeded' },
  { point: 'execution-started', nth: 1, strategy: 'blind', end: 'needs-operator' },
  { point: 'operation-begun', nth: 2, strategy: 'blind', end: 'needs-operator' },
  { point: 'operation-applied', nth: 2, strategy: 'blind', end: 'needs-operator' },
  { point: 'operation-verified', nth: 2, strategy: 'blind', end: 'needs-operator' },
  { point: 'operation-ended', nth: 2, strategy: 'blind', end: 'succeeded' },
];

/** Several under way at once: as the tenth begins, as some are applied and some are not, as two are through; and the same on the way back. */
const many: readonly Case[] = [
  { point: 'operation-begun', nth: 10, strategy: 'many', end: 'succeeded' },
  { point: 'operation-applied', nth: 4, strategy: 'many', end: 'succeeded' },
  { point: 'operation-settled', nth: 3, strategy: 'many', end: 'succeeded' },
  { point: 'operation-ended', nth: 2, strategy: 'many', end: 'succeeded' },
  { point: 'operation-ended', nth: 5, strategy: 'many-breaking', end: 'compensated' },
  { point: 'compensation-started', nth: 1, strategy: 'many-breaking', end: 'compensated' },
  { point: 'operation-applied', nth: 16, strategy: 'many-breaking', end: 'compensated' },
];

const cases = [...plain, ...later, ...blind, ...many].map((one, lane) => ({ ...one, lane, name: `w${lane}` }));

describe('a worker killed at a named instant', () => {
  it('leaves a run that another worker ends right, no effect twice and none missing', {
    timeout: 400_000,
  }, async () => {
    const waiting = [...cases];
    const ids = new Map<string, Awaited<ReturnType<typeof harness.request>>>();
    const killOne = async () => {
      for (let one = waiting.shift(); one; one = waiting.shift()) {
        const { lane, name, point, nth, strategy } = one;
        if (strategy.endsWith('breaking'))
          harness.target.set(objectOf(lane, strategy, 2), { broken: { at: 'good', served: false } });
        const scenario = point === 'approval-asked' ? 'other' : unasked;
        const worker = await harness.worker(name, { crash: { point, nth } });
        ids.set(name, await harness.request(lane, { strategy, runsOn: name, scenario }));
        const ended = await worker.ended(60_000);
        expect([strategy, point, nth, ended], worker.said()).toEqual([strategy, point, nth, null]);
      }
    };
    await Promise.all([killOne(), killOne(), killOne()]);
    const [first, ...others] = cases.map(({ name }) => name);
    const survivor = await harness.worker(first ?? '', { names: [first ?? '', ...others] });
    for (const { name, end, point, nth, strategy } of cases) {
      const id = ids.get(name);
      if (!id) throw new Error(`no run of ${name}`);
      if (point === 'approval-asked') await harness.vote(id);
      const found = await harness.until(id, settled, 90_000);
      // Where a busy machine takes the survivor its lease as well, what nobody can look at was cut off once more, and asks.
      const cutAgain = strategy === 'blind' && survivor.said().includes(`{"run":"${id}","why":"LeaseLost`);
      const ends = cutAgain ? [end, 'needs-operator' as const] : [end];
      expect(ends, `${strategy} at ${point} ${nth}: ${survivor.said()}`).toContain(found.run.status);
      await harness.sound(id, ends);
    }
  });
});
