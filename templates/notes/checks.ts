import type { Locale } from '../../src/domain/catalogue.ts';
import { day, type Facts, type NoteTable, names, s, where } from './table.ts';

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
  'http-good': {
    en: f => `${f.good} good answers in a row from ${f.url}, the last in ${f.total} ms${parts(f, 'en')}`,
    'zh-CN': f => `${f.url} 连续 ${f.good} 次正常答复，最近一次用时 ${f.total} 毫秒${parts(f, 'zh-CN')}`,
  },
  'http-good-so-far': {
    en: f => `${f.good} of ${f.wanted} good answers in a row from ${f.url}, the last in ${f.total} ms`,
    'zh-CN': f => `${f.url} 已连续 ${f.good}/${f.wanted} 次正常答复，最近一次用时 ${f.total} 毫秒`,
  },
  'http-bad': {
    en: f => `${f.bad} bad answer${s(f.bad)} in a row from ${f.url}`,
    'zh-CN': f => `${f.url} 连续 ${f.bad} 次异常答复`,
  },
} satisfies NoteTable;

const partNames = {
  en: { dns: 'name', connect: 'connection', firstByte: 'first byte' },
  'zh-CN': { dns: '解析', connect: '连接', firstByte: '首字节' },
} as const;

/** Where the time went, as far as it was measured. */
function parts(f: Facts, locale: Locale): string {
  const known = Object.entries(partNames[locale]).filter(([part]) => f[part] !== undefined);
  return known.length > 0 ? ` (${known.map(([part, name]) => `${name} ${f[part]}`).join(', ')})` : '';
}
