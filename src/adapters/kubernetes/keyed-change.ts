import { z } from 'zod';
import type { Json } from '../../domain/json.ts';
import { note } from '../../domain/note.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { ApplyContext, Observation } from '../../ports/executor.ts';
import { acceptedOwners } from '../../ports/owner-choice.ts';
import type { ReadSecret } from '../../ports/secrets.ts';
import { configValue, dataKey } from './configuration-input.ts';
import type { Connection } from './connect.ts';
import { objectName } from './input.ts';
import {
  bytesOf,
  type Cell,
  type Cells,
  cell,
  cellFrom,
  cellHashes,
  cellsOf,
  type Keyed,
  keyedFields,
  keyedObject,
  keyedPatch,
  patchKeyed,
  readKeyed,
} from './keyed.ts';
import { moved, unlessGone } from './kube-error.ts';
import { guardedWrite } from './object-executor.ts';
import { type Accepted, ownersOf, refuseOwners } from './owners.ts';
import { type CopySource, keepSecretCopy, readSecretCopy } from './secret-copy.ts';
import { hashOf } from './template.ts';

const hash = z.string().regex(/^[0-9a-f]{32}$/);
const shared = {
  ...keyedFields,
  ...acceptedOwners,
  uid: z.string().regex(/^[\w-]{1,64}$/),
  /** Hash of each key's value before and after; null where the key is not there. */
  before: z.record(dataKey, hash.nullable()),
  after: z.record(dataKey, hash.nullable()),
};

/** What an operation on a ConfigMap or Secret says: of a Secret hashes and references only. */
export const keyedBody = z.discriminatedUnion('action', [
  z.strictObject({
    action: z.literal('set'),
    ...shared,
    values: z.record(dataKey, configValue),
    /** The copy in the cluster that the old values are kept in first; null where the inverse holds them itself. */
    copy: objectName.nullable(),
  }),
  z.strictObject({
    action: z.literal('restore'),
    ...shared,
    /** The old values; null where they are kept in `copy`. */
    old: z.record(dataKey, cell.nullable()).nullable(),
    /** Which map each key stood in, null where it was not there: a copy does not tell. */
    places: z.record(dataKey, z.enum(['data', 'binaryData']).nullable()),
    copy: objectName.nullable(),
  }),
]);

/** A change of some keys of a ConfigMap or Secret. */
export type KeyedChange = z.infer<typeof keyedBody>;

/** Hash of what is written and was judged: identity, owners, whether it may change, and the keys' values. */
export function keyedFingerprint(change: Pick<KeyedChange, 'kind' | 'after'>, keyed: Keyed): string {
  const { uid } = keyed.metadata;
  const cells = cellHashes(change.kind, uid, cellsOf(keyed, Object.keys(change.after).sort()));
  return hashOf({ uid, owners: ownersOf(keyed), immutable: keyed.immutable, cells: Object.entries(cells) as Json });
}

const isAt = (change: KeyedChange, keyed: Keyed, wanted: Readonly<Record<string, string | null>>) => {
  const keys = Object.keys(wanted);
  const now = cellHashes(change.kind, keyed.metadata.uid, cellsOf(keyed, keys));
  return keyed.metadata.uid === change.uid && keys.every(key => now[key] === wanted[key]);
};

/** What is there now, seen against a change. Throws `KubeError`. */
export async function observeKeyed(
  connection: Connection,
  change: KeyedChange,
  signal: AbortSignal,
): Promise<Observation> {
  const object = keyedObject(change);
  const keyed = await unlessGone(readKeyed(connection, change, signal));
  if (!keyed) return { state: 'unknown', fingerprint: hashOf('gone'), note: note('object-gone', { object }) };
  const fingerprint = keyedFingerprint(change, keyed);
  const facts = { object, keys: Object.keys(change.after) };
  const applied = isAt(change, keyed, change.after);
  return {
    state: applied ? 'applied' : 'not-applied',
    fingerprint,
    note: note(applied ? 'keys-as-wanted' : 'keys-not-as-wanted', facts),
  };
}

