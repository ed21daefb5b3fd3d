/** One word as typed: `text` is what names are compared with, `raw` what a reason keeps; offsets point into the plain text. */
export interface Token {
  readonly text: string;
  readonly raw: string;
  readonly start: number;
  readonly end: number;
  /** A mention or a link never silently becomes a name. */
  readonly kind: 'word' | 'quoted' | 'mention' | 'link';
  /** Whether it was written as an option: `--level`, `—level`. */
  readonly dashed: boolean;
}

/** A typed line with Slack's markup read, and the words in it. */
export interface Typed {
  readonly plain: string;
  readonly tokens: readonly Token[];
}

/** Words that may be glued to what follows them: `级别2`, `原因：支付失败`, `level:2`. */
export interface Glue {
  /** Lower-case words after which `:` or `=` ends a token. */
  readonly keywords: ReadonlySet<string>;
  /** Chinese words that end a token even without a space, longest first. */
  readonly cjk: readonly string[];
  /** Chinese words that do so only where the line begins, longest first. */
  readonly cjkFirst: readonly string[];
  /** Names of the catalogue, which are never cut. */
  readonly names: readonly string[];
}

type Span = { readonly start: number; readonly end: number; readonly kind: 'mention' | 'link' };

const entity = /<([@#!][^<>]*|https?:\/\/[^<>]*|mailto:[^<>]*)>/g;
const space = /[\s\p{Zs}]/u;
const separator = /[，、；。]/;
const dashes = /^[-‐‑‒–—―−﹣－]+(?=[\p{L}])/u;
const closers: Readonly<Record<string, string>> = {
  '"': '"”＂',
  '＂': '"＂',
  '“': '”"“',
  '„': '“”"',
  '«': '»',
  '「': '」',
  '『': '』',
  '‘': '’',
  "'": "'’",
  '`': '`',
};

/** Characters that are not seen or turn text around: refused in names, dropped from reasons. */
export const invisible = /\p{Cf}|\p{Variation_Selector}|[\u115f\u1160\u3164\uffa0]/u;

const hostile = /[\p{Cc}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]+/gu;

/** Reads a typed line: Slack's entities (where `escaped`), unlike spaces, quotes, dashes and full-width characters; never throws. */
export function readText(text: string, escaped: boolean, glue: Glue): Typed {
  const { plain, spans } = escaped ? decode(text) : { plain: text, spans: [] };
  return { plain, tokens: tokenise(plain, spans, glue) };
}

/** Cleans free text that people will read: one line, no characters that hide or turn others around, no outer quotes. */
export function cleanReason(raw: string): string {
  const line = raw
    .replace(/[\s\p{Zs}]+/gu, ' ')
    .replace(hostile, '')
    .trim();
  const close = closers[line[0] ?? ''];
  const bare = close && line.length > 1 && close.includes(line.at(-1) ?? ' ') ? line.slice(1, -1).trim() : line;
  return bare.toWellFormed();
}

function decode(text: string): { plain: string; spans: Span[] } {
  const spans: Span[] = [];
  let plain = '';
  let last = 0;
  for (const match of text.matchAll(entity)) {
    plain += unescapeText(text.slice(last, match.index));
    last = match.index + match[0].length;
    const read = readEntity(match[1] ?? '');
    if (read.kind) spans.push({ start: plain.length, end: plain.length + read.text.length, kind: read.kind });
    plain += read.text;
  }
  return { plain: plain + unescapeText(text.slice(last)), spans };
}

function unescapeText(text: string): string {
  return text.replace(/&(amp|lt|gt);/g, (_, name) => (name === 'amp' ? '&' : name === 'lt' ? '<' : '>'));
}

function readEntity(inner: string): { text: string; kind: Span['kind'] | null } {
  const bar = inner.indexOf('|');
  const head = bar < 0 ? inner : inner.slice(0, bar);
  const label = unescapeText(bar < 0 ? '' : inner.slice(bar + 1));
  if (head.startsWith('#')) return { text: `#${label || head.slice(1)}`, kind: 'mention' };
  if (head.startsWith('@')) return { text: `@${(label || head.slice(1)).replace(/^@/, '')}`, kind: 'mention' };
  if (head.startsWith('!date')) return { text: label || head, kind: 'mention' };
  if (head.startsWith('!'))
    return { text: `@${(label || head.slice(1).replace(/^subteam\^/, '')).replace(/^@/, '')}`, kind: 'mention' };
  const url = unescapeText(head);
  const bare = url.replace(/^(https?:\/\/|mailto:)/, '').replace(/\/$/, '');
  if (label && label.replace(/\/$/, '') === bare) return { text: label, kind: null };
  return { text: label && label !== url ? `${label} (${url})` : url, kind: 'link' };
}

function tokenise(plain: string, spans: readonly Span[], glue: Glue): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < plain.length) {
    const char = plain[at] ?? '';
    const inLink = spans.find(span => span.kind === 'link' && span.start === at);
    if (!inLink && (space.test(char) || separator.test(char))) {
      at += 1;
      continue;
    }
    const closed = closingQuote(plain, at);
    const end = inLink ? inLink.end : closed ? closed + 1 : wordEnd(plain, at, tokens.length === 0, glue);
    tokens.push(makeToken(plain, at, end, closed !== null, spans));
    at = end + (/[:=：＝]/.test(plain[end] ?? '') && closed === null && !inLink ? 1 : 0);
  }
  return tokens.filter(token => token.text !== '' || token.kind !== 'word');
}

