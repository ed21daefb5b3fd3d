import { shortRunId } from '../../src/domain/ids.ts';
import type { Screen } from '../../src/domain/screen.ts';
import { clockSeconds } from '../clock.ts';
import { draw, type Line } from '../draft.ts';
import { code } from '../escape.ts';
import { quoted } from '../limits.ts';
import { sayNote } from '../say.ts';
import { planLines, whyLine } from '../screens/card.ts';
import { boxLines, checkLines } from '../screens/checks.ts';
import { shortDiff } from '../screens/diff.ts';
import { tell } from '../screens/events.ts';
import { endLines } from '../screens/root.ts';
import { factsOf, headOf } from '../screens/run-line.ts';
import type { RunView } from '../view.ts';

const words = {
  en: { now: 'Now', byHand: 'By hand', earlier: (count: number) => `… ${count} earlier entries are in the record` },
  'zh-CN': { now: '现状', byHand: '手动处理', earlier: (count: number) => `……更早的 ${count} 条见记录` },
} as const;

/** How many entries of the log are shown. */
const newest = 25;

/** `show RUN`: how it stands, the plan with the beginning of its diff, the checks, and the log so far. */
export function showRun(view: RunView): Screen {
  const { run, events } = view.run;
  const { locale } = view;
  const plan = run.plan ? planLines(view, run.plan) : [whyLine(view)];
  const diff = run.plan ? shortDiff(run.plan, locale) : [];
  const looked = run.since.verifying !== undefined;
  const checks = looked ? [...checkLines(view), ...boxLines(view)].filter(line => line !== null) : [];
  const log = events
    .slice(-newest)
    .map(event => `${clockSeconds(event.at)} ${tell(event, { plan: run.plan, locale })}`);
  const earlier = events.length > newest ? [words[locale].earlier(events.length - newest)] : [];
  const more = [plan, diff, stopLines(view), checks, [...earlier, ...log]].filter(lines => lines.length > 0);
  return draw(
    { head: headOf(view), lines: [factsOf(view), ...endLines(view)], more, foot: shortRunId(run.id) },
    locale,
  );
}

function stopLines(view: RunView): readonly Line[] {
  const { run } = view.run;
  if (run.status !== 'needs-operator') return [];
  const w = words[view.locale];
  const now = run.stop.now.map(one => ({ label: w.now, value: sayNote(one, view.locale) }));
  const byHand = run.stop.byHand.slice(0, quoted.list).map(command => ({ label: w.byHand, value: code(command) }));
  return [...now, ...byHand];
}