/** Writes a change; a second time finds it written. Refuses where the object is neither what was approved nor what it is to become. */
export async function applyKeyed(
  connection: Connection,
  readSecret: ReadSecret,
  change: KeyedChange,
  { signal }: ApplyContext,
): Promise<void> {
  const write = async (keyed: Keyed) => {
    if (isAt(change, keyed, change.after)) return;
    if (!isAt(change, keyed, change.before)) throw moved(keyedObject(change));
    refuseFixed(keyedObject(change), change, keyed);
    const cells = await cellsWanted(connection, readSecret, change, signal);
    if (change.action === 'set' && change.copy !== null) {
      const source = copySource(change.kind, change.name, keyed, cellsOf(keyed, Object.keys(change.after)));
      const kept = await keepSecretCopy(connection, change.namespace, source, { dryRun: false, signal });
      if (kept !== change.copy) throw moved(keyedObject(change));
    }
    await patchKeyed(connection, change, keyedPatch(keyed, cells), { dryRun: false, signal });
  };
  await guardedWrite(() => readKeyed(connection, change, signal), write, signal);
}

/** Refuses what another tool owns, and what can never change again. */
export function refuseFixed(object: string, accepted: Accepted, keyed: Keyed): void {
  refuseOwners(object, accepted, keyed);
  if (!keyed.immutable) return;
  throw new Refusal(reason('plan-failed', { object, why: 'fixed' }));
}

/** The old values of some keys, as a copy in the cluster holds them. */
export function copySource(kind: KeyedChange['kind'], name: string, keyed: Keyed, cells: Cells): CopySource {
  const data = Object.entries(cells).flatMap(([key, held]) =>
    held ? [[key, bytesOf(kind, held).toString('base64')] as const] : [],
  );
  return { kind, name, type: keyed.type ?? null, data: Object.fromEntries(data) };
}

/** The cells that a change writes; the values are read where they lie, and refused where they are not those that were planned. */
async function cellsWanted(
  connection: Connection,
  readSecret: ReadSecret,
  change: KeyedChange,
  signal: AbortSignal,
): Promise<Cells> {
  const cells =
    change.action === 'set'
      ? await cellsToSet(readSecret, change, Object.keys(change.after))
      : await cellsToRestore(connection, change, signal);
  const made = cellHashes(change.kind, change.uid, cells);
  const other = Object.entries(change.after).filter(([key, wanted]) => (made[key] ?? null) !== wanted);
  if (other.length === 0) return cells;
  const object = keyedObject(change);
  const facts = { object, why: 'other-value', keys: other.map(([key]) => key) };
  throw new Refusal(reason(change.action === 'set' ? 'target-changed' : 'cannot-revert', facts));
}

/** The cells that setting and removing keys makes; what is set always stands in `data`. Throws a `Refusal` where a reference holds nothing. */
export async function cellsToSet(
  readSecret: ReadSecret,
  { kind, values }: Pick<KeyedChange & { action: 'set' }, 'kind' | 'values'>,
  keys: readonly string[],
): Promise<Cells> {
  const made = keys.map(async (key): Promise<readonly [string, Cell | null]> => {
    const value = Object.hasOwn(values, key) ? values[key] : undefined;
    if (value === undefined) return [key, null];
    const text = typeof value === 'string' ? value : await readSecret(value);
    return [key, cellFrom(kind, 'data', Buffer.from(text, 'utf8'))];
  });
  return Object.fromEntries(await Promise.all(made));
}

async function cellsToRestore(
  connection: Connection,
  change: KeyedChange & { action: 'restore' },
  signal: AbortSignal,
): Promise<Cells> {
  if (change.copy === null) return change.old ?? {};
  const copy = await readSecretCopy(connection, change.namespace, change.copy, signal);
  if (!copy) {
    const facts = { object: keyedObject(change), copy: `${change.namespace}/${change.copy}` };
    throw new Refusal(reason('cannot-revert', { ...facts, why: 'copy-gone' }));
  }
  return Object.fromEntries(
    Object.entries(change.places).map(([key, map]) => {
      const kept = copy.data[key];
      return [key, map && kept !== undefined ? cellFrom(change.kind, map, Buffer.from(kept, 'base64')) : null];
    }),
  );
}
