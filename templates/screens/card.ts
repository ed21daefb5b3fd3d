import type { Locale } from '../../src/domain/catalogue.ts';
import { shortRunId } from '../../src/domain/ids.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { Screen } from '../../src/domain/screen.ts';
import { type ButtonDraft, draw, type Line } from '../draft.ts';
import { esc } from '../escape.ts';
import { approvers, change, place, pressValue, rtoEnds, tally, when } from '../facts.ts';
import { quoted } from '../limits.ts';
import { marks } from '../marks.ts';
import { called, mention, seats } from '../people.ts';
import { listed, sayReason, sentence } from '../say.ts';
import type { RunView } from '../view.ts';
import { scenarioWord, statusNames } from '../words.ts';
import { changedLines, shortDiff } from './diff.ts';
import { changeLine, expectLine, goodLine, levelLine, riskLines } from './plan-lines.ts';
import { endedBy, lastVote } from './run-buttons.ts';
import { watched } from './run-line.ts';

interface Words {
  readonly ask: string;
  readonly fromTo: string;
  readonly why: string;
  readonly failing: (at: string) => string;
  readonly who: string;
  readonly not: string;
  readonly by: string;
  readonly soFar: string;
  readonly count: (yes: number, needed: number) => string;
  readonly diff: string;
  readonly approve: (version: string | null) => string;
  readonly reject: string;
  readonly diffButton: (lines: number) => string;
  readonly cancel: string;
  readonly approved: (who: string, at: string) => string;
  readonly unasked: string;
  readonly ended: (status: string, who: string | null, at: string) => string;
  readonly observe: string;
  readonly observing: string;
  readonly outcome: string;
  readonly consent: string;
}

const words = {
  en: {
    ask: 'Approve rollback?',
    fromTo: 'From → to',
    why: 'Why',
    failing: at => `failing since ${at}`,
    who: 'Who',
    not: 'not',
    by: 'by',
    soFar: 'Approved so far',
    count: (yes, needed) => `${yes} of ${needed}`,
    diff: 'Diff',
    approve: release => (release ? `Approve ${release}` : 'Approve'),
    reject: 'Reject…',
    diffButton: lines => (lines === 0 ? 'Diff' : `Diff, ${lines} line${lines === 1 ? '' : 's'}`),
    cancel: 'Cancel',
    approved: (who, at) => `Rollback approved by ${who} ${at}`,
    unasked: 'Rollback without approval, as the rule says',
    ended: (status, who, at) => `Rollback ${status}${who ? ` by ${who}` : ''} ${at}`,
    observe: 'Observe mode: what a rollback would do',
    observing: 'This target is in observe mode. Nothing was asked, nothing runs.',
    outcome: 'Outcome',
    consent: 'Approval is for this plan only. If the target changes first, you are asked again.',
  },
  'zh-CN': {
    ask: '是否批准回滚？',
    fromTo: '版本',
    why: '原因',
    failing: at => `故障始于 ${at}`,
    who: '审批人',
    not: '不含',
    by: '截止',
    soFar: '已批准',
    count: (yes, needed) => `${yes}/${needed}`,
    diff: '差异',
    approve: release => (release ? `批准 ${release}` : '批准'),
    reject: '驳回…',
    diffButton: lines => (lines === 0 ? '差异' : `差异，${lines} 行`),
    cancel: '取消',
    approved: (who, at) => `回滚已由 ${who} 于 ${at} 批准`,
    unasked: '按规则无需审批的回滚',
    ended: (status, who, at) => `回滚${status}（${who ? `${who}，` : ''}${at}）`,
    observe: '观察模式：回滚将会这样做',
    observing: '该目标处于观察模式。没有发起审批，也不会执行。',
    outcome: '结果',
    consent: '批准只对这份计划有效。若目标在执行前有变化，会重新征求批准。',
  },
} as const satisfies Record<Locale, Words>;

/** The approval card: all that somebody needs to decide; after the decision, the outcome in place of the buttons. */
export function cardScreen(view: RunView): Screen {
  const { run } = view.run;
  const w: Words = words[view.locale];
  const waiting = run.status === 'awaiting-approval';
  const diff = run.plan ? shortDiff(run.plan, view.locale) : [];
  return draw(
    {
      head: cardHead(view, w),
      lines: [
        { label: w.fromTo, value: change(view, run) },
        ...(run.plan ? planLines(view, run.plan) : [whyLine(view, w)]),
        waiting ? whoLine(view, w) : null,
        waiting ? soFarLine(view, w) : null,
        waiting ? null : outcomeLine(view, w),
      ],
      more: waiting && diff.length > 0 ? [diff] : [],
      buttons: waiting ? cardButtons(view, w) : [],
      foot: [shortRunId(run.id), waiting ? w.consent : null].filter(part => part !== null).join(' · '),
    },
    view.locale,
  );
}

