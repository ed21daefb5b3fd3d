import type { Locale } from '../src/domain/catalogue.ts';
import type { Note } from '../src/domain/note.ts';
import type { Reason } from '../src/domain/reason.ts';
import { esc } from './escape.ts';
import { quoted } from './limits.ts';
import { notes } from './notes/index.ts';
import type { Facts, Sentence } from './notes/table.ts';
import { reasons } from './reasons.ts';

/** Writes a note as one clause, its detail quoted; a code without a sentence (written by a newer process) shows itself. */
export function sayNote(note: Note, locale: Locale): string {
  return say(notes[note.code], note, locale);
}

/** Writes a reason as one clause, its detail quoted. */
export function sayReason(reason: Reason, locale: Locale): string {
  return say(reasons[reason.code], reason, locale);
}

function say(sentence: Sentence | undefined, said: Note, locale: Locale): string {
  const words = sentence ? sentence[locale](escaped(said.facts ?? {})) : esc(said.code.replaceAll('-', ' '));
  return said.detail ? `${words}${quotes[locale](esc(said.detail, quoted.detail))}` : words;
}

const quotes = { en: (text: string) => `: “${text}”`, 'zh-CN': (text: string) => `：“${text}”` } as const;

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
