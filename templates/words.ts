import type { Locale, Permission } from '../src/domain/catalogue.ts';
import type { OperatorAction } from '../src/domain/event.ts';
import type { Level } from '../src/domain/level.ts';
import type { Candidate, Grade } from '../src/domain/release.ts';
import type { RunStatus } from '../src/domain/status.ts';
import { esc } from './escape.ts';

/** What a run's status is called in a head line. */
export const statusWords = {
  en: {
    requested: 'PLANNING',
    planned: 'PLANNED',
    'awaiting-approval': 'WAITING FOR APPROVAL',
    approved: 'APPROVED, STARTING',
    preflight: 'APPROVED, LOOKING ONCE MORE',
    executing: 'ROLLING BACK',
    verifying: 'VERIFYING',
    failing: 'FAILED, PUTTING BACK',
    cancelling: 'STOPPING',
    compensating: 'PUTTING BACK',
    'needs-operator': 'STOPPED, NEEDS YOU',
    succeeded: 'ROLLED BACK, VERIFIED',
    compensated: 'STATE BEFORE PUT BACK, VERIFIED',
    partial: 'CLOSED AS PARTIAL',
    failed: 'NOT DONE, NOTHING CHANGED',
    rejected: 'REJECTED, NOTHING CHANGED',
    expired: 'EXPIRED, NOTHING CHANGED',
    cancelled: 'CANCELLED, NOTHING CHANGED',
    superseded: 'SUPERSEDED, NOTHING CHANGED',
    noop: 'NOTHING TO DO',
  },
  'zh-CN': {
    requested: '正在制定计划',
    planned: '计划已就绪',
    'awaiting-approval': '等待审批',
    approved: '已批准，即将开始',
    preflight: '已批准，执行前复核',
    executing: '正在回滚',
    verifying: '正在验证',
    failing: '执行失败，即将恢复原状',
    cancelling: '正在中止',
    compensating: '正在恢复原状',
    'needs-operator': '已停下，需要您处理',
    succeeded: '回滚完成，验证通过',
    compensated: '已恢复到回滚前状态，验证通过',
    partial: '已按部分完成关闭',
    failed: '未执行，没有任何改动',
    rejected: '已驳回，没有任何改动',
    expired: '审批超时，没有任何改动',
    cancelled: '已取消，没有任何改动',
    superseded: '已被取代，没有任何改动',
    noop: '无需改动',
  },
} as const satisfies Record<Locale, Record<RunStatus, string>>;

/** What a run's status is called in a list, a record, a sentence. */
export const statusNames = {
  en: {
    requested: 'being planned',
    planned: 'planned',
    'awaiting-approval': 'waiting for approval',
    approved: 'approved',
    preflight: 'looking once more',
    executing: 'rolling back',
    verifying: 'verifying',
    failing: 'failing',
    cancelling: 'stopping',
    compensating: 'putting back',
    'needs-operator': 'needs an operator',
    succeeded: 'succeeded',
    compensated: 'put back',
    partial: 'partial',
    failed: 'failed, nothing changed',
    rejected: 'rejected',
    expired: 'expired',
    cancelled: 'cancelled',
    superseded: 'superseded',
    noop: 'nothing to do',
  },
  'zh-CN': {
    requested: '正在制定计划',
    planned: '已计划',
    'awaiting-approval': '等待审批',
    approved: '已批准',
    preflight: '执行前复核',
    executing: '正在回滚',
    verifying: '正在验证',
    failing: '执行失败',
    cancelling: '正在中止',
    compensating: '正在恢复原状',
    'needs-operator': '需要人工处理',
    succeeded: '成功',
    compensated: '已恢复原状',
    partial: '部分完成',
    failed: '失败，没有改动',
    rejected: '已驳回',
    expired: '审批超时',
    cancelled: '已取消',
    superseded: '已被取代',
    noop: '无需改动',
  },
} as const satisfies Record<Locale, Record<RunStatus, string>>;

/** What a release's grade is called. */
export const gradeWords = {
  en: {
    verified: 'verified',
    soaked: 'soaked',
    inferred: 'inferred',
    unproven: 'unproven',
    suspect: 'suspect',
    bad: 'bad',
  },
  'zh-CN': {
    verified: '已验证',
    soaked: '久经运行',
    inferred: '推断可用',
    unproven: '未经证实',
    suspect: '可疑',
    bad: '已知有问题',
  },
} as const satisfies Record<Locale, Record<Grade, string>>;

