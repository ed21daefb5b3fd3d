import { setTimeout as delay } from 'node:timers/promises';
import { note } from '../../domain/note.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { ApplyContext, Observation, Settlement } from '../../ports/executor.ts';
import type { Connection } from './connect.ts';
import { type Counted, readCounted, readPodsOf, wantedPods } from './counted.ts';
import type { Deletion } from './delete-pods-input.ts';
import { type Failure, notSettled, withLastWords } from './failing.ts';
import { objectOf, workloadOf } from './input.ts';
import { KubeError, moved, unlessGone } from './kube-error.ts';
import { lasting, type Problems } from './lasting.ts';
import { settleBy } from './object-executor.ts';
import { type Pod, pathOf, podSchema, read } from './objects.ts';
import { isAlive, problemsOf } from './pods.ts';
import { isReady, timeOf } from './rollout.ts';
import { hashOf } from './template.ts';

const revisionLabel = 'controller-revision-hash';

/** The pod as kubectl names it. */
export const podObject = ({ namespace, pod }: Pick<Deletion, 'namespace' | 'pod'>) => `pod ${namespace}/${pod}`;

/** The pod of a deletion as it is now; null where that very one is gone. Throws `KubeError`. */
async function readPod(connection: Connection, deletion: Deletion, signal: AbortSignal): Promise<Pod | null> {
  const { namespace, pod, podUid } = deletion;
  const path = pathOf('api/v1', namespace, 'pods', pod);
  const request = { verb: 'get', resource: 'pods', namespace, path, signal };
  const answer = await unlessGone(connection.read(request));
  if (answer === null) return null;
  const found = read(podSchema, request, answer);
  return found.metadata.uid === podUid ? found : null;
}

/** Hash of what is deleted and was judged: this very pod, and whose it is. */
export function fingerprintOf(pod: Pod | null): string {
  if (!pod) return hashOf('gone');
  const owner = pod.metadata.ownerReferences.find(({ controller }) => controller === true);
  return hashOf({ uid: pod.metadata.uid, owner: owner?.uid ?? null });
}

/** What is there now, seen against a deletion. Throws `KubeError`. */
export async function observeDeletion(
  connection: Connection,
  deletion: Deletion,
  signal: AbortSignal,
): Promise<Observation> {
  const pod = await readPod(connection, deletion, signal);
  const facts = { object: podObject(deletion) };
  const fingerprint = fingerprintOf(pod);
  if (!pod) return { state: 'applied', fingerprint, note: note('pod-gone', facts) };
  if (pod.metadata.deletionTimestamp) return { state: 'in-progress', fingerprint, note: note('pod-ending', facts) };
  if (deletion.whileNotReady && isReady(pod)) {
    return { state: 'applied', fingerprint, note: note('pod-ready-again', facts) };
  }
  return { state: 'not-applied', fingerprint, note: note('pod-there', facts) };
}

/** Sends an eviction or a deletion of exactly one pod; with `dryRun` the API server only judges it. Throws `KubeError`. */
export async function sendDeletion(
  connection: Connection,
  deletion: Deletion,
  options: { readonly dryRun: boolean; readonly signal: AbortSignal; readonly resourceVersion?: string },
): Promise<void> {
  const { namespace, pod, podUid, recovery } = deletion;
  const { signal, dryRun, resourceVersion } = options;
  const path = pathOf('api/v1', namespace, 'pods', pod);
  const preconditions = { uid: podUid, ...(resourceVersion ? { resourceVersion } : {}) };
  await connection.send(
    recovery
      ? {
          verb: 'delete',
          method: 'DELETE',
          resource: 'pods',
          namespace,
          path,
          // Options of a deletion that come with a body are read from nowhere else.
          body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, ...(dryRun ? { dryRun: ['All'] } : {}) },
          signal,
        }
      : {
          verb: 'create',
          resource: 'pods/eviction',
          namespace,
          path: `${path}/eviction${dryRun ? '?dryRun=All' : ''}`,
          body: {
            apiVersion: 'policy/v1',
            kind: 'Eviction',
            metadata: { name: pod, namespace },
            deleteOptions: { preconditions },
          },
          signal,
        },
  );
}

/** Waits between tries of an eviction that a PodDisruptionBudget or a busy server holds up, in ms. */
const patience = 1_000;
/** Tries of a deletion that fails otherwise. */
const tries = 6;

