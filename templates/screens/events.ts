import type { Locale } from '../../src/domain/catalogue.ts';
import type { JournalPhase, OutcomeHow, RunEvent, RunEventKind } from '../../src/domain/event.ts';
import { shortRunId } from '../../src/domain/ids.ts';
import type { Note } from '../../src/domain/note.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { Reason } from '../../src/domain/reason.ts';
import { esc } from '../escape.ts';
import { quoted } from '../limits.ts';
import { s } from '../notes/table.ts';
import { at, called } from '../people.ts';
import { sayNote, sayReason } from '../say.ts';
import { levelWords, operatorWords, scenarioWord, statusNames } from '../words.ts';
import { sayCheck } from './checks.ts';

/** What telling an event needs beside it: the run's plan, to name operations and checks. */
export interface Telling {
  readonly plan: Plan | null;
  readonly locale: Locale;
}

type Tellers = { readonly [K in RunEventKind]: (event: Extract<RunEvent, { kind: K }>, told: Told) => string };

/** Says the parts of an event in the reader's language. */
interface Told {
  step(phase: JournalPhase, index: number): string;
  note(said: Note): string;
  reason(said: Reason): string;
  check(id: string): string;
  readonly quoted: (text: string) => string;
}

const how = {
  en: { applied: 'done', adopted: 'found done', noop: 'nothing to do', 'by-operator': 'marked done by a person' },
  'zh-CN': { applied: '已完成', adopted: '检查发现已生效', noop: '无需执行', 'by-operator': '由人工标为已完成' },
} as const satisfies Record<Locale, Record<OutcomeHow, string>>;

const en: Tellers = {
  requested: (e, t) =>
    `${called(e.request.by)} asked: ${t.quoted(e.request.reason)} (${scenarioWord(e.request.scenario, 'en')})`,
  planned: e =>
    `plan made: ${levelWords.en[e.plan.level]}, ${e.plan.operations.length} step${s(e.plan.operations.length)}`,
  'approval-asked': e => `approval asked by the rule ${esc(e.rule.name)}`,
  reminded: () => 'approvers reminded',
  voted: (e, t) =>
    `${at(e.vote.name)} ${e.vote.decision === 'approve' ? 'approved' : 'rejected'}${e.vote.reason ? `: ${t.quoted(e.vote.reason)}` : ''}`,
  'vote-refused': (e, t) => `the click of ${called(e.by)} was not counted: ${t.reason(e.reason)}`,
  approved: () => 'approved',
  'preflight-started': e => `${esc(e.worker)} looks at the target once more`,
  'execution-started': () => 'rollback started',
  'operation-begun': (e, t) => `${t.step(e.phase, e.index)} begun${e.attempt > 1 ? `, attempt ${e.attempt}` : ''}`,
  'operation-observed': (e, t) => `${t.step(e.phase, e.index)} seen: ${t.note(e.note)}`,
  'operation-ended': (e, t) => `${t.step(e.phase, e.index)} ${how.en[e.how]}: ${t.note(e.note)}`,
  'operation-failed': (e, t) => `${t.step(e.phase, e.index)} failed: ${t.reason(e.reason)}`,
  'late-write': (e, t) =>
    `${t.step(e.phase, e.index)}: a late report of a worker that had lost the target was not taken`,
  'watch-asked': e => `${called(e.by)} asked to be told when it is over`,
  'logs-asked': e => `${called(e.by)} asked for description and logs`,
  'logs-kept': (e, t) =>
    e.reason ? `description and logs could not be had: ${t.reason(e.reason)}` : 'description and logs looked up',
  'stop-asked': (e, t) => `${called(e.by)} asked to stop: ${t.quoted(e.reason)}`,
  failing: (e, t) => `failed: ${t.reason(e.reason)}`,
  cancelling: () => 'stopping at the end of the step',
  'compensation-started': () => 'putting the state before back',
  executed: () => 'rolled out; verification started',
  'check-ended': e => `check ${e.result.status}: ${sayCheck(e.result, 'en')}`,
  'check-ticked': (e, t) => `${called(e.by)} answered ${t.check(e.check)}: ${e.passed ? 'it holds' : 'it does not'}`,
  stopped: (e, t) => `stopped, needs an operator: ${t.reason(e.reason)}`,
  'operator-decided': (e, t) =>
    `${called(e.by)} decided to ${operatorWords.en[e.action]}${e.reason ? `: ${t.quoted(e.reason)}` : ''}`,
  ended: (e, t) =>
    `${statusNames.en[e.status]}${e.reason ? `: ${t.reason(e.reason)}` : ''}${e.next ? `; ${shortRunId(e.next)} goes on` : ''}`,
  recorded: () => 'record written',
  'thread-moved': (e, t) => `thread moved to another channel: ${t.quoted(e.why)}`,
};