/** What a level puts back. */
export const levelWords = {
  en: { 1: 'level 1, flag', 2: 'level 2, config', 3: 'level 3, code', 4: 'level 4, data' },
  'zh-CN': { 1: '级别 1 · 开关', 2: '级别 2 · 配置', 3: '级别 3 · 代码', 4: '级别 4 · 数据' },
} as const satisfies Record<Locale, Record<Level, string>>;

/** What a level puts back, where the label says that it is a level. */
export const levelShort = {
  en: { 1: '1, flag', 2: '2, config', 3: '3, code', 4: '4, data' },
  'zh-CN': { 1: '1 · 开关', 2: '2 · 配置', 3: '3 · 代码', 4: '4 · 数据' },
} as const satisfies Record<Locale, Record<Level, string>>;

/** What a person decided about a stopped run. */
export const operatorWords = {
  en: {
    continue: 'look again and continue',
    'mark-done': 'mark the step done',
    'put-back': 'put the old state back',
    'close-partial': 'close as partial',
    'next-level': 'go to the next level',
    emergency: 'begin the emergency plan',
  },
  'zh-CN': {
    continue: '重新检查并继续',
    'mark-done': '将该步骤标为已完成',
    'put-back': '恢复到回滚前状态',
    'close-partial': '按部分完成关闭',
    'next-level': '进入下一级别',
    emergency: '启动应急预案',
  },
} as const satisfies Record<Locale, Record<OperatorAction, string>>;

/** What our own scenarios are called. */
export const scenarioWords: Readonly<Record<Locale, Readonly<Record<string, string>>>> = {
  en: {
    'functional-defect': 'functional defect',
    'data-consistency': 'data consistency',
    security: 'security',
    performance: 'performance',
    'user-experience': 'user experience',
    'third-party': 'third party',
    configuration: 'configuration',
    'deployment-failed': 'deployment failed',
    alert: 'alert',
    drill: 'drill',
    other: 'other',
  },
  'zh-CN': {
    'functional-defect': '功能缺陷',
    'data-consistency': '数据一致性',
    security: '安全',
    performance: '性能',
    'user-experience': '用户体验',
    'third-party': '第三方依赖',
    configuration: '配置',
    'deployment-failed': '部署失败',
    alert: '告警',
    drill: '演练',
    other: '其他',
  },
};

/** What a scenario is called; one that a catalogue added, by its own name. */
export function scenarioWord(scenario: string, locale: Locale): string {
  return scenarioWords[locale][scenario] ?? esc(scenario);
}

/** What each permission lets people do. */
export const permissionWords = {
  en: {
    request: 'ask for rollbacks',
    cancel: 'cancel or stop runs',
    resolve: 'decide about stopped runs',
    undo: 'undo runs',
    grade: 'grade releases',
    hold: 'hold and release',
    freeze: 'freeze and unfreeze',
    reload: 'reload the catalogue',
  },
  'zh-CN': {
    request: '发起回滚',
    cancel: '取消或中止回滚',
    resolve: '处理已停下的回滚',
    undo: '撤销回滚',
    grade: '给版本评级',
    hold: '禁止或解除部署',
    freeze: '冻结与解冻',
    reload: '重新加载服务目录',
  },
} as const satisfies Record<Locale, Record<Permission, string>>;

/** What came of a vote. */
export const decisionWords = {
  en: { approved: 'approved', rejected: 'rejected' },
  'zh-CN': { approved: '已批准', rejected: '已驳回' },
} as const satisfies Record<Locale, Record<string, string>>;

/** Whether a release may be gone back to. */
export const verdictWords = {
  en: {
    suggested: 'suggested',
    open: 'may be taken',
    named: 'only when named outright, with one approval more',
    no: 'may not be taken',
  },
  'zh-CN': {
    suggested: '建议',
    open: '可选',
    named: '须明确指名，并多一人批准',
    no: '不可选',
  },
} as const satisfies Record<Locale, Record<Candidate['verdict'], string>>;