/** What a plan comes to, fact by fact, as card and `show` say it. */
export function planLines(view: RunView, plan: Plan): readonly Line[] {
  const { run } = view.run;
  return [
    changeLine(plan, view.locale),
    whyLine(view, words[view.locale]),
    goodLine(plan, view.locale),
    expectLine(view, plan, rtoEnds(run)),
    levelLine(plan, run.considered, view.locale),
    ...riskLines(plan, view.locale),
  ];
}

function cardHead(view: RunView, w: Words): string {
  const { run } = view.run;
  const where = place(run.request.target);
  if (run.status === 'awaiting-approval') {
    const asked = mention(
      view.catalogue,
      run.approval.rule.seats.map(seat => seat.role),
      view.locale,
    );
    return `${asked} ${w.ask} ${where}`;
  }
  if (run.request.mode === 'observe' || watched(run)) return `${marks.checking} ${w.observe} · ${where}`;
  const said = approvers(run);
  const at = run.since.approved;
  if (at !== undefined)
    return `${marks.done} ${said.length > 0 ? w.approved(listed(said, view.locale), when(view, at)) : w.unasked} · ${where}`;
  if ('endedAt' in run) {
    const who = lastVote(view)?.by ?? endedBy(view);
    return `${marks.ended} ${w.ended(statusNames[view.locale][run.status], who, when(view, run.endedAt))} · ${where}`;
  }
  return `${marks.working} ${where}`;
}

/** Why it was asked for: since when it fails, and the requester's own words. */
export function whyLine(view: RunView, w: Pick<Words, 'why' | 'failing'> = words[view.locale]): Line {
  const { request } = view.run.run;
  const since = request.detectedAt === null ? [] : [w.failing(when(view, request.detectedAt))];
  const [colon, semicolon, open, close] = view.locale === 'en' ? [': ', '; ', ' (', ')'] : ['：', '；', '（', '）'];
  const said = `${called(request.by)}${colon}“${esc(request.reason, quoted.reason)}”${open}${scenarioWord(request.scenario, view.locale)}${close}`;
  return { label: w.why, value: [...since, said].join(semicolon) };
}

function whoLine(view: RunView, w: Words): Line {
  const { run } = view.run;
  if (!run.approval) return null;
  const { rule, deadline } = run.approval;
  const comma = view.locale === 'en' ? ', ' : '，';
  const not =
    rule.requesterExcluded && run.request.by.kind === 'person' ? `${comma}${w.not} ${called(run.request.by)}` : '';
  return { label: w.who, value: `${seats(rule.seats, view.locale)}${not}${comma}${w.by} ${when(view, deadline)}` };
}

function soFarLine(view: RunView, w: Words): Line {
  const { run } = view.run;
  const said = approvers(run);
  if (said.length === 0) return null;
  const { yes, needed } = tally(run);
  return { label: w.soFar, value: `${listed(said, view.locale)} (${w.count(yes, needed)})` };
}

function outcomeLine(view: RunView, w: Words): Line {
  const { run } = view.run;
  if (!('endedAt' in run)) return null;
  if (watched(run)) return w.observing;
  const vote = lastVote(view);
  const why = vote?.reason
    ? `“${vote.reason}”`
    : run.reason
      ? sentence(sayReason(run.reason, view.locale), view.locale)
      : null;
  return {
    label: w.outcome,
    value: [statusNames[view.locale][run.status], why].filter(part => part !== null).join(' · '),
  };
}

function cardButtons(view: RunView, w: Words): readonly (ButtonDraft | null)[] {
  const { run } = view.run;
  const value = pressValue(run);
  const lines = run.plan ? changedLines(run.plan).length : 0;
  return [
    { action: 'run-approve', text: w.approve(run.plan?.to?.version ?? null), value, style: 'primary' },
    { action: 'run-reject', text: w.reject, value, style: 'danger' },
    lines > 0 ? { action: 'run-diff', text: w.diffButton(lines), value } : null,
    { action: 'run-cancel', text: w.cancel, value },
  ];
}

/** The reminder: asks those who have not decided yet, shortly before the deadline. */
export function reminderScreen(view: RunView): Screen {
  const { run } = view.run;
  const w: Words = words[view.locale];
  if (run.status !== 'awaiting-approval') return cardScreen(view);
  const lines = [change(view, run), whyLine(view, w), whoLine(view, w), soFarLine(view, w)];
  const head = `${cardHead(view, w)} ${marks.waiting} ${when(view, run.approval.deadline)}`;
  const [approve, reject] = cardButtons(view, w);
  return draw({ head, lines, buttons: [approve ?? null, reject ?? null], foot: shortRunId(run.id) }, view.locale);
}
