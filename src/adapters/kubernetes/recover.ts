import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import { type Note, note } from '../../domain/note.ts';
import type { OperationDraft } from '../../domain/plan.ts';
import type { ApplyContext, Observation, PlanContext, Settlement } from '../../ports/executor.ts';
import { type Change, readChange, sharedBody } from './change.ts';
import type { Connection } from './connect.ts';
import { objectOf, placeOf } from './input.ts';
import { type Draft, draftOperation } from './judged.ts';
import { moved, unlessGone } from './kube-error.ts';
import { type Pod, readPods } from './objects.ts';
import { isReady, rolloutState } from './rollout.ts';
import { settleChange } from './settle.ts';
import { deletePod, hangingPods, tendPods } from './stuck.ts';
import { hashOf, templateHash } from './template.ts';
import { currentRevision, podsOf, readWorld, type World } from './world.ts';

const { uid, after, version, graceSeconds, ...place } = sharedBody;

/** What the recovery of a StatefulSet says: `heal` deletes pods that hang, `leave` is its inverse, as deleted pods come back by themselves. */
const recoveryBody = z.strictObject({
  action: z.enum(['heal', 'leave']),
  ...place,
  uid,
  after,
  version,
  graceSeconds,
});

/** A recovery of a StatefulSet whose pods hang on the release before. */
export type Recovery = z.infer<typeof recoveryBody>;

/** Reads an operation's body; a body that is none is refused before any request. */
export function readBody(body: JsonObject): Change | Recovery {
  const recovery = recoveryBody.safeParse(body);
  return recovery.success ? recovery.data : readChange(body);
}

/** Tells the two kinds of body apart. */
export function isRecovery(body: Change | Recovery): body is Recovery {
  return body.action === 'heal' || body.action === 'leave';
}

/** A change with what has to follow it, ready to be journalled. */
export interface DraftedChange {
  readonly operation: OperationDraft;
  /** The operation that deletes hanging pods, where any do; journalled by itself. */
  readonly recovery: readonly OperationDraft[];
  readonly warnings: readonly Note[];
}

/**
 * Drafts a change; where pods of a StatefulSet hang now, the change is done as soon as the controller has taken it, and a second
 * operation deletes them in turn, those among them that begin to hang meanwhile. Throws `KubeError` where we may not delete pods.
 */
export async function draftChange(connection: Connection, draft: Draft, context: PlanContext): Promise<DraftedChange> {
  const { world, change } = draft;
  const hanging = await hangingAfter(connection, draft, context.signal);
  const [first] = hanging;
  if (!first) return { ...(await draftOperation(connection, draft, context)), recovery: [] };
  await deletePod(connection, change, first, { dryRun: true, signal: context.signal });
  const drafted = await draftOperation(connection, { ...draft, change: { ...change, waitFor: 'observed' } }, context);
  const { uid: of, after: goal, version: label, graceSeconds: grace } = readChange(drafted.operation.body);
  const said = { uid: of, after: goal, version: label, graceSeconds: grace };
  const body: Recovery = { action: 'heal', ...placeOf(change), ...said };
  const object = objectOf(change);
  const names = hanging.map(pod => pod.metadata.name);
  const recovery: OperationDraft = {
    object,
    body,
    preview: { summary: note('hanging-pods-deleted', { object, names }), diff: '' },
    fingerprint: fingerprintOf(body, world),
    idempotent: true,
    inverse: {
      object,
      body: { ...body, action: 'leave' },
      preview: { summary: note('pods-come-back', { object }), diff: '' },
      idempotent: true,
    },
  };
  return { ...drafted, recovery: [recovery] };
}

/** The pods that will hang once the draft's template is there. */
async function hangingAfter(connection: Connection, draft: Draft, signal: AbortSignal): Promise<readonly Pod[]> {
  const { world, change, template } = draft;
  const { spec } = world.workload;
  if (world.workload.kind !== 'StatefulSet' || !spec.strategy.ordered) return [];
  const pods = await readPods(connection, change.namespace, spec.selector, signal);
  return hangingPods({ ...world, workload: { ...world.workload, spec: { ...spec, template } } }, pods).all;
}

/** How the pods are replaced is what was judged; which of them hang moves by the minute. */
function fingerprintOf(recovery: Recovery, { workload }: World): string {
  return hashOf({ uid: workload.metadata.uid, strategy: { ...workload.spec.strategy }, action: recovery.action });
}

/** What is there now, seen against a recovery. Throws `KubeError`. */
export async function observeRecovery(
  connection: Connection,
  recovery: Recovery,
  signal: AbortSignal,
): Promise<Observation> {
  const object = objectOf(recovery);
  const world = await unlessGone(readWorld(connection, recovery, signal));
  if (!world) return { state: 'unknown', fingerprint: hashOf('gone'), note: note('deployment-gone', { object }) };
  const fingerprint = fingerprintOf(recovery, world);
  if (recovery.action === 'leave') return { state: 'applied', fingerprint, note: note('pods-come-back', { object }) };
  const { metadata, spec } = world.workload;
  const facts = { object, version: recovery.version };
  if (metadata.uid !== recovery.uid || templateHash(spec.template) !== recovery.after) {
    return { state: 'not-applied', fingerprint, note: note('deployment-is-not-at', facts) };
  }
  const pods = await readPods(connection, recovery.namespace, spec.selector, signal);
  const names = hangingPods(world, pods).all.map(pod => pod.metadata.name);
  if (names.length > 0) return { state: 'not-applied', fingerprint, note: note('pods-hang', { object, names }) };
  const ready = podsOf(currentRevision(world), pods).filter(isReady).length;
  const done = rolloutState(world.workload, ready).phase === 'done';
  const counts = { ready, pods: spec.replicas };
  return {
    state: done ? 'applied' : 'in-progress',
    fingerprint,
    note: note('deployment-is-at', { ...facts, ...counts }),
  };
}

/** Deletes the lowest pod that hangs; the others follow while the recovery settles, each after the replacement of the one below. */
export async function applyRecovery(connection: Connection, recovery: Recovery, context: ApplyContext): Promise<void> {
  if (recovery.action === 'leave') return;
  const { signal } = context;
  const world = await readWorld(connection, recovery, signal);
  const { metadata, spec } = world.workload;
  if (metadata.uid !== recovery.uid || templateHash(spec.template) !== recovery.after) {
    throw moved(objectOf(recovery));
  }
  await tendPods(
    connection,
    recovery,
    world,
    await readPods(connection, recovery.namespace, spec.selector, signal),
    signal,
  );
}

/** Waits for the rollout and deletes further pods that hang, each in its turn. */
export async function settleRecovery(
  connection: Connection,
  recovery: Recovery,
  context: ApplyContext,
  clock: { now(): number },
): Promise<Settlement> {
  if (recovery.action === 'leave') {
    return { state: 'settled', note: note('pods-come-back', { object: objectOf(recovery) }), served: false };
  }
  const tend = (world: World, pods: readonly Pod[]) => tendPods(connection, recovery, world, pods, context.signal);
  return settleChange(connection, { ...recovery, waitFor: 'rollout' }, context, clock, tend);
}
