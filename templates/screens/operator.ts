import { type Catalogue, emergencyPlan, emergencyStrategy, everyone, type Locale } from '../../src/domain/catalogue.ts';
import type { RunEvent } from '../../src/domain/event.ts';
import { shortRunId } from '../../src/domain/ids.ts';
import type { Run, StoppedRun } from '../../src/domain/run.ts';
import type { Screen } from '../../src/domain/screen.ts';
import { type ButtonDraft, draw, type Line } from '../draft.ts';
import { code, esc } from '../escape.ts';
import { change, place, pressValue, when } from '../facts.ts';
import { quoted } from '../limits.ts';
import { marks } from '../marks.ts';
import { mention } from '../people.ts';
import { clauses, sayNote, sayReason, sentence } from '../say.ts';
import type { RunView } from '../view.ts';
import { statusWords } from '../words.ts';
import { tell } from './events.ts';
import { headOf } from './run-line.ts';

interface Words {
  readonly now: string;
  readonly unseen: string;
  readonly since: (at: string) => string;
  readonly failing: (at: string) => string;
  readonly stopped: string;
  readonly byHand: string;
  readonly failed: string;
  readonly more: (count: number) => string;
  readonly continue: string;
  readonly markDone: string;
  readonly putBack: (version: string | null, failing: boolean) => string;
  readonly nextLevel: string;
  readonly emergency: string;
  readonly closePartial: string;
  readonly logs: string;
  readonly decided: string;
}

const words = {
  en: {
    now: 'Now',
    unseen: 'what runs now could not be seen',
    since: at => `Since ${at}`,
    failing: at => `failing since ${at}`,
    stopped: 'Backout has stopped and keeps the lock.',
    byHand: 'By hand',
    failed: 'Failed',
    more: count => `… ${count} more: see \`show\``,
    continue: 'Look again and continue',
    markDone: 'Mark step done…',
    putBack: (release, failing) =>
      release ? `Put ${release} back${failing ? ' (failing)' : ''}…` : 'Put the old state back…',
    nextLevel: 'Next level…',
    emergency: 'Emergency plan…',
    closePartial: 'Close as partial…',
    logs: 'Logs',
    decided: 'Decided',
  },
  'zh-CN': {
    now: '现状',
    unseen: '无法确认当前运行的版本',
    since: at => `自 ${at} 起`,
    failing: at => `故障始于 ${at}`,
    stopped: 'Backout 已停下，仍持有锁。',
    byHand: '手动处理',
    failed: '失败',
    more: count => `……另有 ${count} 条，见 \`show\``,
    continue: '重新检查并继续',
    markDone: '步骤标为已完成…',
    putBack: (release, failing) => (release ? `恢复 ${release}${failing ? '（有故障）' : ''}…` : '恢复到回滚前状态…'),
    nextLevel: '下一级别…',
    emergency: '应急预案…',
    closePartial: '按部分完成关闭…',
    logs: '日志',
    decided: '处理决定',
  },
} as const satisfies Record<Locale, Words>;

/** The stop message: mentions who must act, says what is so now, since when and why, and every way on; edited to what was decided. `nth` counts the run's stops from 1. */
export function operatorScreen(view: RunView, nth: number | null): Screen {
  const { run, events } = view.run;
  const w: Words = words[view.locale];
  const stops = events.filter(one => one.kind === 'stopped');
  const stop = stops[(nth ?? stops.length) - 1] ?? stops.at(-1);
  const live = run.status === 'needs-operator' && (stop === undefined || stop === stops.at(-1));
  if (run.status === 'needs-operator' && live) return stopped(view, run, w);
  return resolved(view, stop, w);
}

function stopped(view: RunView, run: StoppedRun, w: Words): Screen {
  const { locale } = view;
  const { stop, request } = run;
  const asked = mention(view.catalogue, resolvers(view.catalogue, run), locale);
  const now = stop.now.length > 0 ? nowOf(run, locale, w) : [w.unseen];
  if (request.detectedAt !== null) now.push(w.failing(when(view, request.detectedAt)));
  const byHand = stop.byHand.slice(0, quoted.list).map(command => code(command));
  const rest = stop.byHand.length - byHand.length;
  if (rest > 0) byHand.push(w.more(rest));
  const colon = locale === 'en' ? ': ' : '：';
  return draw(
    {
      head: `${marks.stopped} ${asked} ${place(request.target)}${colon}${statusWords[locale]['needs-operator']}`,
      lines: [
        change(view, run),
        { label: w.now, value: sentence(clauses(now, locale), locale) },
        { label: w.since(when(view, stop.at)), value: sentence(sayReason(stop.reason, locale), locale) },
        w.stopped,
      ],
      more: [failuresOf(run, locale, w), byHand]
        .map((lines, at) => ({ label: at === 0 ? w.failed : w.byHand, value: lines.join('\n') }))
        .filter(({ value }) => value !== '')
        .map(line => [line]),
      buttons: operatorButtons(run, view.catalogue, w),
      foot: shortRunId(run.id),
    },
    locale,
  );
}

