import type { Locale } from '../../src/domain/catalogue.ts';
import { shortRunId } from '../../src/domain/ids.ts';
import type { Screen } from '../../src/domain/screen.ts';
import { clock } from '../clock.ts';
import type { DecidedData, DoneCode, DoneFacts, StartedData, VotedData } from '../data.ts';
import { draw } from '../draft.ts';
import { esc } from '../escape.ts';
import { approvers, change, place, tally } from '../facts.ts';
import { marks } from '../marks.ts';
import { day, type NoteTable, named, names, where } from '../notes/table.ts';
import { at, seats } from '../people.ts';
import { escaped, listed } from '../say.ts';
import { gradeWords, operatorWords, statusNames } from '../words.ts';

/** What commands and clicks did, one sentence each. */
const doneSentences = {
  cancelled: {
    en: f => `${names(f.run)} is cancelled. Nothing has changed.`,
    'zh-CN': f => `${names(f.run)} 已取消，没有任何改动。`,
  },
  'stop-asked': {
    en: f => `${names(f.run)} stops when the step that runs now is finished, and then puts back what it changed.`,
    'zh-CN': f => `${names(f.run)} 将在当前步骤完成后中止，并恢复已做的改动。`,
  },
  'operator-decided': {
    en: f => `${names(f.run)}: ${named(f.action, operatorWords.en)}. The thread goes on.`,
    'zh-CN': f => `${names(f.run)}：${named(f.action, operatorWords['zh-CN'])}。后续见消息列。`,
  },
  ticked: {
    en: f =>
      `${names(f.check)}: you said that it ${f.passed === 'yes' ? 'holds' : 'does not hold'}. It counts for ${names(f.run)}.`,
    'zh-CN': f => `${names(f.check)}：您确认${f.passed === 'yes' ? '正常' : '不正常'}，已计入 ${names(f.run)}。`,
  },
  dismissed: {
    en: f => `Put aside${where(f.target, ' for ~')}. \`/rollback\` still works.`,
    'zh-CN': f => `已搁置${where(f.target, '（~）')}。仍可使用 \`/rollback\`。`,
  },
  'will-notify': {
    en: f => `You will be told when ${names(f.run)} is over.`,
    'zh-CN': f => `${names(f.run)} 结束后会通知您。`,
  },
  'logs-asked': {
    en: f => `The description and logs of ${names(f.run)} will be in its thread in a moment.`,
    'zh-CN': f => `${names(f.run)} 的对象状态与日志稍后会发到其消息列。`,
  },
  graded: {
    en: f =>
      `${names(f.release)} of ${names(f.target)} is now graded ${named(f.grade, gradeWords.en)}${where(f.reason, ': “~”')}.`,
    'zh-CN': f =>
      `${names(f.target)} 的 ${names(f.release)} 现评级为${named(f.grade, gradeWords['zh-CN'])}${where(f.reason, '：“~”')}。`,
  },
  'hold-set': {
    en: f =>
      `${names(f.release)} is on hold for ${names(f.target)}${where(f.reason, ' (“~”)')}. It must not be deployed there until somebody releases it.`,
    'zh-CN': f => `${names(f.release)} 已禁止部署到 ${names(f.target)}${where(f.reason, '（“~”）')}，直至有人解除。`,
  },
  'hold-released': {
    en: f => `${names(f.release)} is no longer on hold for ${names(f.target)}. It may be deployed there again.`,
    'zh-CN': f => `${names(f.release)} 已解除对 ${names(f.target)} 的部署禁令，可以再次部署。`,
  },
  frozen: {
    en: f =>
      `Deployments to ${names(f.target)} are frozen${where(f.until && day(f.until, 'en'), ' until ~')}${where(f.reason, ' (“~”)')}. ${where(f.levels, 'Rollbacks of level ~ are frozen too.') || 'Rollbacks go on.'}`,
    'zh-CN': f =>
      `${names(f.target)} 的部署已冻结${where(f.until && day(f.until, 'zh-CN'), '，至 ~')}${where(f.reason, '（“~”）')}。${where(f.levels, '级别 ~ 的回滚同时冻结。') || '回滚不受影响。'}`,
  },
  unfrozen: {
    en: f => `${names(f.target)} is no longer frozen.`,
    'zh-CN': f => `${names(f.target)} 已解冻。`,
  },
} as const satisfies Readonly<Record<DoneCode, NoteTable[string]>>;

/** Says what a command or click did. Facts are foreign text: they are escaped here. */
export function done(locale: Locale, code: DoneCode, facts: DoneFacts = {}): Screen {
  return draw({ head: doneSentences[code][locale](escaped(facts)), lines: [] }, locale);
}

