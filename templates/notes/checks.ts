import { day, type NoteTable, names, where } from './table.ts';

/** What the checks say. */
export const checksNotes = {
  'check-begins': { en: () => 'just begun', 'zh-CN': () => '刚刚开始' },
  'check-no-answer': { en: () => 'no answer so far, so it is not known', 'zh-CN': () => '至今没有答复，因此无法确定' },
  'check-refused': { en: () => 'it could not be asked', 'zh-CN': () => '无法进行这项检查' },
  /** {alert, at} */
  'alert-cleared': {
    en: f => `${names(f.alert)} cleared${where(f.at && day(f.at, 'en'), ' ~')}`,
    'zh-CN': f => `${names(f.alert)} ${where(f.at && day(f.at, 'zh-CN'), '于 ~ ')}已恢复`,
  },
  /** {alert} */
  'alert-firing': { en: f => `${names(f.alert)} is still firing`, 'zh-CN': f => `${names(f.alert)} 仍在告警` },
  'alert-not-heard': {
    en: () => 'nothing was heard of the alert, which does not count as cleared',
    'zh-CN': () => '没有收到该告警的消息，不能视为已恢复',
  },
  'manual-waiting': { en: () => 'a person has to look', 'zh-CN': () => '需要人工确认' },
  'manual-passed': { en: () => 'a person looked, and it holds', 'zh-CN': () => '已人工确认正常' },
  'manual-failed': { en: () => 'a person looked, and it does not hold', 'zh-CN': () => '经人工确认不正常' },
} satisfies NoteTable;
