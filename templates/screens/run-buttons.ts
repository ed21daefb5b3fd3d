import { buttonValue } from '../../src/domain/button.ts';
import type { Locale } from '../../src/domain/catalogue.ts';
import { shortRunId } from '../../src/domain/ids.ts';
import type { ButtonDraft } from '../draft.ts';
import { esc } from '../escape.ts';
import { checkTally, pressValue } from '../facts.ts';
import { quoted } from '../limits.ts';
import { at, called } from '../people.ts';
import type { RunView } from '../view.ts';

const words = {
  en: { stop: 'Stop…', undo: 'Undo…', open: 'Show', holds: 'It holds', fails: 'It does not' },
  'zh-CN': { stop: '中止…', undo: '撤销…', open: '查看', holds: '确认正常', fails: '不正常' },
} as const satisfies Record<Locale, object>;

/** What can be done with a run from its root message: the legal moves and no others; a final state leaves *Undo…* at most. */
export function runButtons(view: RunView): readonly ButtonDraft[] {
  const { run } = view.run;
  const w = words[view.locale];
  const value = pressValue(run);
  const stop: ButtonDraft = { action: 'run-stop', text: w.stop, value, style: 'danger' };
  switch (run.status) {
    case 'approved':
    case 'preflight':
    case 'executing':
      return run.stopAsked ? [] : [stop];
    case 'verifying':
      return tickButtons(view);
    case 'succeeded':
      return [{ action: 'run-undo', text: w.undo, value }];
    case 'superseded':
    case 'partial':
      return run.next ? [openButton(run.next, view.locale)] : [];
    default:
      return [];
  }
}

/** A button that shows another run. */
export function openButton(run: Parameters<typeof shortRunId>[0], locale: Locale): ButtonDraft {
  return { action: 'run-open', text: `${words[locale].open} ${shortRunId(run)}`, value: buttonValue(run, 0) };
}

/** The two answers to the next box that a person has to tick: one box at a time. */
export function tickButtons(view: RunView): readonly ButtonDraft[] {
  const { run } = view.run;
  const next = checkTally(run).manual[0];
  if (!next) return [];
  const value = pressValue(run, String(next.index));
  const w = words[view.locale];
  return [
    { action: 'check-pass', text: w.holds, value, style: 'primary' },
    { action: 'check-fail', text: w.fails, value, style: 'danger' },
  ];
}

/** The person who ended a run; null where the system did. */
export function endedBy(view: RunView): string | null {
  const event = view.run.events.findLast(one => one.kind === 'ended');
  return event?.by.kind === 'person' ? called(event.by) : null;
}

/** The vote that rejected a run. */
export function lastVote(view: RunView): { readonly by: string; readonly reason: string | null } | null {
  const vote = view.run.run.approval?.votes.findLast(one => one.decision === 'reject');
  return vote ? { by: at(vote.name), reason: vote.reason ? esc(vote.reason, quoted.reason) : null } : null;
}