interface Words {
  readonly started: (run: string, where: string) => string;
  readonly undoing: (run: string) => string;
  readonly resuming: (run: string) => string;
  readonly knownBad: (version: string) => string;
  readonly next: string;
  readonly thread: (channel: string) => string;
  readonly approved: string;
  readonly rejected: string;
  readonly complete: string;
  readonly missing: (count: number, who: string) => string;
  readonly nothing: string;
  readonly already: (what: string, by: string, at: string) => string;
  readonly over: (run: string) => string;
}

const words = {
  en: {
    started: (run, target) => `${run}: your request for ${target} is taken. Nothing has changed yet.`,
    undoing: run => `It undoes ${run}: what that rollback replaced comes back, through the same approval.`,
    resuming: run => `It resumes what ${run} suspended; the hold falls once that has succeeded.`,
    knownBad: version => `Warning: ${version} is known to be bad.`,
    next: 'Next: a plan, then approval.',
    thread: channel => `It is told in ${channel}.`,
    approved: 'Your approval counts.',
    rejected: 'Your rejection counts.',
    complete: 'The rollback starts.',
    missing: (count, who) => `Still needed: ${count} more (${who}).`,
    nothing: 'Nothing has changed.',
    already: (what, by, time) => `Already ${what}${by ? ` by ${by}` : ''} ${time}.`,
    over: run => `Nothing more to decide about ${run}.`,
  },
  'zh-CN': {
    started: (run, target) => `${run}：已受理对 ${target} 的回滚请求。目前没有任何改动。`,
    undoing: run => `将撤销 ${run}：恢复它所替换的内容，须经同样的审批。`,
    resuming: run => `将恢复 ${run} 所暂停的同步；成功后部署禁令随之解除。`,
    knownBad: version => `警告：${version} 已知有问题。`,
    next: '下一步：制定计划，然后审批。',
    thread: channel => `进展见 ${channel}。`,
    approved: '您的批准已计入。',
    rejected: '您的驳回已计入。',
    complete: '回滚即将开始。',
    missing: (count, who) => `还需 ${count} 人（${who}）。`,
    nothing: '没有任何改动。',
    already: (what, by, time) => `${what}（${by ? `${by}，` : ''}${time}）。`,
    over: run => `${run} 已无需再作决定。`,
  },
} as const satisfies Record<Locale, Words>;

/** Says that a request was taken, and where its thread stands. */
export function started(locale: Locale, data: StartedData): Screen {
  const w: Words = words[locale];
  const channel = data.channel && /^[CDG][A-Z0-9]{2,20}$/.test(data.channel) ? `<#${data.channel}>` : null;
  return draw(
    {
      head: w.started(shortRunId(data.run), place(data.target)),
      lines: [
        data.undoOf ? w.undoing(shortRunId(data.undoOf)) : null,
        data.resumes ? w.resuming(shortRunId(data.resumes)) : null,
        data.knownBad ? `${marks.warning} ${w.knownBad(esc(data.knownBad))}` : null,
        w.next,
        channel ? w.thread(channel) : null,
      ],
    },
    locale,
  );
}

/** Says that a vote counts, and what is still missing. */
export function voted(locale: Locale, { run, decision, decided }: VotedData): Screen {
  const w: Words = words[locale];
  const { yes, needed } = tally(run);
  const who = seats(run.approval?.rule.seats ?? [], locale);
  const then = decision === 'reject' ? w.nothing : decided ? w.complete : w.missing(Math.max(1, needed - yes), who);
  return draw(
    {
      head: [decision === 'approve' ? w.approved : w.rejected, then].join(locale === 'en' ? ' ' : ''),
      lines: [`${place(run.request.target)} · ${change({ catalogue: null, locale }, run)}`],
      foot: shortRunId(run.id),
    },
    locale,
  );
}

/** Answers a second click kindly: who decided, and when. */
export function decided(locale: Locale, { run, now }: DecidedData): Screen {
  const w: Words = words[locale];
  const rejected = run.approval?.votes.findLast(vote => vote.decision === 'reject');
  const approvedAt = run.since.approved;
  const what = rejected || approvedAt === undefined ? statusNames[locale][run.status] : statusNames[locale].approved;
  const by = rejected ? at(rejected.name) : approvedAt === undefined ? '' : listed(approvers(run), locale);
  const time = rejected?.at ?? approvedAt ?? ('endedAt' in run ? run.endedAt : run.updatedAt);
  return draw(
    {
      head: w.already(what, by, clock(time, now, locale)),
      lines: [`${place(run.request.target)} · ${change({ catalogue: null, locale }, run)}`, w.over(shortRunId(run.id))],
    },
    locale,
  );
}
