import { format } from 'date-fns/format';
import { isSameDay } from 'date-fns/isSameDay';
import { isSameYear } from 'date-fns/isSameYear';
import type { Locale } from '../src/domain/catalogue.ts';

const dates = {
  en: { day: 'd MMM HH:mm', year: 'd MMM yyyy HH:mm' },
  'zh-CN': { day: 'M月d日 HH:mm', year: 'yyyy年M月d日 HH:mm' },
} as const satisfies Record<Locale, { day: string; year: string }>;

/** A clock time in the machine's zone, `03:07`; with the date where it is not today. Clock times, as an edited message is read late. */
export function clock(at: number, now: number, locale: Locale): string {
  if (isSameDay(at, now)) return format(at, 'HH:mm');
  return format(at, isSameYear(at, now) ? dates[locale].day : dates[locale].year);
}

/** A clock time for a log, with seconds. */
export function clockSeconds(at: number): string {
  return format(at, 'HH:mm:ss');
}

/** A full date and time for a document, with the offset from UTC. */
export function stamp(at: number): string {
  return format(at, 'yyyy-MM-dd HH:mm:ss xxx');
}
