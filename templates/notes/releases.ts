import { type NoteTable, names, span } from './table.ts';

/** Why a release has its grade, and why it may or may not be taken. */
export const releasesNotes = {
  'release-unproven': { en: () => 'nothing is known of it yet', 'zh-CN': () => '尚无任何验证记录' },
  'release-soaked': {
    en: f => `ran ${span(f.ms, 'en')} under watch, fully available, without an alert`,
    'zh-CN': f => `在监视下完整可用地运行了 ${span(f.ms, 'zh-CN')}，无告警`,
  },
  'release-inferred': {
    en: f => `was live for ${span(f.ms, 'en')} before Backout watched, and nobody went back from it`,
    'zh-CN': f => `在 Backout 接管之前运行了 ${span(f.ms, 'zh-CN')}，且未被回退`,
  },
  'release-alerted': { en: () => 'an alert fired while it was live', 'zh-CN': () => '在其运行期间触发过告警' },
  'release-recovered': {
    en: () => 'the alert cleared without a change; it soaks anew',
    'zh-CN': () => '告警未经变更自行恢复，重新开始观察',
  },
  'release-gone-back-from': {
    en: f => `somebody went back from it to ${names(f.version)}`,
    'zh-CN': f => `有人从该版本退回到了 ${names(f.version)}`,
  },
  'deployment-failed': { en: () => 'its deployment was reported as failed', 'zh-CN': () => '其部署被报告为失败' },
  'deployment-aborted': { en: () => 'its deployment was reported as aborted', 'zh-CN': () => '其部署被报告为中止' },
  'deployment-rolled_back': {
    en: () => 'its deployment was reported as rolled back',
    'zh-CN': () => '其部署被报告为已回滚',
  },
  'candidate-newest-good': {
    en: () => 'the newest good release before this one',
    'zh-CN': () => '当前版本之前最新的可用版本',
  },
  'candidate-newest-inferred': {
    en: () => 'the newest release that seems good; nothing verified it',
    'zh-CN': () => '看来可用的最新版本，但未经验证',
  },
  'candidate-good': { en: () => 'good, but older', 'zh-CN': () => '可用，但较旧' },
  'candidate-inferred': { en: () => 'seems good; nothing verified it', 'zh-CN': () => '看来可用，但未经验证' },
  'candidate-unproven': {
    en: () => 'unproven: only when named outright, with one approval more',
    'zh-CN': () => '未经验证：须明确指定，且多一人批准',
  },
  'candidate-suspect': {
    en: () => 'suspect: only when named outright, with one approval more',
    'zh-CN': () => '存疑：须明确指定，且多一人批准',
  },
  'candidate-bad': { en: () => 'known to be bad', 'zh-CN': () => '已知有问题' },
  'candidate-current': { en: () => 'this is what runs now', 'zh-CN': () => '即当前运行的版本' },
  'candidate-newer': {
    en: () => 'not older than what was live when the trouble began',
    'zh-CN': () => '不早于故障发生时运行的版本',
  },
  'candidate-too-young': {
    en: () => 'soaked less than 24 hours ago: not without a person',
    'zh-CN': () => '通过观察未满 24 小时，不能无人批准',
  },
  'candidate-on-hold': {
    en: f => `on hold, by ${names(f.by)}: ${names(f.reason)}`,
    'zh-CN': f => `已被 ${names(f.by)} 搁置：${names(f.reason)}`,
  },
  'candidate-not-kept': { en: () => 'the target does not keep it any more', 'zh-CN': () => '目标已不再保留该版本' },
  /** {by, grade} */
  'graded-by-person': {
    en: f => `graded ${names(f.grade)} by ${names(f.by)}`,
    'zh-CN': f => `${names(f.by)} 评为${f.grade === 'good' ? '可用' : '有问题'}`,
  },
  /** {run} */
  'verdict-passed': {
    en: f => `all checks passed while it served, in R-${names(f.run)}`,
    'zh-CN': f => `在 R-${names(f.run)} 中运行时通过了全部检查`,
  },
} satisfies NoteTable;