const zh: Tellers = {
  requested: (e, t) =>
    `${called(e.request.by)} 发起：${t.quoted(e.request.reason)}（${scenarioWord(e.request.scenario, 'zh-CN')}）`,
  planned: e => `计划已生成：${levelWords['zh-CN'][e.plan.level]}，共 ${e.plan.operations.length} 步`,
  'approval-asked': e => `已按规则 ${esc(e.rule.name)} 征求批准`,
  reminded: () => '已提醒审批人',
  voted: (e, t) =>
    `${at(e.vote.name)} ${e.vote.decision === 'approve' ? '批准' : '驳回'}${e.vote.reason ? `：${t.quoted(e.vote.reason)}` : ''}`,
  'vote-refused': (e, t) => `${called(e.by)} 的点击未计入：${t.reason(e.reason)}`,
  approved: () => '已批准',
  'preflight-started': e => `${esc(e.worker)} 正在执行前复核目标`,
  'execution-started': () => '开始回滚',
  'operation-begun': (e, t) => `${t.step(e.phase, e.index)}开始${e.attempt > 1 ? `，第 ${e.attempt} 次` : ''}`,
  'operation-observed': (e, t) => `${t.step(e.phase, e.index)}观察结果：${t.note(e.note)}`,
  'operation-ended': (e, t) => `${t.step(e.phase, e.index)}${how['zh-CN'][e.how]}：${t.note(e.note)}`,
  'operation-failed': (e, t) => `${t.step(e.phase, e.index)}失败：${t.reason(e.reason)}`,
  'late-write': (e, t) => `${t.step(e.phase, e.index)}：已失去目标的 worker 迟到的报告，未采纳`,
  'watch-asked': e => `${called(e.by)} 要求结束时通知`,
  'logs-asked': e => `${called(e.by)} 要求查看对象状态与日志`,
  'logs-kept': (e, t) => (e.reason ? `无法取得对象状态与日志：${t.reason(e.reason)}` : '已取得对象状态与日志'),
  'stop-asked': (e, t) => `${called(e.by)} 要求中止：${t.quoted(e.reason)}`,
  failing: (e, t) => `失败：${t.reason(e.reason)}`,
  cancelling: () => '将在当前步骤结束后中止',
  'compensation-started': () => '开始恢复到回滚前状态',
  executed: () => '切换完成，开始验证',
  'check-ended': e => `检查${checkWords[e.result.status]}：${sayCheck(e.result, 'zh-CN')}`,
  'check-ticked': (e, t) => `${called(e.by)} 确认 ${t.check(e.check)}：${e.passed ? '正常' : '不正常'}`,
  stopped: (e, t) => `已停下，需要人工处理：${t.reason(e.reason)}`,
  'operator-decided': (e, t) =>
    `${called(e.by)} 决定：${operatorWords['zh-CN'][e.action]}${e.reason ? `，${t.quoted(e.reason)}` : ''}`,
  ended: (e, t) =>
    `${statusNames['zh-CN'][e.status]}${e.reason ? `：${t.reason(e.reason)}` : ''}${e.next ? `；由 ${shortRunId(e.next)} 接续` : ''}`,
  recorded: () => '记录已生成',
  'thread-moved': (e, t) => `消息列已移至另一频道：${t.quoted(e.why)}`,
};

const checkWords = { passed: '通过', failed: '未通过', waiting: '等待中', unknown: '无法确定' } as const;

const stepWords = {
  en: {
    apply: (n: number, object: string) => `step ${n} (${object})`,
    revert: (n: number, object: string) => `putting back step ${n} (${object})`,
  },
  'zh-CN': {
    apply: (n: number, object: string) => `步骤 ${n}（${object}）`,
    revert: (n: number, object: string) => `恢复步骤 ${n}（${object}）`,
  },
} as const satisfies Record<Locale, Record<JournalPhase, (n: number, object: string) => string>>;

/** Tells one event as a clause, without its time. */
export function tell(event: RunEvent, { plan, locale }: Telling): string {
  const told: Told = {
    step: (phase, index) =>
      stepWords[locale][phase](index + 1, esc(plan?.operations[index]?.object ?? '?', quoted.name)),
    note: said => sayNote(said, locale),
    reason: said => sayReason(said, locale),
    check: id => esc(plan?.checks.find(check => check.id === id)?.title ?? id),
    quoted: text => `“${esc(text, quoted.reason)}”`,
  };
  const teller = (locale === 'en' ? en : zh)[event.kind] as (event: RunEvent, told: Told) => string;
  return teller(event, told);
}
