import { stringify } from 'yaml';
import { unifiedDiff } from '../../domain/diff.ts';
import { hideSecretsInText, isSecretValue } from '../../domain/hide.ts';
import { type Note, note } from '../../domain/note.ts';
import { emptyPlan, type OperationDraft, type StepPlan } from '../../domain/plan.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { PlanContext } from '../../ports/executor.ts';
import type { ReadSecret } from '../../ports/secrets.ts';
import type { Connection } from './connect.ts';
import { consumerNotes, consumersOf } from './consumers.ts';
import {
  bytesOf,
  type Cell,
  type Cells,
  cellHashes,
  cellsOf,
  type Keyed,
  type KeyedPlace,
  keyedObject,
  keyedPatch,
  patchKeyed,
  readKeyed,
} from './keyed.ts';
import { cellsToSet, copySource, type KeyedChange, keyedFingerprint, refuseFixed } from './keyed-change.ts';
import { KubeError } from './kube-error.ts';
import type { Accepted } from './owners.ts';
import { keepSecretCopy } from './secret-copy.ts';

/** What a step asks for. */
export interface KeyedWish extends Accepted {
  readonly place: KeyedPlace;
  readonly values: (KeyedChange & { action: 'set' })['values'];
  readonly remove: readonly string[];
}

/** Old values up to so many bytes stand in the plan; more are kept in the cluster. */
const mostInPlan = 32_768;

/** Compiles a change of some keys: reads, asks the API server to try it without doing it, and freezes what was seen. */
export async function planKeyed(
  connection: Connection,
  readSecret: ReadSecret,
  wish: KeyedWish,
  context: PlanContext,
): Promise<StepPlan> {
  const { place } = wish;
  const { signal } = context;
  const object = keyedObject(place);
  const keyed = await readIt(connection, place, signal);
  const keys = [...Object.keys(wish.values), ...wish.remove].sort();
  const now = cellsOf(keyed, keys);
  const cells = await cellsToSet(readSecret, { kind: place.kind, values: wish.values }, keys);
  const { uid } = keyed.metadata;
  const before = cellHashes(place.kind, uid, now);
  const after = cellHashes(place.kind, uid, cells);
  if (keys.every(key => before[key] === after[key])) return emptyPlan;
  refuseFixed(object, wish, keyed);
  const dry = { dryRun: true, signal };
  await patchKeyed(connection, place, keyedPatch(keyed, cells), dry).catch(refuseUnaccepted(object));
  const kept = staysInside(place.kind, now)
    ? await keepSecretCopy(connection, place.namespace, copySource(place.kind, place.name, keyed, now), dry)
    : null;
  const shared = { ...place, uid };
  const change: KeyedChange = { ...shared, action: 'set', before, after, values: wish.values, copy: kept };
  const places = Object.fromEntries(Object.entries(now).map(([key, held]) => [key, held?.in ?? null]));
  const old = kept === null ? now : null;
  const back: KeyedChange = { ...shared, action: 'restore', before: after, after: before, old, places, copy: kept };
  const hidden = hiddenKeys(wish, now, cells);
  const diff = (from: Cells, to: Cells, names: readonly [string, string]) =>
    diffOf(place.kind, [from, to], names, hidden);
  const operation: OperationDraft = {
    object,
    body: change,
    preview: { summary: summaryOf(object, wish, keyed), diff: diff(now, cells, [`${object} now`, `${object} then`]) },
    fingerprint: keyedFingerprint(change, keyed),
    idempotent: true,
    inverse: {
      object,
      body: back,
      preview: {
        summary: note('keys-put-back', { object, keys }),
        diff: diff(cells, now, [`${object} then`, `${object} before`]),
      },
      idempotent: true,
    },
  };
  const notes = consumerNotes(object, await consumersOf(connection, place, signal));
  return { ...emptyPlan, ...notes, operations: [operation], expectedMs: 200 };
}

async function readIt(connection: Connection, place: KeyedPlace, signal: AbortSignal): Promise<Keyed> {
  try {
    return await readKeyed(connection, place, signal);
  } catch (error) {
    if (!(error instanceof KubeError) || error.status !== 404) throw error;
    const object = keyedObject(place);
    throw new Refusal(reason('plan-failed', { object, why: 'gone' }));
  }
}

/** Turns the API server's own refusal of a change into one of the plan. */
export function refuseUnaccepted(object: string): (error: unknown) => never {
  return error => {
    const refused = error instanceof KubeError && (error.status === 422 || error.status === 400);
    if (refused) throw new Refusal(reason('plan-failed', { object }, error.message));
    throw error;
  };
}

/** Whether old values may not stand in a plan: those of Secrets, what looks like one, and what is long. */
function staysInside(kind: KeyedPlace['kind'], now: Cells): boolean {
  const held = Object.entries(now).flatMap(([key, one]) => (one ? [[key, one] as const] : []));
  if (held.length === 0) return false;
  const size = held.reduce((sum, [, { value }]) => sum + value.length, 0);
  const secret = ([key, one]: readonly [string, Cell]) => isSecretValue(key, bytesOf(kind, one).toString('utf8'));
  return kind === 'Secret' || size > mostInPlan || held.some(secret);
}

/** Keys whose values nobody is shown: of a Secret all, else those that look secret or come by reference. */
function hiddenKeys({ place, values }: KeyedWish, now: Cells, cells: Cells): ReadonlySet<string> {
  const looksSecret = (key: string) =>
    [now[key], cells[key]].some(one => one && isSecretValue(key, '') && one.value !== '');
  const keys = Object.keys(now).filter(
    key => place.kind === 'Secret' || typeof values[key] === 'object' || looksSecret(key),
  );
  return new Set(keys);
}

function diffOf(
  kind: KeyedPlace['kind'],
  [from, to]: readonly [Cells, Cells],
  [before, after]: readonly [string, string],
  hidden: ReadonlySet<string>,
): string {
  const shown = (key: string, one: Cell | null | undefined): string | undefined => {
    if (!one) return undefined;
    if (hidden.has(key)) return '(hidden)';
    const bytes = bytesOf(kind, one);
    return one.in === 'binaryData' ? `(${bytes.length} bytes)` : hideSecretsInText(bytes.toString('utf8'));
  };
  const keys = Object.keys(from).sort();
  const was = Object.fromEntries(keys.map(key => [key, shown(key, from[key])]));
  const is = Object.fromEntries(
    keys.map(key => {
      const text = shown(key, to[key]);
      const unseen = text !== undefined && text === was[key] && from[key]?.value !== to[key]?.value;
      return [key, unseen ? `${text} (hidden values change)` : text];
    }),
  );
  const yaml = (values: Record<string, string | undefined>) => {
    const there = Object.entries(values).filter(([, text]) => text !== undefined);
    return there.length > 0 ? stringify(Object.fromEntries(there), { lineWidth: 0 }) : '';
  };
  return unifiedDiff({ before, after }, yaml(was), yaml(is));
}

function summaryOf(object: string, { values, remove }: KeyedWish, keyed: Keyed): Note {
  const there = (key: string) => keyed.data?.[key] !== undefined || keyed.binaryData?.[key] !== undefined;
  return note('keys-change', { object, set: Object.keys(values), removed: remove.filter(there) });
}