/** Deletes the pod, as long as it is that very one, of that workload, and still meant; waits where a budget holds it up. */
export async function applyDeletion(connection: Connection, deletion: Deletion, context: ApplyContext): Promise<void> {
  const { signal } = context;
  for (let failures = 0; ; ) {
    signal.throwIfAborted();
    const pod = await readPod(connection, deletion, signal);
    if (!pod || pod.metadata.deletionTimestamp) return;
    if (deletion.whileNotReady && isReady(pod)) return;
    const workload = await readCounted(connection, deletion, signal);
    if (deletion.recovery && workload.metadata.generation > workload.status.observedGeneration) {
      await delay(patience, undefined, { signal });
      continue;
    }
    await refuseMoved(connection, deletion, { pod, workload }, signal);
    try {
      // A pod that gets ready in this very moment has another resourceVersion, and is spared.
      const seen = deletion.whileNotReady ? { resourceVersion: pod.metadata.resourceVersion } : {};
      await sendDeletion(connection, deletion, { dryRun: false, signal, ...seen });
      return;
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      if (error.status === 404 || error.status === 409) continue;
      if (error.status === 429) context.progress(note('eviction-waits', { object: podObject(deletion) }));
      else if (error.status !== 0 && error.status < 500) throw error;
      else if (++failures === tries) throw error;
      await delay(Math.min(error.retryAfterMs ?? patience, 5_000), undefined, { signal });
    }
  }
}

/** Refuses a pod that is nobody's or somebody else's, and, for recovery, one that the controller does not hang at. */
async function refuseMoved(
  connection: Connection,
  deletion: Deletion,
  { pod, workload }: { readonly pod: Pod; readonly workload: Counted },
  signal: AbortSignal,
): Promise<void> {
  const object = podObject(deletion);
  const own = await readPodsOf(connection, deletion, workload, signal);
  if (workload.metadata.uid !== deletion.uid || !own.some(one => one.metadata.uid === pod.metadata.uid)) {
    throw moved(object);
  }
  if (!deletion.recovery || !hasCurrentTemplate(pod, workload)) return;
  throw new Refusal(reason('step-failed', { object, why: 'same-template', workload: objectOf(deletion) }));
}

/** Whether a StatefulSet would make this pod anew from the very template that it has. */
export function hasCurrentTemplate(pod: Pod, { status }: Counted): boolean {
  return pod.metadata.labels[revisionLabel] === status.updateRevision;
}

/** Time after which a follower that does not get ready counts as failed, in ms, unless the step's own limit is shorter. */
const limitMs = 600_000;

/** Waits until the pod is gone and its follower Ready: there are as many pods as wanted, and what is newer than the plan serves. */
export async function settleDeletion(
  connection: Connection,
  deletion: Deletion,
  context: ApplyContext,
  clock: { now(): number },
): Promise<Settlement> {
  const { signal } = context;
  const problems: Problems = new Map();
  let served = false;
  const object = podObject(deletion);
  const failed = (failure: Failure): Settlement => {
    return { state: 'failed', served, reason: notSettled({ object }, failure) };
  };
  const look = async (): Promise<Settlement | null> => {
    const [pod, workload] = await Promise.all([
      readPod(connection, deletion, signal),
      unlessGone(readCounted(connection, deletion, signal)),
    ]);
    if (!workload) return failed({ cause: 'workload-deleted', facts: { workload: objectOf(deletion) } });
    if (pod && deletion.whileNotReady && isReady(pod)) {
      return { state: 'settled', served: true, note: note('pod-ready-again', { object }) };
    }
    const pods = (await readPodsOf(connection, deletion, workload, signal)).filter(isAlive);
    const followers = pods.filter(one => timeOf(one.metadata.creationTimestamp) > deletion.newest);
    served = followers.some(isReady);
    const staying = pods.filter(one => !one.metadata.deletionTimestamp).length;
    const wanted = wantedPods(workloadOf(deletion).kind, workload);
    if (!pod && isFollowed(deletion, pods, followers, staying >= wanted)) {
      return { state: 'settled', served, note: note('pod-replaced', { object, pods: staying }) };
    }
    context.progress(pod ? note('pod-ending', { object }) : note('pod-to-come', { object }));
    const failure = lasting(problems, problemsOf(workload, followers), deletion.graceSeconds, clock.now());
    return failure ? failed(await withLastWords(connection, deletion.namespace, failure, signal)) : null;
  };
  const overdue = () => failed({ cause: 'follower-overdue', facts: { ms: limitMs } });
  return settleBy(object, look, overdue, { context, clock, limitMs });
}

/** A StatefulSet's follower has the name of the pod that it follows, and the others' state says nothing of it; of others any newer pod may be the one. */
function isFollowed(deletion: Deletion, pods: readonly Pod[], newer: readonly Pod[], complete: boolean): boolean {
  if (!deletion.statefulSet) return complete && newer.every(isReady);
  const follower = pods.find(({ metadata }) => metadata.name === deletion.pod && metadata.uid !== deletion.podUid);
  return follower ? isReady(follower) : complete;
}
