import type { Locale } from '../src/domain/catalogue.ts';
import type { Note } from '../src/domain/note.ts';
import type { Reason } from '../src/domain/reason.ts';
import { esc, excerpt } from './escape.ts';
import { quoted } from './limits.ts';
import { notes } from './notes/index.ts';
import type { Facts, Sentence } from './notes/table.ts';
import { causes } from './reasons/causes.ts';
import { reasons } from './reasons.ts';

/** Writes a note as one clause, its detail quoted; a code without a sentence (written by a newer process) shows itself. */
export function sayNote(note: Note, locale: Locale): string {
  return `${words(notes[note.code], note, locale)}${quote(note.detail, quoted.reason, locale)}`;
}

/** Writes a reason as one clause: what is so, the cause where one is known, and the words of whoever said it, quoted. */
export function sayReason(reason: Reason, locale: Locale): string {
  const { why, cause } = reason.facts ?? {};
  const known =
    causes[String(why)] ?? causes[String(cause)] ?? (reason.facts?.pod ? causes['pod-in-trouble'] : undefined);
  const because = known ? `${colons[locale]}${known[locale](escaped(reason.facts ?? {}))}` : '';
  return `${words(reasons[reason.code], reason, locale)}${because}${quote(reason.detail, quoted.said, locale)}`;
}

function words(sentence: Sentence | undefined, said: Note, locale: Locale): string {
  return sentence ? sentence[locale](escaped(said.facts ?? {})) : esc(said.code.replaceAll('-', ' '));
}

function quote(detail: string | undefined, most: number, locale: Locale): string {
  return detail ? `${colons[locale]}“${excerpt(detail, most)}”` : '';
}

const colons = { en: ': ', 'zh-CN': '：' } as const;

/** Makes facts safe to be named in a sentence: escaped, clipped, and a target written as people read it. */
export function escaped(facts: Facts): Facts {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [
      name,
      typeof value === 'number' ? value : escapedText(place(name, value)),
    ]),
  );
}

function place(name: string, value: string | readonly string[]): string | readonly string[] {
  return name === 'target' && typeof value === 'string' ? value.replace('/', ' · ') : value;
}

function escapedText(value: string | readonly string[]): string | readonly string[] {
  if (typeof value === 'string') return esc(value, quoted.reason);
  const shown = value.slice(0, quoted.list).map(item => esc(item));
  return value.length > shown.length ? [...shown, `… +${value.length - shown.length}`] : shown;
}

/** Joins clauses to one line: with semicolons, as they may hold commas. */
export function clauses(parts: readonly string[], locale: Locale): string {
  return parts.join(locale === 'en' ? '; ' : '；');
}

/** Joins names to a list. */
export function listed(parts: readonly string[], locale: Locale): string {
  return parts.join(locale === 'en' ? ', ' : '、');
}

/** Ends a clause as a sentence. Its first word stays as it is: it may be a name. */
export function sentence(text: string, locale: Locale): string {
  return /[.。!?！？”…]$/.test(text) ? text : `${text}${locale === 'en' ? '.' : '。'}`;
}
