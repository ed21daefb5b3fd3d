import { stringify } from 'yaml';
import { unifiedDiff } from '../../domain/diff.ts';
import { hideSecrets } from '../../domain/hide.ts';
import type { Json, JsonObject } from '../../domain/json.ts';
import type { Comparison, Part } from './manifest.ts';
import { wordsOf } from './manifest.ts';

/** A diff of two texts takes memory by the product of their lines; longer ones are told by their size alone. */
const mostLines = 2_000;
/** The longest preview that is kept with a plan, in characters. */
const longest = 60_000;

/** What a rollback does to each object, for people: YAML, nothing of a Secret but the names of its keys, values that look secret hidden. */
export function manifestDiff(compared: Comparison, names: { readonly before: string; readonly after: string }): string {
  const all = [
    ...compared.changed.map(({ before, after }) => partDiff(before, after, names)),
    ...compared.created.map(part => partDiff(null, part, names)),
    ...compared.deleted.map(part => partDiff(part, null, names)),
  ];
  const text = all.join('\n');
  if (text.length <= longest) return text;
  const cut = text.lastIndexOf('\n', longest);
  return `${text.slice(0, cut)}\n… ${text.slice(cut + 1).split('\n').length} more lines`;
}

function partDiff(
  before: Part | null,
  after: Part | null,
  names: { readonly before: string; readonly after: string },
): string {
  const name = wordsOf((after ?? before) as Part);
  const heads = {
    before: before ? `${name} ${names.before}` : '/dev/null',
    after: after ? `${name} ${names.after}` : '/dev/null',
  };
  const [was, is] = [shown(before, null), shown(after, before)];
  const lines = was.length + is.length;
  if (lines > mostLines) return `--- ${heads.before}\n+++ ${heads.after}\n (${was.length} lines become ${is.length})`;
  if (!before || !after) {
    const mark = after ? '+' : '-';
    return [`--- ${heads.before}`, `+++ ${heads.after}`, ...(after ? is : was).map(line => mark + line)].join('\n');
  }
  const diff = unifiedDiff(heads, was.join('\n'), is.join('\n'));
  return diff || `--- ${heads.before}\n+++ ${heads.after}\n (hidden values change)`;
}

/** The lines of an object; of a Secret's values only those are marked that differ from what was there `before`. */
function shown(part: Part | null, before: Part | null): string[] {
  if (!part) return [];
  const body = part.kind === 'Secret' ? withoutValues(part.body, before?.body ?? null) : hideSecrets(part.body);
  return stringify(body, { lineWidth: 0 }).trimEnd().split('\n');
}

/** A Secret by the names of its keys, and whether the value of each becomes another one. */
function withoutValues(secret: JsonObject, before: JsonObject | null): JsonObject {
  const hide = (field: 'data' | 'stringData'): JsonObject => {
    const values = secret[field];
    if (!isObject(values)) return {};
    const then = before && isObject(before[field]) ? before[field] : values;
    const word = (key: string) => (values[key] === then[key] ? '(hidden)' : '(hidden, another value)');
    return { [field]: Object.fromEntries(Object.keys(values).map(key => [key, word(key)])) };
  };
  const { data: _, stringData: __, ...rest } = secret;
  const { metadata } = rest;
  const annotations = isObject(metadata) && isObject(metadata.annotations) ? metadata.annotations : null;
  const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
  const safe =
    isObject(metadata) && annotations && lastApplied in annotations
      ? { ...rest, metadata: { ...metadata, annotations: { ...annotations, [lastApplied]: '(hidden)' } } }
      : rest;
  return { ...(hideSecrets(safe) as JsonObject), ...hide('data'), ...hide('stringData') };
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
