import { createHash } from 'node:crypto';
import { endsLine, eolOf, joinParts, meaningOf, type Part, parseEnvFile, partText, writeValue } from './parse.ts';

type Entry = Extract<Part, { kind: 'entry' }>;

const entriesOf = (parts: readonly Part[], key: string): Entry[] =>
  parts.filter((part): part is Entry => part.kind === 'entry' && part.key === key);

/** The values of some keys as a file writes them, every duplicate in order. */
function rawValues(text: string, keys: readonly string[]): Record<string, string[]> {
  const parts = parseEnvFile(text);
  return Object.fromEntries([...keys].sort().map(key => [key, entriesOf(parts, key).map(entry => entry.raw)]));
}

/** Hash of how a file writes some keys; `salt` keeps hashes of different runs apart. */
export function keyHash(text: string, keys: readonly string[], salt: string): string {
  return createHash('sha256')
    .update(JSON.stringify([salt, rawValues(text, keys)]))
    .digest('hex');
}

/** Whether every duplicate of each key means the wanted value, and none is missing. */
export function means(text: string, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(rawValues(text, Object.keys(wanted))).every(
    ([key, raws]) => raws.length > 0 && raws.every(raw => meaningOf(raw) === wanted[key]),
  );
}

/** A value that no form of writing makes every reader read alike. */
export class Unwritable extends Error {
  readonly key: string;
  constructor(key: string) {
    super(`the value of ${key} cannot be written so that every reader reads the same`);
    this.key = key;
  }
}

/** The file with every duplicate of each key set and missing keys appended; all else byte for byte as it was. */
export function setKeys(text: string, wanted: Readonly<Record<string, string>>): string {
  const parts = parseEnvFile(text);
  const eol = eolOf(text);
  const write = (key: string, like: string | null): string => {
    const raw = writeValue(wanted[key] ?? '', like);
    if (raw === null) throw new Unwritable(key);
    return raw;
  };
  const changed = parts.map(part => {
    if (part.kind === 'other' || !Object.hasOwn(wanted, part.key)) return part;
    return meaningOf(part.raw) === wanted[part.key] ? part : { ...part, raw: write(part.key, part.raw) };
  });
  const missing = Object.keys(wanted).filter(key => entriesOf(parts, key).length === 0);
  const body = joinParts(changed);
  const joint = missing.length > 0 && !endsLine(body) ? eol : '';
  return body + joint + missing.map(key => `${key}=${write(key, null)}${eol}`).join('');
}

/** The file with some keys as a backup has them; where nothing else changed since, the backup byte for byte. */
export function restoreKeys(text: string, backup: string, keys: readonly string[]): string {
  const old = parseEnvFile(backup);
  let parts = parseEnvFile(text);
  for (const key of keys) parts = restoreKey(parts, key, entriesOf(old, key));
  const restored = joinParts(parts);
  return restored === backup + eolOf(text) ? backup : restored;
}

function restoreKey(parts: readonly Part[], key: string, old: readonly Entry[]): Part[] {
  const isKey = (part: Part): boolean => part.kind === 'entry' && part.key === key;
  const now = entriesOf(parts, key);
  let seen = 0;
  if (now.length === old.length)
    return parts.map(part =>
      part.kind === 'entry' && isKey(part) ? { ...part, raw: old[seen++]?.raw ?? part.raw } : part,
    );
  const first = parts.findIndex(isKey);
  const at = first < 0 ? parts.length : first;
  const rest = parts.filter(part => !isKey(part));
  return [...rest.slice(0, at), ...old, ...rest.slice(at)];
}

/** A diff of the changed keys; `hide` says whose values are not shown. */
export function keyDiff(
  file: string,
  before: string,
  after: string,
  keys: readonly string[],
  hide: (key: string, raw: string) => boolean,
): string {
  const old = parseEnvFile(before);
  const lines = keys.flatMap(key => {
    const was = entriesOf(old, key);
    const is = entriesOf(parseEnvFile(after), key);
    const line = (sign: string, entry: Entry, secret: string): string =>
      `${sign}${hide(key, entry.raw) ? `${entry.before}${secret}` : partText(entry).trimEnd()}`;
    const rows = is.map((entry, index): [Entry | undefined, Entry] => [was[index], entry]);
    return rows
      .filter(([from, to]) => from?.raw !== to.raw)
      .flatMap(([from, to]) => [
        ...(from ? [line('-', from, '(hidden)')] : []),
        line('+', to, from ? '(hidden, changed)' : '(hidden, new)'),
      ]);
  });
  return lines.length > 0 ? [`--- ${file}`, `+++ ${file}`, ...lines].join('\n') : '';
}