/** What is so now; of many objects those that are not done, and no more than can be read. */
function nowOf({ stop, journal }: StoppedRun, locale: Locale, w: Words): string[] {
  const said = stop.now.map(one => sayNote(one, locale));
  if (said.length <= quoted.list) return said;
  const done = new Set(journal.flatMap(({ index, outcome }) => (outcome ? [index] : [])));
  const open = said.filter((_, index) => !done.has(index));
  const shown = [...open, ...said.filter((_, index) => done.has(index))].slice(0, quoted.list);
  return [...shown, w.more(said.length - shown.length)];
}

/** Each failure, where there are several: one alone is the reason of the stop. */
function failuresOf({ journal, plan }: StoppedRun, locale: Locale, w: Words): string[] {
  const failed = journal.flatMap(({ index, failure, outcome }) =>
    failure && !outcome ? [{ index, reason: failure.reason }] : [],
  );
  if (failed.length < 2) return [];
  const lines = failed
    .slice(0, quoted.list)
    .map(({ index, reason }) => `${esc(plan.operations[index]?.object ?? '')}: ${sayReason(reason, locale)}`);
  return failed.length > lines.length ? [...lines, w.more(failed.length - lines.length)] : lines;
}

/** Who must act: the roles that may resolve; where that is everyone, the roles that approve. */
function resolvers(catalogue: Catalogue | null, run: Run): readonly string[] {
  const named = catalogue?.permissions.resolve.filter(role => role !== everyone) ?? [];
  if (named.length > 0) return named;
  const approving = run.approval?.rule.seats.map(seat => seat.role) ?? [];
  return approving.length > 0 ? approving : [everyone];
}

/** The ways on; one that does not exist (no unfinished step, nothing to put back, no deeper level, no emergency plan) has no button. */
function operatorButtons(run: StoppedRun, catalogue: Catalogue | null, w: Words): readonly (ButtonDraft | null)[] {
  const value = pressValue(run);
  const applied = run.journal.filter(entry => entry.phase === 'apply');
  const unfinished = run.journal.some(entry => entry.outcome === null);
  const canPutBack = applied.every(entry => run.plan.operations[entry.index]?.inverse !== null);
  return [
    { action: 'operator-continue', text: w.continue, value, style: 'primary' },
    unfinished ? { action: 'operator-mark-done', text: w.markDone, value } : null,
    canPutBack
      ? {
          action: 'operator-put-back',
          text: w.putBack(run.plan.from?.version ?? null, run.request.detectedAt !== null),
          value,
        }
      : null,
    run.plan.level < 4 ? { action: 'operator-next-level', text: w.nextLevel, value } : null,
    hasEmergencyPlan(run, catalogue)
      ? { action: 'operator-emergency', text: w.emergency, value, style: 'danger' }
      : null,
    { action: 'operator-close-partial', text: w.closePartial, value, style: 'danger' },
    { action: 'run-logs', text: w.logs, value },
  ];
}

function hasEmergencyPlan({ plan, request }: StoppedRun, catalogue: Catalogue | null): boolean {
  if (!catalogue || plan.strategy === emergencyStrategy) return false;
  return emergencyPlan(catalogue, request.target) !== null;
}

function resolved(view: RunView, stop: Extract<RunEvent, { kind: 'stopped' }> | undefined, w: Words): Screen {
  const { run, events } = view.run;
  const { locale } = view;
  const decision = events.find(one => one.version > (stop?.version ?? 0) && one.kind === 'operator-decided');
  const telling = { plan: run.plan, locale };
  const lines: readonly Line[] = [
    stop ? { label: w.since(when(view, stop.at)), value: sentence(sayReason(stop.reason, locale), locale) } : null,
    decision ? { label: w.decided, value: `${when(view, decision.at)} ${tell(decision, telling)}` } : null,
  ];
  return draw({ head: headOf(view), lines, foot: shortRunId(run.id) }, locale);
}
