import { format } from 'date-fns/format';
import { everyone, type Locale } from '../../src/domain/catalogue.ts';
import { formatDuration } from '../../src/domain/duration.ts';

/** The values a note or reason names, already escaped and clipped for people. */
export type Facts = Readonly<Record<string, string | number | readonly string[]>>;

/** One sentence in every language. */
export type Sentence = Readonly<Record<Locale, (facts: Facts) => string>>;

/** Sentences by code. No full stop at the end: a sentence may stand in a list. */
export type NoteTable = Readonly<Record<string, Sentence>>;

/** Writes a fact that may hold several names as one list. */
export function names(fact: Facts[string] | undefined, separator = ', '): string {
  return Array.isArray(fact) ? fact.join(separator) : String(fact ?? '?');
}

/** The plural `s` of English where the fact is not 1. */
export function s(fact: Facts[string] | undefined): string {
  return Number(fact) === 1 ? '' : 's';
}

/** The word that agrees with one name or with several: of a count, whether it is 1. */
export function verb(fact: Facts[string] | undefined, one: string, several: string): string {
  const single = Array.isArray(fact) ? fact.length === 1 : typeof fact === 'number' ? fact === 1 : true;
  return single ? one : several;
}

/** The plural `s` of English where several are named. */
export function plural(fact: Facts[string] | undefined): string {
  return verb(fact, '', 's');
}

/** Writes a part of a sentence only where its fact is known; `~` in the words stands for the fact. */
export function where(fact: Facts[string] | undefined, words: string): string {
  const known = fact !== undefined && fact !== '' && !(Array.isArray(fact) && fact.length === 0);
  return known ? words.replaceAll('~', () => names(fact)) : '';
}

/** Writes a fact in ms as a duration in the reader's words. */
export function span(fact: Facts[string] | undefined, locale: Locale): string {
  const ms = Number(fact);
  if (!Number.isFinite(ms)) return '?';
  const written = formatDuration(Math.max(0, ms));
  return locale === 'en' ? written : written.replace(/min|s|h|d/g, unit => units[unit as keyof typeof units]);
}

const units = { s: '秒', min: '分钟', h: '小时', d: '天' } as const;

/** Writes a fact that is a time (epoch ms or ISO 8601) with its date; other text as it is. */
export function day(fact: Facts[string] | undefined, locale: Locale): string {
  const at = typeof fact === 'number' ? fact : Date.parse(names(fact));
  if (!Number.isFinite(at)) return names(fact);
  return format(at, locale === 'en' ? 'd MMM HH:mm' : 'M月d日 HH:mm');
}

/** Writes a fact that is one of our own codes by its name, a foreign one as it is. */
export function named(fact: Facts[string] | undefined, known: Readonly<Record<string, string>>): string {
  return Array.isArray(fact) ? fact.map(one => known[one] ?? one).join(', ') : (known[names(fact)] ?? names(fact));
}

/** Writes names of people or roles as people write them: `@jon, @mara`. */
export function ats(fact: Facts[string] | undefined, locale: Locale): string {
  const all = Array.isArray(fact) ? fact : [names(fact)];
  const written = (one: string) => (one === everyone ? anyone[locale] : /^[@…]/.test(one) ? one : `@${one}`);
  return all.map(written).join(locale === 'en' ? ', ' : '、');
}

/** What the role that every full member holds is called. */
export const anyone = { en: 'anyone here', 'zh-CN': '任何成员' } as const satisfies Record<Locale, string>;
