import type { Locale } from '../src/domain/catalogue.ts';
import type { RecordPart, RecordStep } from '../src/domain/record.ts';

/** The record's headings and labels. */
export interface RecordWords {
  readonly title: string;
  readonly basics: string;
  readonly labels: {
    readonly run: string;
    readonly target: string;
    readonly change: string;
    readonly level: string;
    readonly trigger: string;
    readonly scenario: string;
    readonly reason: string;
    readonly responsible: string;
    readonly status: string;
    readonly why: string;
    readonly time: string;
    readonly plan: string;
    readonly catalogue: string;
    readonly next: string;
  };
  readonly trigger: { readonly automatic: string; readonly manual: string };
  readonly steps: string;
  readonly durations: string;
  readonly phases: readonly [string, string, string, string, string];
  readonly result: string;
  readonly resultHead: readonly [string, string, string, string, string];
  readonly checkStatus: Readonly<Record<'passed' | 'failed' | 'waiting' | 'unknown', string>>;
  readonly noChecks: string;
  readonly impact: string;
  readonly analysis: string;
  readonly lessons: string;
  readonly toBeFilled: string;
  readonly notKnown: string;
  readonly approval: string;
  readonly voteHead: readonly [string, string, string, string];
  readonly decisions: { readonly approve: string; readonly reject: string };
  readonly noVotes: string;
  readonly changes: string;
  readonly journal: string;
  readonly journalHead: readonly [string, string, string, string];
  readonly noJournal: string;
  readonly refused: string;
  readonly noneRefused: string;
  readonly log: string;
}

/** The record's words, in every language. */
export const recordWords = {
  en: {
    title: 'Rollback record',
    basics: 'Basic information',
    labels: {
      run: 'Run',
      target: 'Target',
      change: 'From → to',
      level: 'Level',
      trigger: 'Type',
      scenario: 'Scenario',
      reason: 'Reason',
      responsible: 'Responsible',
      status: 'Result',
      why: 'Why so',
      time: 'Time',
      plan: 'Plan',
      catalogue: 'Catalogue',
      next: 'Goes on in',
    },
    trigger: { automatic: 'automatic', manual: 'manual' },
    steps: 'Steps',
    durations: 'Times',
    phases: ['Detect', 'Decide', 'Execute', 'Verify', 'In all'],
    result: 'Result',
    resultHead: ['Check', 'Kind', 'Result', 'Time', 'Detail'],
    checkStatus: { passed: 'passed', failed: 'not passed', waiting: 'not finished', unknown: 'not known' },
    noChecks: 'Nothing was verified.',
    impact: 'Impact',
    analysis: 'Analysis',
    lessons: 'Lessons learned',
    toBeFilled: 'to be filled in',
    notKnown: 'not known',
    approval: 'Approval',
    voteHead: ['Time', 'Who', 'Decision', 'Reason'],
    decisions: { approve: 'approved', reject: 'rejected' },
    noVotes: 'Nobody voted.',
    changes: 'Changes',
    journal: 'Journal',
    journalHead: ['Began', 'Step', 'Ended', 'Outcome'],
    noJournal: 'Nothing was changed.',
    refused: 'Clicks that were not counted',
    noneRefused: 'None.',
    log: 'Timeline',
  },
  'zh-CN': {
    title: '回滚记录',
    basics: '基本信息',
    labels: {
      run: '编号',
      target: '目标',
      change: '版本变化',
      level: '级别',
      trigger: '类型',
      scenario: '场景',
      reason: '原因',
      responsible: '负责人',
      status: '结果',
      why: '说明',
      time: '时间',
      plan: '计划',
      catalogue: '服务目录',
      next: '后续',
    },
    trigger: { automatic: '自动', manual: '手动' },
    steps: '过程',
    durations: '用时',
    phases: ['发现', '决定', '执行', '验证', '合计'],
    result: '结果',
    resultHead: ['检查', '类型', '结果', '时间', '详情'],
    checkStatus: { passed: '通过', failed: '未通过', waiting: '未完成', unknown: '无法确定' },
    noChecks: '没有进行验证。',
    impact: '影响',
    analysis: '分析',
    lessons: '经验教训',
    toBeFilled: '待填写',
    notKnown: '未知',
    approval: '审批',
    voteHead: ['时间', '人员', '决定', '理由'],
    decisions: { approve: '批准', reject: '驳回' },
    noVotes: '无人投票。',
    changes: '改动',
    journal: '执行日志',
    journalHead: ['开始', '步骤', '结束', '结果'],
    noJournal: '没有任何改动。',
    refused: '未计入的点击',
    noneRefused: '无。',
    log: '时间线',
  },
} as const satisfies Record<Locale, RecordWords>;

/** What each moment of a run is called. */
export const stepNames = {
  en: {
    live: 'live',
    detected: 'trouble seen',
    asked: 'asked',
    approved: 'approved',
    started: 'started',
    executed: 'rolled out',
    stopped: 'stopped',
    verified: 'verified',
    ended: 'ended',
  },
  'zh-CN': {
    live: '上线',
    detected: '发现故障',
    asked: '发起',
    approved: '批准',
    started: '开始执行',
    executed: '切换完成',
    stopped: '停下',
    verified: '验证通过',
    ended: '结束',
  },
} as const satisfies Record<Locale, Record<RecordStep['what'], string>>;

/** What each part that only people know is called. */
export const partNames = {
  en: {
    scope: 'scope',
    duration: 'duration',
    users: 'users affected',
    data: 'data affected',
    'root-cause': 'root cause',
    improvements: 'improvements',
    lessons: 'lessons',
  },
  'zh-CN': {
    scope: '影响范围',
    duration: '影响时长',
    users: '受影响用户',
    data: '受影响数据',
    'root-cause': '根本原因',
    improvements: '改进措施',
    lessons: '经验教训',
  },
} as const satisfies Record<Locale, Record<RecordPart, string>>;
