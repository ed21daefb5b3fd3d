import { parseDuration } from '../../src/domain/duration.ts';
import { nearest, nearestWord } from './names.ts';
import { named, type Reading, refuse } from './reading.ts';
import { cleanReason, type Token } from './text.ts';
import { afterReason, levelWords, type OptionName, optionOf, optionWords } from './words.ts';

/** The shortest and the longest reason, in characters: three are a status code or a Chinese word. */
export const reasonLength = { min: 3, max: 1_000 } as const;

/** Reads the words that introduce something, and leaves the bare ones in `reading.bare`. */
export function readOptions(reading: Reading, tokens: readonly Token[]): void {
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (!token) continue;
    const glued = /^(level|lvl)(\d)$/i.exec(token.text);
    const option = token.kind === 'word' ? (glued ? 'level' : optionOf(token.text)) : null;
    if (option === null) {
      if (token.dashed) refuse(reading, token, 'bad-argument', { nearest: nearestWord(token.text, allOptions) });
      else reading.bare.push(token);
    } else if (option === 'observe') reading.draft.observe = true;
    else if (option === 'reason') index = readReason(reading, tokens, index);
    else if (glued) readValue(reading, option, { ...token, text: glued[2] ?? '' });
    else {
      const value = tokens[index + 1];
      if (value && !(value.dashed && optionOf(value.text))) index += 1;
      if (!value || (value.dashed && optionOf(value.text)))
        refuse(reading, token, 'bad-argument', { missing: `${token.text} …` });
      else if (named(reading, value)) readValue(reading, option, value);
    }
  }
}

const allOptions: readonly string[] = Object.values(optionWords).flat();

function readReason(reading: Reading, tokens: readonly Token[], at: number): number {
  const quoted = tokens[at + 1]?.kind === 'quoted';
  const next = tokens.findIndex(
    (token, index) => index > at + 1 && token.dashed && afterReason.has(token.text.toLowerCase()),
  );
  const until = quoted ? at + 2 : next < 0 ? tokens.length : next;
  const from = tokens[at + 1];
  const to = tokens[until - 1];
  const end = until === tokens.length ? reading.typed.plain.length : (to?.end ?? 0);
  const text = from && to && until > at + 1 ? cleanReason(reading.typed.plain.slice(from.start, end)) : '';
  const token = tokens[at];
  if (text.length > reasonLength.max && token) refuse(reading, token, 'bad-argument', { atMost: reasonLength.max });
  if (text.length >= reasonLength.min) reading.draft.reason = text.slice(0, reasonLength.max);
  return until - 1;
}

function readValue(reading: Reading, option: OptionName, token: Token): void {
  const { draft } = reading;
  const text = token.text.toLowerCase();
  if (option === 'environment') reading.environment = token;
  else if (option === 'release') draft.release = token.text;
  else if (option === 'strategy') draft.strategy = token.text;
  else if (option === 'scenario') {
    if (reading.catalogue.scenarios.includes(text)) draft.scenario = text;
    else refuse(reading, token, 'bad-argument', { nearest: nearest(text, reading.catalogue.scenarios) });
  } else if (option === 'level') {
    const levels = text.split(/[,，、+]/).map(part => (Object.hasOwn(levelWords, part) ? levelWords[part] : undefined));
    if (levels.some(level => !level)) refuse(reading, token, 'unknown-level', { name: token.text });
    draft.levels = levels.filter(level => level !== undefined);
    draft.level = draft.levels.length === 1 ? (draft.levels[0] ?? null) : null;
  } else if (option === 'for') {
    draft.forMs = parseDuration(text);
    if (draft.forMs === null) refuse(reading, token, 'bad-argument', { expected: '90s, 10m, 2h, 1d' });
  } else if (option === 'until') {
    draft.until = /[tT ]\d\d:\d\d(:\d\d)?(z|[+-]\d\d:?\d\d)$/i.test(token.text) ? Date.parse(token.text) : Number.NaN;
    if (Number.isNaN(draft.until)) refuse(reading, token, 'bad-argument', { expected: '2026-11-23T09:00Z' });
  }
}
