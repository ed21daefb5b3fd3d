import { note } from '../../domain/note.ts';
import { reason } from '../../domain/reason.ts';
import type { ApplyContext, Settlement } from '../../ports/executor.ts';
import { type Change, podCounts } from './change.ts';
import type { Connection } from './connect.ts';
import { type Failure, failureOf, notSettled, type Watching, withLastWords } from './failing.ts';
import { objectOf } from './input.ts';
import { isTransient, KubeError } from './kube-error.ts';
import { type Pod, readPods } from './objects.ts';
import { readRevisions } from './revisions.ts';
import { isReady, rolloutState, writtenAt } from './rollout.ts';
import { templateHash } from './template.ts';
import { openWake, type Wake } from './wake.ts';
import { readWorkload, type Workload } from './workload.ts';
import { podsOf, type readWorld, type World } from './world.ts';

/** Time between two looks, in ms, where nothing is heard of the workload meanwhile. */
const interval = 500;

/** What is waited for: a change, or the recovery that belongs to one. */
export type Awaited = Pick<Change, 'after' | 'version' | 'uid' | 'graceSeconds' | 'waitFor'> &
  Parameters<typeof readWorld>[1];

/** What is done between two looks while the rollout goes on; what it answers keeps the pods it is about from counting as failed. */
export type Tend = (world: World, pods: readonly Pod[]) => Promise<void>;

/**
 * Waits until the rollout of a change is complete or provably failed: its deadline, a crash loop or the like that lasts, pods that are
 * refused, another template. While the API server cannot be asked it waits: that proves nothing.
 */
export async function settleChange(
  connection: Connection,
  change: Awaited,
  context: ApplyContext,
  clock: { now(): number },
  tend?: Tend,
): Promise<Settlement> {
  const wake = openWake(connection, change, context.signal);
  try {
    return await lookUntilSettled(wake, connection, change, context, clock, tend);
  } finally {
    wake.close();
  }
}

async function lookUntilSettled(
  wake: Wake,
  connection: Connection,
  change: Awaited,
  context: ApplyContext,
  clock: { now(): number },
  tend: Tend | undefined,
): Promise<Settlement> {
  const watching: Watching = { since: clock.now(), moved: null, problems: new Map(), served: false, unlooked: false };
  for (;;) {
    context.signal.throwIfAborted();
    try {
      const settled = await look({ connection, change, watching, context, tend }, clock.now());
      if (settled) return settled;
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) {
        return failed(change, watching, { cause: 'deleted' });
      }
      if (!isTransient(error)) throw error;
      context.progress(note('kubernetes-unreachable', { object: objectOf(change) }));
    }
    await wake.next(interval);
  }
}

function failed(change: Awaited, { served, unlooked }: Watching, failure: Failure): Settlement {
  const facts = { object: objectOf(change), version: change.version };
  return { state: 'failed', served: served || unlooked, reason: notSettled(facts, failure) };
}

/** What one look at a rollout works with. */
interface Looking {
  readonly connection: Connection;
  readonly change: Awaited;
  readonly watching: Watching;
  readonly context: ApplyContext;
  readonly tend: Tend | undefined;
}

/** One look: a rollout that is done says so itself; how its pods do is looked up only while it is not. */
async function look(looking: Looking, now: number): Promise<Settlement | null> {
  const { connection, change, watching, context } = looking;
  const workload = await readWorkload(connection, change, context.signal);
  if (workload.metadata.deletionTimestamp) return failed(change, watching, { cause: 'deleted' });
  if (workload.metadata.uid !== change.uid || templateHash(workload.spec.template) !== change.after) {
    const served = watching.served || watching.unlooked;
    return { state: 'failed', served, reason: reason('target-changed', { object: objectOf(change) }) };
  }
  const { partition } = workload.spec.strategy;
  const state = rolloutState(workload);
  // Right after the write its controller has not seen it yet: there is nothing to tell of its pods.
  if (state.phase === 'waiting' && state.why === 'unobserved' && now < watching.since + interval) {
    watching.unlooked = true;
    return null;
  }
  if (change.waitFor !== 'observed' && partition === 0 && state.phase === 'done') {
    const facts = { object: objectOf(change), version: change.version, ...podCounts(workload) };
    const served = watching.served || workload.spec.replicas > 0;
    return { state: 'settled', note: note(endCode(workload, change), facts), served };
  }
  return lookAtPods(looking, workload, now);
}

async function lookAtPods(looking: Looking, workload: Workload, now: number): Promise<Settlement | null> {
  const { connection, change, watching, context, tend } = looking;
  const [history, all] = await Promise.all([
    readRevisions(connection, change.namespace, workload, context.signal),
    readPods(connection, change.namespace, workload.spec.selector, context.signal),
  ]);
  const world = { workload, history };
  const revision = history.find(({ hash }) => hash === change.after);
  const pods = podsOf(revision, all);
  const ready = pods.filter(isReady).length;
  watching.served ||= ready > 0;
  watching.unlooked = false;
  const facts = { object: objectOf(change), version: change.version, ...podCounts(workload) };
  const state = rolloutState(workload, ready);
  const seen = state.phase !== 'waiting' || state.why !== 'unobserved';
  if (state.phase === 'done' || (seen && change.waitFor === 'observed')) {
    return { state: 'settled', note: note(endCode(workload, change), facts), served: watching.served };
  }
  const old = all.filter(pod => !pods.includes(pod) && !pod.metadata.deletionTimestamp && isOurs(world, pod)).length;
  context.progress(note('pods-on', { ...facts, ready, old }));
  if (!seen) return null;
  await tend?.(world, all);
  const { signal, countsFrom = 0 } = context;
  const tended = tend !== undefined;
  const failure = await failureOf({ connection, world, change, revision, pods, all, tended, signal }, watching, {
    now,
    patchedAt: Math.max(writtenAt(world.workload), countsFrom === 'now' ? watching.since : countsFrom),
  });
  return failure && failed(change, watching, await withLastWords(connection, change.namespace, failure, signal));
}

const isOurs = ({ history }: World, pod: Pod) => history.some(revision => revision.owns(pod));

function endCode({ spec, status }: Workload, { waitFor }: Awaited) {
  if (waitFor === 'observed') return 'template-taken';
  if (spec.replicas === 0) return 'rolled-out-without-pods';
  return status.updatedReplicas < spec.replicas ? 'rolled-out-above-partition' : 'rolled-out';
}
