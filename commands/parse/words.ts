import type { Level } from '../../src/domain/level.ts';
import type { Glue } from './text.ts';

/** What a word of the line introduces: a value (`to 2.13.2`), the reason (the rest of the line) or nothing more (`observe`). */
export type OptionName =
  | 'environment'
  | 'release'
  | 'level'
  | 'strategy'
  | 'scenario'
  | 'reason'
  | 'for'
  | 'until'
  | 'observe';

/** The words for each option, English and Chinese; the first is the one the help shows. */
export const optionWords: Readonly<Record<OptionName, readonly string[]>> = {
  environment: ['in', 'env', 'environment', '在', '环境'],
  release: ['to', 'release', 'version', '回到', '版本', '发布', '到', '至'],
  level: ['level', 'levels', 'lvl', '级别', '等级', '层级'],
  strategy: ['strategy', 'using', '策略', '方案'],
  scenario: ['scenario', '场景'],
  reason: ['because', 'reason', 'cause', '因为', '原因', '由于', '理由'],
  for: ['for', '持续', '时长'],
  until: ['until', '直到'],
  observe: ['observe', 'dry-run', 'dryrun', 'preview', '预演', '预览'],
};

/** Options that may still follow an unquoted reason, where they are written with dashes; short words are left to the prose. */
export const afterReason: ReadonlySet<string> = new Set(
  (['environment', 'release', 'level', 'strategy', 'scenario', 'observe'] as const)
    .flatMap(option => optionWords[option])
    .filter(word => word.length > 2 || /\p{Script=Han}{2}/u.test(word)),
);

/** Words that people say and that mean nothing here. */
export const fillers: ReadonlySet<string> = new Set([
  'please',
  'pls',
  '请',
  '请把',
  '请将',
  '请帮我',
  '把',
  '将',
  '帮我',
  '服务',
]);

/** The verb a request may begin with. */
export const rollbackWords: ReadonlySet<string> = new Set(['rollback', 'roll-back', '回滚', '回退']);

/** What levels are called besides their number. */
export const levelWords: Readonly<Record<string, Level>> = {
  '1': 1,
  '2': 2,
  '3': 3,
  '4': 4,
  l1: 1,
  l2: 2,
  l3: 3,
  l4: 4,
  flag: 1,
  config: 2,
  code: 3,
  data: 4,
  一: 1,
  二: 2,
  三: 3,
  四: 4,
  开关: 1,
  特性开关: 1,
  配置: 2,
  代码: 3,
  数据: 4,
};

/** What environments are commonly called; taken only where exactly one environment of the service fits. */
export const environmentWords: readonly (readonly string[])[] = [
  ['production', 'prod', 'prd', 'live', '生产', '生产环境', '线上'],
  ['staging', 'stage', 'stg', 'preprod', '预发', '预发布', '预发环境'],
  ['test', 'testing', 'qa', '测试', '测试环境'],
  ['development', 'dev', '开发', '开发环境'],
];

/** The two grades a person gives by hand. */
export const gradeWords: Readonly<Record<string, 'good' | 'bad'>> = {
  good: 'good',
  ok: 'good',
  好: 'good',
  良好: 'good',
  可用: 'good',
  bad: 'bad',
  broken: 'bad',
  坏: 'bad',
  不可用: 'bad',
};

/** The two answers to a box of the checks, as typed after `tick RUN N`. */
export const answerWords: Readonly<Record<string, 'yes' | 'no'>> = {
  yes: 'yes',
  是: 'yes',
  正常: 'yes',
  no: 'no',
  否: 'no',
  不正常: 'no',
};

/** What an operator may decide, as typed after `resolve RUN`. */
export const decisionWords = {
  continue: 'continue',
  again: 'continue',
  继续: 'continue',
  'mark-done': 'mark-done',
  done: 'mark-done',
  已完成: 'mark-done',
  'put-back': 'put-back',
  back: 'put-back',
  恢复: 'put-back',
  'next-level': 'next-level',
  下一级: 'next-level',
  emergency: 'emergency',
  应急: 'emergency',
  'close-partial': 'close-partial',
  close: 'close-partial',
  关闭: 'close-partial',
} as const;

/** Which option a word stands for; null where it is none. */
export function optionOf(word: string): OptionName | null {
  return byWord.get(word.toLowerCase()) ?? null;
}

/** How words may be glued, given the verbs of the command table and the names of the catalogue. */
export function glueFor(verbs: readonly string[], names: readonly string[]): Glue {
  const han = (word: string) => /^\p{Script=Han}+$/u.test(word);
  const longest = (a: string, b: string) => b.length - a.length;
  return {
    keywords: new Set(byWord.keys()),
    cjk: [...byWord.keys()].filter(han).sort(longest),
    cjkFirst: [...rollbackWords, ...verbs].filter(han).sort(longest),
    names: [...names].sort(longest),
  };
}

const byWord: ReadonlyMap<string, OptionName> = new Map(
  (Object.keys(optionWords) as OptionName[]).flatMap(option =>
    optionWords[option].map(word => [word, option] as const),
  ),
);
