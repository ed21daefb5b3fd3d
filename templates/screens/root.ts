import type { Locale } from '../../src/domain/catalogue.ts';
import { shortRunId, targetParts } from '../../src/domain/ids.ts';
import type { EndedRun, Run } from '../../src/domain/run.ts';
import type { Screen } from '../../src/domain/screen.ts';
import { draw, type Line } from '../draft.ts';
import { approvers, checkTally, verdictBy, version, when } from '../facts.ts';
import { called, role } from '../people.ts';
import { listed, sayReason, sentence } from '../say.ts';
import type { RunView } from '../view.ts';
import { checkLines, lookingLine } from './checks.ts';
import { tell } from './events.ts';
import { endedBy, lastVote, runButtons } from './run-buttons.ts';
import { factsOf, headOf } from './run-line.ts';

interface Words {
  readonly planning: string;
  readonly planned: string;
  readonly decides: (who: string, by: string) => string;
  readonly recheck: string;
  readonly verification: string;
  readonly stopping: string;
  readonly rolledOut: (at: string) => string;
  readonly verdict: (at: string | null) => string;
  readonly verifyBack: string;
  readonly because: (why: string) => string;
  readonly since: (at: string, why: string) => string;
  readonly stopped: string;
  readonly seeBelow: string;
  readonly askedApproved: (asked: string, approved: string | null) => string;
  readonly hold: (version: string, who: string) => string;
  readonly someone: string;
  readonly backTo: (version: string) => string;
  readonly stateBefore: string;
  readonly partial: (by: string) => string;
  readonly rejected: (by: string, reason: string | null) => string;
  readonly cancelled: (by: string) => string;
  readonly goesOn: (run: string) => string;
  readonly again: string;
  readonly moved: string;
}

const words = {
  en: {
    planning: 'Next: a plan. Nothing has changed.',
    planned: 'Next: approval. Nothing has changed.',
    decides: (who, by) => `Next: ${who} decides by ${by}. Nothing has changed.`,
    recheck: 'Next: one more look at the target, then the rollback.',
    verification: 'Next: verification.',
    stopping: 'Asked to stop: what runs now is finished first, then the state before is put back.',
    rolledOut: at => `Rolled out ${at}.`,
    verdict: at => (at ? ` Verdict by ${at}.` : ''),
    verifyBack: 'Next: the state before is put back and verified.',
    because: why => `Why: ${why}`,
    since: (at, why) => `Since ${at}: ${why}`,
    stopped: 'Backout has stopped and keeps the lock.',
    seeBelow: 'Next: decide in the thread.',
    askedApproved: (asked, approved) => (approved ? `${asked} asked, ${approved} approved` : `${asked} asked`),
    hold: (release, who) => `Next: ${release} is on hold until ${who} releases it.`,
    someone: 'a named person',
    backTo: release => `Running now: ${release}, as before.`,
    stateBefore: 'Running now: what ran before.',
    partial: by => `Closed by ${by}. What is left as it is stands in the thread.`,
    rejected: (by, reason) => (reason ? `${by}: “${reason}”` : `Rejected by ${by}.`),
    cancelled: by => `Cancelled by ${by}.`,
    goesOn: run => `${run} goes on in its place, with its own plan and approval.`,
    again: 'Next: ask again if it is still needed.',
    moved: 'Continued from another channel',
  },
  'zh-CN': {
    planning: '下一步：制定计划。目前没有任何改动。',
    planned: '下一步：提交审批。目前没有任何改动。',
    decides: (who, by) => `下一步：由 ${who} 在 ${by} 前决定。目前没有任何改动。`,
    recheck: '下一步：再次核对目标，然后回滚。',
    verification: '下一步：验证。',
    stopping: '已要求中止：先完成当前步骤，再恢复到回滚前状态。',
    rolledOut: at => `${at} 已完成切换。`,
    verdict: at => (at ? `最迟 ${at} 得出结论。` : ''),
    verifyBack: '下一步：恢复到回滚前状态并验证。',
    because: why => `原因：${why}`,
    since: (at, why) => `自 ${at} 起：${why}`,
    stopped: 'Backout 已停下，仍持有锁。',
    seeBelow: '下一步：请在消息列中决定。',
    askedApproved: (asked, approved) => (approved ? `${asked} 发起，${approved} 批准` : `${asked} 发起`),
    hold: (release, who) => `下一步：${release} 已禁止再次部署，直至 ${who} 解除。`,
    someone: '指定人员',
    backTo: release => `当前运行：${release}，与回滚前相同。`,
    stateBefore: '当前运行：与回滚前相同。',
    partial: by => `由 ${by} 关闭。遗留状态见消息列。`,
    rejected: (by, reason) => (reason ? `${by}：“${reason}”` : `由 ${by} 驳回。`),
    cancelled: by => `由 ${by} 取消。`,
    goesOn: run => `由 ${run} 接续，另有自己的计划和审批。`,
    again: '下一步：如仍需要，请重新发起。',
    moved: '接续自另一频道',
  },
} as const satisfies Record<Locale, Words>;

