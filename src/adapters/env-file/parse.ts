/**
 * An env file as bytes (one latin1 character each): every part joined in order is the file again, byte for byte.
 * `entry` is one assignment; `other` is everything between (comments, blank lines, what nobody can read).
 */
export type Part =
  | { readonly kind: 'other'; readonly text: string }
  | {
      readonly kind: 'entry';
      readonly key: string;
      /** Spaces, `export`, key, `=` and the spaces behind it. */
      readonly before: string;
      /** The value as written, with its quotes. */
      readonly raw: string;
      /** Spaces, a comment and the line end. */
      readonly after: string;
    };

const head = /[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*/y;
const trailing = /[ \t]*(?:#[^\r\n]*)?(?:\r\n|\n|\r|$)/y;

/** Splits an env file; quoted values may span lines. */
export function parseEnvFile(text: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  while (at < text.length) {
    const entry = entryAt(text, at);
    const part: Part = entry ?? { kind: 'other', text: lineAt(text, at) };
    parts.push(part);
    at += partText(part).length;
  }
  return parts;
}

/** A part as it stands in the file. */
export function partText(part: Part): string {
  return part.kind === 'other' ? part.text : part.before + part.raw + part.after;
}

/** The file again. */
export function joinParts(parts: readonly Part[]): string {
  return parts.map(partText).join('');
}

function entryAt(text: string, at: number): Part | null {
  head.lastIndex = at;
  const found = head.exec(text);
  const [before, key] = found ?? [];
  if (before === undefined || key === undefined) return null;
  const start = at + before.length;
  const raw = quotedAt(text, start) ?? bareAt(text, start);
  trailing.lastIndex = start + raw.length;
  const after = trailing.exec(text)?.[0] ?? '';
  return { kind: 'entry', key, before, raw, after };
}

/** A quoted value whose line holds nothing behind it but a comment; a quote that never closes is an ordinary character. */
function quotedAt(text: string, start: number): string | null {
  const quote = text[start];
  if (quote !== '"' && quote !== "'" && quote !== '`') return null;
  for (let end = start + 1; end < text.length; end += 1) {
    if (text[end] === '\\' && quote === '"') end += 1;
    else if (text[end] === quote) {
      trailing.lastIndex = end + 1;
      return trailing.test(text) ? text.slice(start, end + 1) : null;
    }
  }
  return null;
}

/** A bare value: up to the line end, less a comment that a blank sets off, less blanks at its end. */
function bareAt(text: string, start: number): string {
  const line = lineAt(text, start).replace(/[\r\n]+$/, '');
  const comment = line.search(/(?:^|[ \t])#/);
  return (comment < 0 ? line : line.slice(0, comment)).replace(/[ \t]+$/, '');
}

function lineAt(text: string, at: number): string {
  const newline = /\r\n|\n|\r/g;
  newline.lastIndex = at;
  const found = newline.exec(text);
  return text.slice(at, found ? found.index + found[0].length : text.length);
}

/** The line end a file uses: that of its first line, else a newline. */
export function eolOf(text: string): string {
  return /\r\n|\n|\r/.exec(text)?.[0] ?? '\n';
}

/** Whether a text ends where a new line may begin. */
export function endsLine(text: string): boolean {
  return text === '' || /[\r\n]$/.test(text);
}

/** What a raw value means to every reader alike; null where readers disagree (an unspaced `#`, `$`, escapes). */
export function meaningOf(raw: string): string | null {
  const quote = raw[0];
  if (raw.length >= 2 && (quote === "'" || quote === '"') && raw.at(-1) === quote) {
    const inner = raw.slice(1, -1);
    return quote === "'" || !/[\\$`]/.test(inner) ? inner : null;
  }
  return /["'`\\$#]/.test(raw) ? null : raw;
}

/** Writes a value so that shells, dotenv and Compose read the same; null where no form does that. */
export function writeValue(value: string, like: string | null): string | null {
  if ([...value].some(letter => letter < ' ' || letter === '\x7f')) return null;
  const single = value.includes("'") ? null : `'${value}'`;
  const double = /["\\$`]/.test(value) ? null : `"${value}"`;
  if (like?.startsWith("'") && single) return single;
  if (like?.startsWith('"') && double) return double;
  if (/^[A-Za-z0-9_.,:/@%+=-]*$/.test(value)) return value;
  return double ?? single;
}
