import { leftStanding } from './acted.ts';
import type { Operation } from './plan.ts';
import type { Run } from './run.ts';

/** Operations of a run whose effect stays until a person releases its hold, the first one first: what it suspended and has not put back itself. */
export function heldOperations(run: Pick<Run, 'plan' | 'journal'>): readonly Operation[] {
  return leftStanding(run)
    .filter(({ untilReleased }) => untilReleased === true)
    .toReversed();
}
