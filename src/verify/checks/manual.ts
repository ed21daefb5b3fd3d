import { note } from '../../domain/note.ts';
import type { Check } from '../../ports/check.ts';

/** The kind of the check that a named person answers: it waits in the run's log, never inside a job. */
export const manualKind = 'manual';

/** Answers what a person ticked; waiting until somebody did. */
export function manual(): Check {
  return {
    kind: manualKind,
    start: context => async () => {
      const ticked = context.of.ticks[context.checkId];
      if (ticked === undefined) return { status: 'waiting', note: note('manual-waiting') };
      return ticked
        ? { status: 'passed', note: note('manual-passed') }
        : { status: 'failed', note: note('manual-failed') };
    },
  };
}
