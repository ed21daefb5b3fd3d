import type { JournalPhase } from '../domain/event.ts';
import type { Operation, Plan } from '../domain/plan.ts';
import { type Reason, reason } from '../domain/reason.ts';
import type { JournalEntry, RunFacts } from '../domain/run.ts';

type Journal = RunFacts['journal'];

/** What the journal knows of one operation in one phase. */
export function entryOf(journal: Journal, phase: JournalPhase, index: number): JournalEntry | undefined {
  return journal.find(entry => entry.phase === phase && entry.index === index);
}

/** The operation to run next: the first without an outcome; null where all have one. */
export function nextToApply(plan: Plan, journal: Journal): Operation | null {
  return plan.operations.find(({ index }) => !entryOf(journal, 'apply', index)?.outcome) ?? null;
}

/** The operations that may have taken effect, newest first: begun, and not found to be so already. */
export function mayHaveActed(plan: Plan, journal: Journal): readonly Operation[] {
  return plan.operations
    .filter(({ index }) => {
      const entry = entryOf(journal, 'apply', index);
      return entry !== undefined && entry.outcome?.how !== 'noop';
    })
    .toReversed();
}

/** The operation to put back next; null where all that acted were put back. */
export function nextToRevert(plan: Plan, journal: Journal): Operation | null {
  return mayHaveActed(plan, journal).find(({ index }) => !entryOf(journal, 'revert', index)?.outcome) ?? null;
}

/** Why what was done cannot be put back; null where it can. */
export function irreversible(plan: Plan, journal: Journal): Reason | null {
  const stuck = mayHaveActed(plan, journal).find(({ inverse }) => inverse === null);
  return stuck ? reason('cannot-revert', { object: stuck.object, step: stuck.index + 1 }) : null;
}

/** Whether any instance of the target release served, as far as the journal knows. */
export function hasServed(journal: Journal): boolean {
  return journal.some(entry => entry.phase === 'apply' && (entry.outcome?.served || entry.failure?.served));
}
