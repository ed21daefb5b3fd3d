import type { Pod } from './objects.ts';
import { isReady } from './rollout.ts';
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

/**
 * Finds the pods that keep a StatefulSet from going back (kubernetes#67250): ordered and rolling, such a pod is not of the newest
 * template, not ready, not kept by the partition. Never for Parallel or OnDelete, and never a ready pod.
 */
export function hangingPods({ workload, ...world }: World, pods: readonly Pod[]): Hanging {
  const { kind, spec, metadata } = workload;
  const { strategy, replicas } = spec;
  if (kind !== 'StatefulSet' || !strategy.ordered || strategy.how !== 'rolling') return none;
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
