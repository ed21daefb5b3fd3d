import { stringify } from 'yaml';
import { unifiedDiff } from '../../domain/diff.ts';
import { hideSecrets } from '../../domain/hide.ts';
import { type Note, note } from '../../domain/note.ts';
import type { Connection } from './connect.ts';
import { type Consumer, consumersOf } from './consumers.ts';
import { type Content, keysOf } from './content.ts';
import { type Place, workloadOf } from './input.ts';
import { keyedObject } from './keyed.ts';
import type { Restore } from './restore-configuration.ts';

/** Keys whose values are not the same, in order. */
export function changedKeys(before: Content | null, after: Content): string[] {
  const of = (content: Content | null, key: string) => content?.data[key] ?? content?.binaryData[key];
  const keys = new Set([...(before ? keysOf(before) : []), ...keysOf(after)]);
  return [...keys].filter(key => of(before, key) !== of(after, key)).sort();
}

/** The difference of two contents for people: of a Secret the keys alone, of a ConfigMap what does not look secret. */
export function diffOf(
  restore: Pick<Restore, 'kind' | 'namespace' | 'name'>,
  before: Content | null,
  after: Content | null,
) {
  const object = keyedObject(restore);
  const names = { before: `${object} before`, after: `${object} after` };
  const shown = unifiedDiff(names, textOf(restore.kind, before), textOf(restore.kind, after));
  return shown === '' ? `--- ${names.before}\n+++ ${names.after}\n (hidden values change)` : shown;
}

function textOf(kind: Restore['kind'], content: Content | null): string {
  if (!content) return '';
  const binary = Object.fromEntries(Object.keys(content.binaryData).map(key => [key, '(bytes)']));
  const keys = Object.keys(content.data).sort();
  const data = Object.fromEntries(keys.map(key => [key, kind === 'Secret' ? '(hidden)' : (content.data[key] ?? '')]));
  return stringify({ data: kind === 'Secret' ? data : hideSecrets(data), ...binary }, { lineWidth: 0 });
}

/** Which other workloads read the same object: they get the old content too. */
export async function sharedWith(
  connection: Connection,
  place: Place,
  restore: Pick<Restore, 'kind' | 'namespace' | 'name'>,
  signal: AbortSignal,
): Promise<{ readonly others: readonly Consumer[]; readonly notChecked: readonly Note[] }> {
  const { kind, name } = workloadOf(place);
  const self = `${kind.toLowerCase()} ${name}`;
  const { found, unread } = await consumersOf(connection, restore, signal);
  const object = keyedObject(restore);
  return {
    others: found.filter(({ workload }) => workload !== self),
    notChecked: unread.length > 0 ? [note('readers-not-listed', { object, names: unread })] : [],
  };
}
