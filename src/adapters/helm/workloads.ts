import type { Cluster } from '../../ports/cluster.ts';
import type { Part } from './manifest.ts';
import { findWorkload, type Pod, presentPods, type Workload } from './pods.ts';

/** How one workload of a release stands. */
export interface WorkloadState {
  /** Whether all its pods are of the present template and available. */
  readonly settled: boolean;
  /** Since when it has missed the deadline of its rollout, epoch ms; null where it has not. */
  readonly lateSince: number | null;
  /** Restarts of the pods of its present template; null where they cannot be told. */
  readonly restarts: number | null;
  /** Such a pod that crashes in a loop. */
  readonly looping: { readonly pod: string; readonly restarts: number } | null;
}

/** So many restarts make a loop. */
const loopRestarts = 3;

/** Reads how a workload stands; null where it is not there or may not be read. */
export async function readWorkload(cluster: Cluster, part: Part, signal: AbortSignal): Promise<WorkloadState | null> {
  const workload = await findWorkload(cluster, part, signal);
  if (workload === null || workload === 'gone') return null;
  return stateOf(part.kind, workload, await presentPods(cluster, part, workload, signal));
}

function stateOf(kind: string, { spec, status, metadata }: Workload, pods: readonly Pod[] | null): WorkloadState {
  const daemon = kind === 'DaemonSet';
  const wanted = daemon ? status.desiredNumberScheduled : (spec.replicas ?? 1);
  const updated = daemon ? status.updatedNumberScheduled : status.updatedReplicas;
  const available = daemon ? status.numberAvailable : status.availableReplicas;
  const all = daemon ? status.desiredNumberScheduled : status.replicas;
  const observed = status.observedGeneration >= metadata.generation;
  const looping = pods?.find(
    pod =>
      restartsOf(pod) >= loopRestarts &&
      pod.status.containerStatuses.some(({ state }) => state?.waiting?.reason === 'CrashLoopBackOff'),
  );
  const late = status.conditions.find(({ reason }) => reason === 'ProgressDeadlineExceeded');
  const since = Date.parse(late?.lastUpdateTime ?? '');
  return {
    settled: observed && !spec.paused && updated >= wanted && available >= wanted && all <= wanted,
    lateSince: observed && Number.isFinite(since) ? since : null,
    restarts: pods?.reduce((sum, pod) => sum + restartsOf(pod), 0) ?? null,
    looping: looping ? { pod: looping.metadata.name, restarts: restartsOf(looping) } : null,
  };
}

function restartsOf(pod: Pod): number {
  return pod.status.containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0);
}