/** The root message: how the run stands now, in every status; edited as it lives. */
export function rootScreen(view: RunView): Screen {
  const { run, events } = view.run;
  const w: Words = words[view.locale];
  const moved = events.findLast(event => event.kind === 'thread-moved');
  const foot = [shortRunId(run.id), moved ? w.moved : null].filter(part => part !== null).join(' · ');
  return draw(
    { head: headOf(view), lines: [factsOf(view), ...linesOf(view, w)], buttons: runButtons(view), foot },
    view.locale,
  );
}

function linesOf(view: RunView, w: Words): readonly Line[] {
  const { run } = view.run;
  switch (run.status) {
    case 'requested':
      return [w.planning];
    case 'planned':
      return [w.planned];
    case 'awaiting-approval': {
      const who = listed([...new Set(run.approval.rule.seats.map(seat => role(seat.role, view.locale)))], view.locale);
      return [w.decides(who, when(view, run.approval.deadline))];
    }
    case 'approved':
    case 'preflight':
      return [w.recheck];
    case 'executing':
      return [run.stopAsked ? w.stopping : w.verification];
    case 'verifying':
      return verifying(view, w);
    case 'failing':
    case 'cancelling':
    case 'compensating':
      return [run.trouble ? w.because(sayReason(run.trouble, view.locale)) : stopLine(view, w), w.verifyBack];
    case 'needs-operator':
      return [
        w.since(when(view, run.stop.at), sentence(sayReason(run.stop.reason, view.locale), view.locale)),
        w.stopped,
        w.seeBelow,
      ];
    default:
      return ended(view, run, w);
  }
}

/** Who asked to stop, and why. */
function stopLine({ run, locale }: RunView, w: Words): Line {
  const asked = run.events.findLast(event => event.kind === 'stop-asked');
  return asked ? w.because(tell(asked, { plan: run.run.plan, locale })) : null;
}

function verifying(view: RunView, w: Words): readonly Line[] {
  const { run } = view.run;
  const since = run.since.verifying;
  const by = verdictBy(run);
  const rolledOut = since === undefined ? '' : w.rolledOut(when(view, since));
  return [
    ...checkLines(view),
    `${rolledOut}${w.verdict(by === null ? null : when(view, by))}`.trim() || null,
    lookingLine(view),
  ];
}

/** How a run ended, and what next; nothing where it has not. */
export function endLines(view: RunView): readonly Line[] {
  const { run } = view.run;
  return 'endedAt' in run ? ended(view, run, words[view.locale]) : [];
}

function ended(view: RunView, run: EndedRun, w: Words): readonly Line[] {
  const why = run.reason ? w.because(sentence(sayReason(run.reason, view.locale), view.locale)) : null;
  const who = endedBy(view);
  const next = run.next ? w.goesOn(shortRunId(run.next)) : null;
  switch (run.status) {
    case 'succeeded':
      return [succeeded(view, run, w), holdLine(view, run, w)];
    case 'compensated':
      return [why, run.plan?.from ? w.backTo(version(run.plan.from)) : w.stateBefore, checksLine(view)];
    case 'partial':
      return [run.next ? null : why, w.partial(who ?? w.someone), next, holdLine(view, run, w)];
    case 'rejected': {
      const vote = lastVote(view);
      return [vote ? w.rejected(vote.by, vote.reason) : w.rejected(who ?? w.someone, null), w.again];
    }
    case 'cancelled':
      return [w.cancelled(who ?? w.someone)];
    case 'superseded':
      return [why, next];
    case 'noop':
      return [why];
    default:
      return [why, w.again];
  }
}

function checksLine(view: RunView): Line {
  const passed = checkTally(view.run.run).passed.length;
  if (passed === 0) return null;
  return view.locale === 'en' ? `${passed} check${passed === 1 ? '' : 's'} passed.` : `${passed} 项检查通过。`;
}

/** Who asked and who approved. */
function succeeded(view: RunView, run: EndedRun, w: Words): string {
  const said = approvers(run);
  return w.askedApproved(called(run.request.by), said.length > 0 ? listed(said, view.locale) : null);
}

/** Says that the release that was left is on hold, and who releases it; an undo sets no hold. */
function holdLine(view: RunView, run: Run, w: Words): Line {
  if (!run.plan?.from || !run.plan.to || run.plan.from.key === run.plan.to.key || run.request.undoOf) return null;
  const { service } = targetParts(run.request.target);
  const owners = view.catalogue?.services[service]?.owners;
  return w.hold(version(run.plan.from), owners ? role(owners, view.locale) : w.someone);
}
