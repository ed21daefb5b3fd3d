import type { CheckStatus } from '../../src/domain/check.ts';
import { shortRunId } from '../../src/domain/ids.ts';
import type { Screen } from '../../src/domain/screen.ts';
import { draw } from '../draft.ts';
import { marks } from '../marks.ts';
import { mentionPerson } from '../people.ts';
import type { RunView } from '../view.ts';
import { sayCheck } from './checks.ts';
import { endLines } from './root.ts';
import { factsOf, headOf } from './run-line.ts';

const checkMarks = {
  passed: marks.done,
  failed: marks.failed,
  waiting: marks.waiting,
  unknown: marks.warning,
} as const satisfies Record<CheckStatus, string>;

/** The end of a run as a message of its own: how it ended, every check with its answer, what next. */
export function verdictScreen(view: RunView): Screen {
  const { run } = view.run;
  const results = 'verdict' in run && run.verdict ? run.verdict.results : run.checks;
  const checks = results.map(check => `${checkMarks[check.status]} ${sayCheck(check, view.locale)}`);
  return draw(
    {
      head: headOf(view),
      lines: [factsOf(view), ...endLines(view), watchersLine(view)],
      more: checks.length > 0 ? [checks] : [],
      foot: shortRunId(run.id),
    },
    view.locale,
  );
}

/** Mentions whoever asked to be told, so that Slack notifies them. */
function watchersLine(view: RunView): string | null {
  const people = view.run.events.flatMap(event =>
    event.kind === 'watch-asked' && event.by.kind === 'person' ? [event.by.person] : [],
  );
  const named = [...new Set(people)].flatMap(person => mentionPerson(view.catalogue, person) ?? []);
  return named.length > 0 ? `${view.locale === 'en' ? 'As you asked:' : '按您的要求通知：'} ${named.join(' ')}` : null;
}
