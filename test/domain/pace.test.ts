import fc from 'fast-check';
import { expect, it } from 'vitest';
import { takeTurn } from '../../src/domain/pace.ts';

const rate = { burst: 4, everyMs: 1000 };

/** Takes turns as they are asked for, in ms from the start, and answers how long each had to wait. */
function waits(asked: readonly number[], keep = 0): number[] {
  let wholeAt: number | undefined;
  return asked.map(at => {
    const turn = takeTurn(rate, wholeAt, at, keep);
    wholeAt = turn.wholeAt;
    return turn.waitMs;
  });
}

it.each([
  ['a burst at once', [0, 0, 0, 0], 0, [0, 0, 0, 0]],
  ['then one a second', [0, 0, 0, 0, 0, 1000, 1000], 0, [0, 0, 0, 0, 1000, 0, 1000]],
  ['turns come back with time', [0, 0, 0, 0, 4000, 4000, 4000, 4000, 4000], 0, [0, 0, 0, 0, 0, 0, 0, 0, 1000]],
  ['some are kept', [0, 0, 0], 2, [0, 0, 1000]],
] as const)('%s', (_, asked, keep, want) => {
  expect(waits(asked, keep)).toEqual(want);
});

it('never lets more through than the burst and the time allow', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(gaps, list => {
      let now = 0;
      const asked = list.map(gap => {
        now += gap;
        return now;
      });
      const taken = waits(asked).filter(wait => wait === 0).length;
      expect(taken).toBeLessThanOrEqual(rate.burst + Math.floor((now - (asked[0] ?? 0)) / rate.everyMs));
    }),
  );
});
