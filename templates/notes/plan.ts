import { gradeWords } from '../words.ts';
import { type NoteTable, named, names } from './table.ts';

/** What planning says. */
export const planNotes = {
  'no-alert-to-clear': {
    en: () => 'whether an alert clears: none started this',
    'zh-CN': () => '告警是否恢复：本次并非由告警引起',
  },
  'no-checks': {
    en: () => 'anything at all: no check is set for this',
    'zh-CN': () => '没有为此配置任何检查',
  },
  /** {version, grade} */
  'release-not-proven': {
    en: f => `${names(f.version)} is ${named(f.grade, gradeWords.en)}; it was named outright`,
    'zh-CN': f => `${names(f.version)} 的评级为${named(f.grade, gradeWords['zh-CN'])}，系明确指名`,
  },
  /** {version, grade} */
  'restores-known-bad': {
    en: f => `this brings back ${names(f.version)}, which is ${named(f.grade, gradeWords.en)}`,
    'zh-CN': f => `将恢复 ${names(f.version)}，其评级为${named(f.grade, gradeWords['zh-CN'])}`,
  },
  /** {objects} */
  'renders-again': {
    en: f => `${names(f.objects)} will bring everything to what Git holds, at once`,
    'zh-CN': f => `${names(f.objects, '、')} 会立即将一切同步为 Git 中的内容`,
  },
  'restores-replaced': {
    en: () => 'this brings back what the rollback replaced',
    'zh-CN': () => '将恢复那次回滚所替换的内容',
  },
  'migrations-not-checked': {
    en: () => 'database migrations between the two releases',
    'zh-CN': () => '两个版本之间的数据库迁移',
  },
} satisfies NoteTable;
