import { shortRunId } from '../../src/domain/ids.ts';
import type { Post } from '../../src/domain/post.ts';
import type { Screen } from '../../src/domain/screen.ts';
import { draw } from '../draft.ts';
import { when } from '../facts.ts';
import { sentence } from '../say.ts';
import type { RunView } from '../view.ts';
import { lookingLine } from './checks.ts';
import { tell } from './events.ts';
import { tickButtons } from './run-buttons.ts';

/** One event of a run's life, told in its thread with its own time; the start of verification asks for the boxes to tick. */
export function replyScreen(view: RunView, { event: from = 0, tells }: Pick<Post, 'event' | 'tells'>): Screen {
  const { run, events } = view.run;
  const event = events.find(one => one.version >= from && (!tells || one.kind === tells)) ?? events.at(-1);
  if (!event) return draw({ head: shortRunId(run.id), lines: [] }, view.locale);
  const head = `${when(view, event.at)} ${sentence(tell(event, { plan: run.plan, locale: view.locale }), view.locale)}`;
  const asks = event.kind === 'executed' && run.status === 'verifying';
  return draw(
    { head, lines: asks ? [lookingLine(view)] : [], buttons: asks ? tickButtons(view) : [], foot: shortRunId(run.id) },
    view.locale,
  );
}
