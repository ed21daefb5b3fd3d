import type { Operation } from './plan.ts';
import type { Run } from './run.ts';

/** Operations of a run whose effect stays until a person releases its hold: what it suspended and has not put back itself. */
export function heldOperations({ plan, journal }: Pick<Run, 'plan' | 'journal'>): readonly Operation[] {
  const putBack = new Set(
    journal.flatMap(({ phase, index, outcome }) => (phase === 'revert' && outcome ? [index] : [])),
  );
  const done = journal.filter(
    ({ phase, index, outcome }) => phase === 'apply' && outcome && outcome.how !== 'noop' && !putBack.has(index),
  );
  return done
    .flatMap(({ index }) => plan?.operations[index] ?? [])
    .filter(({ untilReleased }) => untilReleased === true);
}