function closingQuote(plain: string, at: number): number | null {
  const close = closers[plain[at] ?? ''];
  if (!close) return null;
  for (let index = at + 1; index < plain.length; index += 1) {
    if (!close.includes(plain[index] ?? '')) continue;
    const next = plain[index + 1] ?? ' ';
    if (space.test(next) || separator.test(next) || /[,;.)]/.test(next)) return index;
  }
  return null;
}

function wordEnd(plain: string, at: number, first: boolean, glue: Glue): number {
  const cut = gluedEnd(plain, at, first, glue);
  if (cut !== null) return cut;
  const name = glue.names.find(known => plain.startsWith(known, at));
  let end = at + (name?.length ?? 0);
  while (end < plain.length && !space.test(plain[end] ?? '') && !separator.test(plain[end] ?? '')) {
    const word = normalise(plain.slice(at, end).replace(dashes, '')).toLowerCase();
    if (end > at && /[:=：＝]/.test(plain[end] ?? '') && glue.keywords.has(word)) return end;
    if (/[\w.]/.test(plain[end - 1] ?? ' ') && glue.cjk.some(known => plain.startsWith(known, end))) return end;
    end += 1;
  }
  return end;
}

function gluedEnd(plain: string, at: number, first: boolean, glue: Glue): number | null {
  const from = at + (dashes.exec(plain.slice(at, at + 8))?.[0].length ?? 0);
  const name = glue.names.find(known => plain.startsWith(known, from));
  if (name) return glue.cjk.some(word => plain.startsWith(word, from + name.length)) ? from + name.length : null;
  const word = [...glue.cjk, ...(first ? glue.cjkFirst : [])].find(known => plain.startsWith(known, from));
  return word ? from + word.length : null;
}

function makeToken(plain: string, start: number, end: number, quoted: boolean, spans: readonly Span[]): Token {
  const raw = plain.slice(start, end);
  const span = spans.find(found => found.start < end && found.end > start);
  const inner = quoted ? raw.slice(1, -1) : raw;
  const dashed = !quoted && !span && dashes.test(raw);
  const text = normalise(dashed ? raw.replace(dashes, '') : inner).replace(quoted ? /^$/ : /[,;]+$/, '');
  return { text, raw, start, end, kind: span?.kind ?? (quoted ? 'quoted' : 'word'), dashed };
}

function normalise(text: string): string {
  const plainDashes = text
    .replace(/[‐‑−﹣－]/g, '-')
    .normalize('NFKC')
    .trim();
  return plainDashes.replace(/^[*`]+(?=.)|(?<=.)[*`]+$/g, '');
}
