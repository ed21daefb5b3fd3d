import { note } from '../../domain/note.ts';
import { reason } from '../../domain/reason.ts';
import type { ApplyContext, Observation, Settlement } from '../../ports/executor.ts';
import { type Autoscaler, type Limits, limitsOf, patchLimits, readAutoscalers } from './autoscalers.ts';
import type { Connection } from './connect.ts';
import { type Counted, patchReplicas, readCounted, readPodsOf } from './counted.ts';
import { type Failure, notSettled, withLastWords } from './failing.ts';
import { objectOf } from './input.ts';
import { moved, unlessGone } from './kube-error.ts';
import { lasting, type Problems } from './lasting.ts';
import { guardedWrite, settleBy } from './object-executor.ts';
import { ownersOf, refuseOwners } from './owners.ts';
import { isAlive, problemsOf } from './pods.ts';
import { isReady } from './rollout.ts';
import type { Scaling } from './scale-input.ts';
import { hashOf } from './template.ts';

/** A workload with the autoscalers that scale it. */
export interface Scaled {
  readonly workload: Counted;
  readonly autoscalers: readonly Autoscaler[];
}

const same = (one: Limits, other: Limits) => one.min === other.min && one.max === other.max;

/** Reads a workload and what scales it. Throws `KubeError`. */
async function readScaled(connection: Connection, place: Scaling, signal: AbortSignal): Promise<Scaled> {
  const [workload, autoscalersOf] = await Promise.all([
    readCounted(connection, place, signal),
    readAutoscalers(connection, place.namespace, signal),
  ]);
  return { workload, autoscalers: autoscalersOf(place) };
}

/** Hash of what is written and was judged; a count that an autoscaler moves by itself is no part of it. */
export function fingerprintOf(scaling: Scaling, { workload, autoscalers }: Scaled): string {
  return hashOf({
    uid: workload.metadata.uid,
    replicas: scaling.autoscaler ? null : workload.spec.replicas,
    autoscalers: autoscalers.map(found => [found.metadata.uid, found.spec.minReplicas, found.spec.maxReplicas]),
    owners: ownersOf(workload),
  });
}

/** Whether the count is the wanted one; where an autoscaler is at work, any count that it may choose. */
function isWanted({ to, autoscaler }: Scaling, replicas: number): boolean {
  if (replicas === to) return true;
  return to > 0 && autoscaler !== null && replicas >= autoscaler.after.min && replicas <= autoscaler.after.max;
}

function isDone(scaling: Scaling, { workload, autoscalers }: Scaled): boolean {
  const { autoscaler, uid } = scaling;
  const [found] = autoscalers;
  const held = !autoscaler || (found !== undefined && same(limitsOf(found), autoscaler.after));
  return workload.metadata.uid === uid && held && isWanted(scaling, workload.spec.replicas);
}

/** What is there now, seen against a scaling. Throws `KubeError`. */
export async function observeScaling(
  connection: Connection,
  scaling: Scaling,
  signal: AbortSignal,
): Promise<Observation> {
  const object = objectOf(scaling);
  const scaled = await unlessGone(readScaled(connection, scaling, signal));
  if (!scaled) return { state: 'unknown', fingerprint: hashOf('gone'), note: note('workload-gone', { object }) };
  const { workload } = scaled;
  const fingerprint = fingerprintOf(scaling, scaled);
  const facts = { object, replicas: workload.spec.replicas, pods: workload.status.replicas, to: scaling.to };
  if (!isDone(scaling, scaled)) return { state: 'not-applied', fingerprint, note: note('replicas-are', facts) };
  return { state: isMade(workload) ? 'applied' : 'in-progress', fingerprint, note: note('replicas-are', facts) };
}

/** Whether the controller has seen the count and made, or begun to end, pods accordingly. */
function isMade({ metadata, spec, status }: Counted): boolean {
  return metadata.generation <= status.observedGeneration && status.replicas === spec.replicas;
}

/** Refuses a workload that is not what was approved: another object, another count, another autoscaler, another owner. */
function refuseMoved(scaling: Scaling, { workload, autoscalers }: Scaled): void {
  const object = objectOf(scaling);
  const { autoscaler } = scaling;
  if (workload.metadata.uid !== scaling.uid) throw moved(object);
  refuseOwners(object, scaling, workload);
  if (autoscalers.length !== (autoscaler ? 1 : 0)) throw moved(object);
  const [found] = autoscalers;
  if (autoscaler && found) {
    const limits = limitsOf(found);
    if (found.metadata.uid !== autoscaler.uid) throw moved(object);
    if (!same(limits, autoscaler.before) && !same(limits, autoscaler.after)) throw moved(object);
    return;
  }
  const { replicas } = workload.spec;
  if (replicas !== scaling.from && replicas !== scaling.to) throw moved(object);
}

