import { unifiedDiff } from '../../domain/diff.ts';
import type { JsonObject } from '../../domain/json.ts';
import { type Note, note } from '../../domain/note.ts';
import type { OperationDraft } from '../../domain/plan.ts';
import { reason } from '../../domain/reason.ts';
import type { ApplyContext, Observation, Settlement } from '../../ports/executor.ts';
import type { Connection } from './connect.ts';
import { refuseUnaccepted } from './keyed-plan.ts';
import { moved } from './kube-error.ts';
import { type Live, liveObject, type ObjectPlace, patchLive, readLive, type WriteOptions } from './live-object.ts';
import { guardedWrite, settleBy } from './object-executor.ts';
import { asRead } from './objects.ts';
import { type Accepted, ownersOf, refuseOwners } from './owners.ts';
import { demandReceivers, type Receivers } from './receivers.ts';
import { hashOf } from './template.ts';

/** What every change of an object that splits traffic says. */
type Change = ObjectPlace & Receivers & Pick<Accepted, 'owners'> & { readonly uid: string } & JsonObject;

/** How one kind of object that splits traffic is looked at and written; its controller, if any, follows by itself. */
export interface Splitter<Body extends Change> {
  /** Whether the weights are those of the change, before or after it. */
  holds(change: Body, live: Live, side: 'before' | 'after'): boolean;
  /** Whether whoever leads the traffic has taken the object as it is; true where nobody says. */
  isTaken(live: Live): boolean;
  /** What the approver judged of it. */
  judged(live: Live): JsonObject;
  /** The operations of a JSON patch, with preconditions on what they replace. */
  patch(change: Body, live: Live): readonly JsonObject[];
  /** The weights as lines for people. */
  inWords(change: Body, side: 'before' | 'after'): readonly string[];
}

/** How long a gateway may take to take a route over, in ms. */
const limitMs = 60_000;

function fingerprintOf<Body extends Change>(splitter: Splitter<Body>, live: Live): string {
  return hashOf({ uid: live.metadata.uid, owners: ownersOf(live), ...splitter.judged(live) });
}

function stateOf<Body extends Change>(splitter: Splitter<Body>, change: Body, live: Live): Observation['state'] {
  if (live.metadata.uid !== change.uid || !splitter.holds(change, live, 'after')) return 'not-applied';
  return splitter.isTaken(live) ? 'applied' : 'in-progress';
}

/** Tries a change without doing it, and freezes it with its inverse. Throws `KubeError`. */
export async function draftSplit<Body extends Change>(
  splitter: Splitter<Body>,
  connection: Connection,
  { change, inverse }: { readonly change: Body; readonly inverse: Body },
  live: Live,
  signal: AbortSignal,
): Promise<OperationDraft> {
  const object = liveObject(change);
  await write(splitter, connection, change, live, { dryRun: true, signal }).catch(refuseUnaccepted(object));
  const preview = (body: Body, summary: Note) => {
    const lines = (side: 'before' | 'after') => `${splitter.inWords(body, side).join('\n')}\n`;
    return {
      summary,
      diff: unifiedDiff({ before: `${object} now`, after: `${object} then` }, lines('before'), lines('after')),
    };
  };
  const summary = note('traffic-shifts', { object, to: splitter.inWords(change, 'after') });
  const back = note('traffic-shifts-back', { object, to: splitter.inWords(inverse, 'after') });
  return {
    object,
    body: change,
    preview: preview(change, summary),
    fingerprint: fingerprintOf(splitter, live),
    idempotent: true,
    inverse: { object, body: inverse, preview: preview(inverse, back), idempotent: true },
  };
}

async function write<Body extends Change>(
  splitter: Splitter<Body>,
  connection: Connection,
  change: Body,
  live: Live,
  options: WriteOptions,
): Promise<void> {
  const guard = { op: 'test', path: '/metadata/uid', value: live.metadata.uid };
  const patch = [guard, ...asRead(live, options.dryRun), ...splitter.patch(change, live)];
  await patchLive(connection, change, patch, options);
}

/** What is there now, seen against a change. Throws `KubeError`. */
export async function observeSplit<Body extends Change>(
  splitter: Splitter<Body>,
  connection: Connection,
  change: Body,
  signal: AbortSignal,
): Promise<Observation> {
  const object = liveObject(change);
  const live = await readLive(connection, change, signal);
  if (!live) return { state: 'unknown', fingerprint: hashOf('gone'), note: note('object-gone', { object }) };
  const state = stateOf(splitter, change, live);
  const code = state === 'not-applied' ? 'traffic-not-at' : 'traffic-at';
  const told = note(code, { object, to: splitter.inWords(change, 'after') });
  return { state, fingerprint: fingerprintOf(splitter, live), note: told };
}

/** Writes a change; a second time finds it written. Refuses where the object moved, is somebody else's, or nobody could take the traffic. */
export async function applySplit<Body extends Change>(
  splitter: Splitter<Body>,
  connection: Connection,
  change: Body,
  { signal }: ApplyContext,
): Promise<void> {
  const object = liveObject(change);
  const look = async () => {
    const live = await readLive(connection, change, signal);
    if (!live) throw moved(object);
    return live;
  };
  const writeIt = async (live: Live) => {
    if (stateOf(splitter, change, live) !== 'not-applied') return;
    if (live.metadata.uid !== change.uid || !splitter.holds(change, live, 'before')) throw moved(object);
    refuseOwners(object, change, live);
    await demandReceivers(connection, object, change, signal);
    await write(splitter, connection, change, live, { dryRun: false, signal });
  };
  await guardedWrite(look, writeIt, signal);
}

/** Waits until whoever leads the traffic has taken the object, where anybody says so. */
export function settleSplit<Body extends Change>(
  splitter: Splitter<Body>,
  connection: Connection,
  change: Body,
  context: ApplyContext,
  clock: { now(): number },
): Promise<Settlement> {
  const object = liveObject(change);
  const look = async (): Promise<Settlement | null> => {
    const live = await readLive(connection, change, context.signal);
    const state = live ? stateOf(splitter, change, live) : 'not-applied';
    const told = note('traffic-at', { object, to: splitter.inWords(change, 'after') });
    if (state === 'applied') return { state: 'settled', note: told, served: true };
    if (state === 'not-applied') return { state: 'failed', reason: reason('target-changed', { object }), served: true };
    context.progress(told);
    return null;
  };
  const overdue = (): Settlement => {
    const facts = { object, cause: 'gateway-silent', ms: limitMs };
    return { state: 'failed', reason: reason('not-settled', facts), served: true };
  };
  return settleBy(object, look, overdue, { context, clock, limitMs });
}
