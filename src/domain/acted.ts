import type { Operation } from './plan.ts';
import type { Run } from './run.ts';

/** A run's plan with its journal. */
type Journalled = Pick<Run, 'plan' | 'journal'>;

/** The operations that may have taken effect, newest first: begun, not found to be so already, not refused before anything was written. */
export function mayHaveActed({ plan, journal }: Journalled): readonly Operation[] {
  const acted = journal.filter(
    ({ phase, outcome, failure }) => phase === 'apply' && outcome?.how !== 'noop' && !failure?.untouched,
  );
  return acted.flatMap(({ index }) => plan?.operations[index] ?? []).toSorted((one, other) => other.index - one.index);
}

/** What of a run may still stand, newest first: what it did and has not put back itself. */
export function leftStanding(run: Journalled): readonly Operation[] {
  const putBack = run.journal.filter(({ phase, outcome }) => phase === 'revert' && outcome);
  return mayHaveActed(run).filter(({ index }) => !putBack.some(entry => entry.index === index));
}