/** Sets the count and the autoscaler's limits; a second time finds both set. An autoscaler that is to hold is held first, one that is let go is let go last. */
export async function applyScaling(connection: Connection, scaling: Scaling, context: ApplyContext): Promise<void> {
  const { autoscaler } = scaling;
  const holds = autoscaler !== null && autoscaler.after.min === autoscaler.after.max;
  const first = await readScaled(connection, scaling, context.signal);
  refuseMoved(scaling, first);
  if (isDone(scaling, first)) return;
  if (holds) await writeLimits(connection, scaling, context.signal);
  await writeCount(connection, scaling, context.signal);
  if (holds || !autoscaler) return;
  await writeLimits(connection, scaling, context.signal);
  // One that was still held may have seen the count out of its limits and moved it back.
  await writeCount(connection, scaling, context.signal);
}

async function writeCount(connection: Connection, scaling: Scaling, signal: AbortSignal): Promise<void> {
  let seen: Scaled | undefined;
  const look = async () => {
    seen = await readScaled(connection, scaling, signal);
    return seen.workload;
  };
  const write = async (workload: Counted) => {
    if (seen) refuseMoved(scaling, seen);
    if (workload.spec.replicas === scaling.to) return;
    await patchReplicas(connection, scaling, workload, scaling.to, { dryRun: false, signal });
  };
  await guardedWrite(look, write, signal);
}

async function writeLimits(connection: Connection, scaling: Scaling, signal: AbortSignal): Promise<void> {
  const { autoscaler, namespace } = scaling;
  if (!autoscaler || same(autoscaler.before, autoscaler.after)) return;
  const look = async () => {
    const scaled = await readScaled(connection, scaling, signal);
    refuseMoved(scaling, scaled);
    return scaled.autoscalers[0] ?? null;
  };
  const write = async (now: Autoscaler | null) => {
    if (!now || same(limitsOf(now), autoscaler.after)) return;
    await patchLimits(connection, now, autoscaler.after, { namespace, dryRun: false, signal });
  };
  await guardedWrite(look, write, signal);
}

/** Time after which a count that does not come about counts as failed, in ms, unless the step's own limit is shorter. */
const limitMs = 600_000;

/** Waits until the pods are there and ready, or gone with their last container; fails at what keeps new ones from getting ready. */
export async function settleScaling(
  connection: Connection,
  scaling: Scaling,
  context: ApplyContext,
  clock: { now(): number },
): Promise<Settlement> {
  const object = objectOf(scaling);
  const out = scaling.to > scaling.from;
  const problems: Problems = new Map();
  let served = false;
  const failed = (failure: Failure): Settlement => {
    return { state: 'failed', served, reason: notSettled({ object, to: scaling.to }, failure) };
  };
  const look = async (): Promise<Settlement | null> => {
    const scaled = await unlessGone(readScaled(connection, scaling, context.signal));
    if (!scaled) return failed({ cause: 'deleted' });
    const { workload } = scaled;
    if (!isDone(scaling, scaled)) return { state: 'failed', served, reason: reason('target-changed', { object }) };
    const pods = (await readPodsOf(connection, scaling, workload, context.signal)).filter(isAlive);
    const wanted = workload.spec.replicas;
    const ready = pods.filter(isReady).length;
    served = wanted > 0 && ready > 0;
    const facts = { object, ready, pods: pods.length, replicas: wanted };
    if (isMade(workload) && pods.length === wanted && (!out || ready === wanted)) {
      return { state: 'settled', served, note: note(wanted === 0 ? 'scaled-to-none' : 'scaled', facts) };
    }
    context.progress(note('pods-becoming', facts));
    const failure = out && lasting(problems, problemsOf(workload, pods), scaling.graceSeconds, clock.now());
    return failure ? failed(await withLastWords(connection, scaling.namespace, failure, context.signal)) : null;
  };
  const overdue = () => failed({ cause: 'count-overdue', facts: { ms: limitMs } });
  return settleBy(object, look, overdue, { context, clock, limitMs });
}
