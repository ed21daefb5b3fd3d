import type { Connection } from './connect.ts';
import type { Place } from './input.ts';
import { KubeError } from './kube-error.ts';
import { type Pod, pathOf } from './objects.ts';
import { isReady } from './rollout.ts';
import type { Workload } from './workload.ts';
import { currentRevision, type World } from './world.ts';

/** The ordinal of a StatefulSet's pod, out of its name; NaN where it has none. */
export function ordinalOf({ metadata: { name } }: Pod): number {
  return Number(name.slice(name.lastIndexOf('-') + 1));
}

/** Pods that an ordered StatefulSet will wait for in vain: all of them, and the one to delete now. */
export interface Hanging {
  readonly all: readonly Pod[];
  /** The lowest one, if every pod below it is ready: the controller walks up from there. Null where another has to come first. */
  readonly next: Pod | null;
}

const none: Hanging = { all: [], next: null };

/** Whether a workload replaces its pods one by one and waits for each: it may then wait for one in vain (kubernetes#67250). */
export function mayHang({ kind, spec: { strategy } }: Workload): boolean {
  return kind === 'StatefulSet' && strategy.ordered && strategy.how === 'rolling';
}

/**
 * Finds the pods that keep a StatefulSet from going back (kubernetes#67250): ordered and rolling, such a pod is not of the newest
 * template, not ready, not kept by the partition. Never for Parallel or OnDelete, and never a ready pod.
 */
export function hangingPods({ workload, ...world }: World, pods: readonly Pod[]): Hanging {
  const { spec, metadata } = workload;
  const { strategy, replicas } = spec;
  if (!mayHang(workload)) return none;
  const revision = currentRevision({ workload, ...world });
  const own = pods
    .filter(pod => pod.metadata.ownerReferences.some(({ uid }) => uid === metadata.uid))
    .filter(pod => Number.isInteger(ordinalOf(pod)))
    .sort((a, b) => ordinalOf(a) - ordinalOf(b));
  const hangs = (pod: Pod) =>
    !isReady(pod) &&
    !pod.metadata.deletionTimestamp &&
    !revision?.owns(pod) &&
    ordinalOf(pod) >= strategy.start + strategy.partition;
  const all = own.filter(hangs).filter(pod => ordinalOf(pod) < strategy.start + replicas);
  const first = own.findIndex((pod, at) => !isReady(pod) || ordinalOf(pod) !== strategy.start + at);
  const next = own[first];
  const inOrder = next && ordinalOf(next) === strategy.start + first;
  return { all, next: inOrder && hangs(next) ? next : null };
}

/** Deletes the pod that the StatefulSet waits for in vain, if there is one now; a pod that moved meanwhile is left for the next look. */
export async function tendPods(
  connection: Connection,
  at: Pick<Place, 'namespace'>,
  world: World,
  pods: readonly Pod[],
  signal: AbortSignal,
): Promise<void> {
  const { next } = hangingPods(world, pods);
  if (!next) return;
  try {
    await deletePod(connection, at, next, { dryRun: false, signal });
  } catch (error) {
    if (!(error instanceof KubeError) || (error.status !== 404 && error.status !== 409)) throw error;
  }
}

/** Deletes one pod by its uid, and only as it was seen: a pod that became ready meanwhile has another resourceVersion. Its claims stay. Throws `KubeError`. */
export async function deletePod(
  connection: Connection,
  { namespace }: Pick<Place, 'namespace'>,
  { metadata }: Pod,
  options: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const path = pathOf('api/v1', namespace, 'pods', metadata.name);
  const preconditions = { uid: metadata.uid, resourceVersion: metadata.resourceVersion };
  const body = {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    preconditions: options.dryRun ? { uid: metadata.uid } : preconditions,
    ...(options.dryRun ? { dryRun: ['All'] } : {}),
  };
  await connection.send({ verb: 'delete', resource: 'pods', namespace, path, body, signal: options.signal });
}

/** Whether we may delete this pod, asked of the API server without doing it; one that is gone meanwhile tells nothing against it. */
export async function mayDelete(
  connection: Connection,
  at: Pick<Place, 'namespace'>,
  pod: Pod,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await deletePod(connection, at, pod, { dryRun: true, signal });
    return true;
  } catch (error) {
    if (error instanceof KubeError && error.status === 403) return false;
    if (error instanceof KubeError && (error.status === 404 || error.status === 409)) return true;
    throw error;
  }
}
