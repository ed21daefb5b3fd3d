import { note } from '../../domain/note.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { ApplyContext, Observation, Settlement } from '../../ports/executor.ts';
import {
  type Applying,
  type ApplyManifest,
  applyFingerprint,
  contentOf,
  type OldValues,
  outcomeOf,
  type Restore,
  valuesAt,
  valuesHash,
  workloadPlace,
} from './apply-body.ts';
import { valueAt } from './apply-fields.ts';
import type { Connection } from './connect.ts';
import { waitFor } from './judged.ts';
import { moved } from './kube-error.ts';
import { applyLive, type Live, liveObject, patchLive, readLive } from './live-object.ts';
import { guardedWrite, settleBy } from './object-executor.ts';
import { refuseOwners } from './owners.ts';
import { type CopySource, keepSecretCopy, readSecretCopy } from './secret-copy.ts';
import { settleChange } from './settle.ts';
import { readWorkload } from './workload.ts';

/** Longer than any write takes to be seen, in ms. */
const limitMs = 15_000;
/** Under which key a copy holds the old values of an object, as JSON. */
const copyKey = 'values.json';

/** What is there now, seen against an operation. Throws `KubeError`. */
export async function observeApply(connection: Connection, body: Applying, signal: AbortSignal): Promise<Observation> {
  const object = liveObject(body);
  if (body.action === 'leave') return { state: 'applied', fingerprint: '', note: note('object-stays', { object }) };
  const live = await readLive(connection, body, signal);
  const fingerprint = applyFingerprint(body, live);
  if (!live) {
    const state = body.action === 'apply' && body.uid === null ? 'not-applied' : 'unknown';
    return { state, fingerprint, note: note(state === 'unknown' ? 'object-gone' : 'object-absent', { object }) };
  }
  const applied = isDone(body, live);
  const code = body.action === 'apply' ? 'object-as-manifest' : 'object-as-before';
  return {
    state: applied ? 'applied' : 'not-applied',
    fingerprint,
    note: note(applied ? code : 'object-not-yet', { object }),
  };
}

function isDone(body: ApplyManifest | Restore, live: Live): boolean {
  if (body.uid !== null && live.metadata.uid !== body.uid) return false;
  return (body.action === 'apply' ? outcomeOf(body, live) : valuesHash(live, body.pointers)) === body.after;
}

/** Writes; a second time finds it written. Refuses where the object is neither what was approved nor what it is to become. */
export async function applyApply(connection: Connection, body: Applying, { signal }: ApplyContext): Promise<void> {
  if (body.action === 'leave') return;
  const write = async (live: Live | null) => {
    if (live && isDone(body, live)) return;
    if ((live?.metadata.uid ?? null) !== body.uid) throw moved(liveObject(body));
    if (live) refuseOwners(liveObject(body), body, live);
    if (body.action === 'apply') await writeManifest(connection, body, live, signal);
    else if (live) await writeBack(connection, body, live, signal);
  };
  await guardedWrite(() => readLive(connection, body, signal), write, signal);
}

async function writeManifest(connection: Connection, body: ApplyManifest, live: Live | null, signal: AbortSignal) {
  if (contentOf(body, live) !== body.before) throw moved(liveObject(body));
  if (body.copy !== null && live) {
    const source = oldSource(body, valuesAt(live, body.pointers));
    const kept = await keepSecretCopy(connection, body.namespace, source, { dryRun: false, signal });
    if (kept !== body.copy) throw moved(liveObject(body));
  }
  await applyLive(connection, body, body.manifest, live, { dryRun: false, force: body.force, signal });
}

async function writeBack(connection: Connection, body: Restore, live: Live, signal: AbortSignal): Promise<void> {
  if (valuesHash(live, body.pointers) !== body.before) throw moved(liveObject(body));
  const old = await oldValues(connection, body, signal);
  await patchLive(connection, body, restorePatch(live, old), { dryRun: false, signal });
}

/** The JSON patch that puts old values back, valid only while the object is the one that was read, and each of these places as it was. */
function restorePatch(live: Live, old: OldValues) {
  const changes = old.flatMap(({ at, was }) => {
    const now = valueAt(live.raw, at);
    const test = now === undefined ? [] : [{ op: 'test', path: at, value: now }];
    if (was !== undefined) return [...test, { op: now === undefined ? 'add' : 'replace', path: at, value: was }];
    return now === undefined ? [] : [...test, { op: 'remove', path: at }];
  });
  const whole = live.metadata.generation === 0 || old.some(({ at }) => valueAt(live.raw, at) === undefined);
  const { uid, resourceVersion, generation } = live.metadata;
  return [
    { op: 'test', path: '/metadata/uid', value: uid },
    // Values that came back would let in a worker that was held up meanwhile; a status may move.
    ...(generation > 0 ? [{ op: 'test', path: '/metadata/generation', value: generation }] : []),
    ...(whole ? [{ op: 'test', path: '/metadata/resourceVersion', value: resourceVersion }] : []),
    ...changes,
  ];
}

/** Old values as a copy in the cluster holds them. */
export function oldSource(body: Pick<Restore, 'kind' | 'name'>, values: OldValues): CopySource {
  const data = { [copyKey]: Buffer.from(JSON.stringify(values)).toString('base64') };
  return { kind: body.kind, name: body.name, type: null, data };
}

async function oldValues(connection: Connection, body: Restore, signal: AbortSignal): Promise<OldValues> {
  if (body.copy === null) return body.old ?? [];
  const copy = await readSecretCopy(connection, body.namespace, body.copy, signal);
  const text = copy?.data[copyKey];
  if (text !== undefined) return JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as OldValues;
  const facts = { object: liveObject(body), copy: `${body.namespace}/${body.copy}` };
  throw new Refusal(reason('cannot-revert', { ...facts, why: 'copy-gone' }));
}

/** Waits until the object is as written and, of a workload, until its pods are of the new template or provably will not be. */
export async function settleApply(
  connection: Connection,
  body: Applying,
  context: ApplyContext,
  clock: { now(): number },
): Promise<Settlement> {
  const object = liveObject(body);
  if (body.action === 'leave') return { state: 'settled', note: note('object-stays', { object }), served: false };
  const look = async (): Promise<Settlement | null> => {
    const seen = await observeApply(connection, body, context.signal);
    return seen.state === 'applied' ? { state: 'settled', note: seen.note, served: false } : null;
  };
  const overdue = (): Settlement => ({ state: 'failed', reason: reason('not-settled', { object }), served: false });
  const written = await settleBy(object, look, overdue, { context, clock, limitMs });
  const place = workloadPlace(body);
  if (written.state === 'failed' || !place || !body.template) return written;
  const workload = await readWorkload(connection, place, context.signal);
  const { hash, version } = body.template;
  const uid = body.uid ?? workload.metadata.uid;
  const { graceSeconds } = body;
  const awaited = { ...place, after: hash, version, uid, graceSeconds, waitFor: waitFor(workload) };
  return settleChange(connection, awaited, context, clock);
}
