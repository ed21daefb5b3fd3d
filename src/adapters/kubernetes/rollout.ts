import { fieldManager, type Metadata, type Pod } from './objects.ts';
import type { Workload } from './workload.ts';

/** How far a workload's rollout is, judged in kubectl's order. */
export type RolloutState =
  | { readonly phase: 'done' }
  | { readonly phase: 'waiting'; readonly why: 'unobserved' | 'updating' | 'terminating' | 'unavailable' }
  | { readonly phase: 'stuck'; readonly since: number; readonly message: string };

/**
 * Judges the status; `stuck` is what the controller said, which may be left over from an earlier rollout: see `since`. `readyNew`
 * counts the ready pods of the newest template: with a partition the status alone cannot tell them from those that stay.
 */
export function rolloutState(workload: Workload, readyNew?: number): RolloutState {
  const { kind, metadata, status } = workload;
  if (metadata.generation > status.observedGeneration) return { phase: 'waiting', why: 'unobserved' };
  return kind === 'Deployment' ? deploymentState(workload) : plainState(workload, readyNew);
}

function deploymentState({ spec, status }: Workload): RolloutState {
  const missing = status.updatedReplicas < spec.replicas;
  const why = missing ? 'updating' : status.replicas > status.updatedReplicas ? 'terminating' : 'unavailable';
  if (why === 'unavailable' && status.availableReplicas >= status.updatedReplicas) return { phase: 'done' };
  const progressing = status.conditions.find(({ type }) => type === 'Progressing');
  if (progressing?.reason !== 'ProgressDeadlineExceeded') return { phase: 'waiting', why };
  return { phase: 'stuck', since: timeOf(progressing.lastUpdateTime), message: progressing.message ?? '' };
}

function plainState({ spec, status }: Workload, readyNew = status.availableReplicas): RolloutState {
  const { partition } = spec.strategy;
  const wanted = Math.max(0, spec.replicas - partition);
  if (status.updatedReplicas < wanted) return { phase: 'waiting', why: 'updating' };
  const available = partition > 0 ? readyNew : status.availableReplicas;
  return available < wanted ? { phase: 'waiting', why: 'unavailable' } : { phase: 'done' };
}

/**
 * Whether the newest rollout was complete at any time, though a pod may be unwell since: all pods are of the newest template
 * and a Deployment's controller has said so. The other controllers keep no such word.
 */
export function wasCompleted(workload: Workload, readyNew?: number): boolean {
  const { kind, metadata, spec, status } = workload;
  if (rolloutState(workload, readyNew).phase === 'done') return true;
  if (kind !== 'Deployment') return false;
  const progressing = status.conditions.find(({ type }) => type === 'Progressing');
  const allNew = status.replicas === status.updatedReplicas && status.updatedReplicas === spec.replicas;
  const observed = metadata.generation <= status.observedGeneration;
  return observed && allNew && progressing?.reason === 'NewReplicaSetAvailable';
}

/** Epoch ms of a time as Kubernetes writes it; 0 where there is none. */
export function timeOf(text: string | null | undefined): number {
  const time = Date.parse(text ?? '');
  return Number.isFinite(time) ? time : 0;
}

/** The parts of a pod that say how it does. */
export interface PodView {
  readonly metadata: Pick<Pod['metadata'], 'name' | 'deletionTimestamp'>;
  readonly status: Pick<Pod['status'], 'conditions' | 'containerStatuses' | 'initContainerStatuses'>;
}

/** What is wrong with a pod: Kubernetes' own word for it, and its words where it has any. */
export interface PodProblem {
  readonly pod: string;
  readonly reason: string;
  readonly message: string;
  /** What the container that has it ended with last. */
  readonly exitCode?: number | null | undefined;
  /** Seconds it has to last at least before it counts: a missing node may be on its way. */
  readonly atLeastSeconds: number;
  /** Whether no time mends it, so that it counts at once. */
  readonly atOnce?: boolean;
  /** The container that has it; absent where it is the pod's. */
  readonly container?: string | null | undefined;
  /** What a person runs to mend it. */
  readonly command?: string;
}

/** Reasons of a waiting container that do not mend themselves. */
const hopeless = new Set([
  'CrashLoopBackOff',
  'ImagePullBackOff',
  'ErrImagePull',
  'ErrImageNeverPull',
  'InvalidImageName',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
]);
/** Reasons that only another template mends. */
const final = new Set(['InvalidImageName', 'ErrImageNeverPull']);
/** An autoscaler needs this long to bring a node. */
const nodeSeconds = 90;

/**
 * Looks for what keeps a pod from ever getting ready; null where it may still. A container that crashes in a loop runs for moments in
 * between. Crashes before `since` (epoch ms) do not count: a pod that was there already may have had them before.
 */
export function podProblem(pod: PodView, since = 0): PodProblem | null {
  if (pod.metadata.deletionTimestamp) return null;
  const name = pod.metadata.name;
  const scheduled = pod.status.conditions.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False' && scheduled.reason === 'Unschedulable') {
    const message = scheduled.message ?? '';
    return { pod: name, reason: 'Unschedulable', message, atLeastSeconds: nodeSeconds };
  }
  for (const container of [...pod.status.initContainerStatuses, ...pod.status.containerStatuses]) {
    const problem = containerProblem(name, container, since);
    if (problem) return problem;
  }
  return null;
}

type ContainerStatus = Pod['status']['containerStatuses'][number];

function containerProblem(pod: string, container: ContainerStatus, since: number): PodProblem | null {
  const { waiting, terminated } = container.state ?? {};
  const last = container.lastState?.terminated ?? terminated;
  const again = !container.ready && container.restartCount > 1 ? 'CrashLoopBackOff' : null;
  const word = waiting?.reason && hopeless.has(waiting.reason) ? waiting.reason : again;
  if (!word) return null;
  const crashed = word === 'CrashLoopBackOff';
  if (crashed && last?.finishedAt && timeOf(last.finishedAt) < since) return null;
  const reason = crashed && last?.reason === 'OOMKilled' ? 'OOMKilled' : word;
  const message = crashed ? '' : (waiting?.message ?? '');
  const { name } = container;
  const atOnce = final.has(word);
  return { pod, reason, message, atLeastSeconds: 0, atOnce, container: name, exitCode: last?.exitCode };
}

/** Whether a pod serves: it is Ready and not on its way out. */
export function isReady(pod: PodView): boolean {
  const ready = pod.status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  return ready && !pod.metadata.deletionTimestamp;
}

/** When we last wrote an object, by the API server's clock in whole seconds, epoch ms; 0 where that is not told. */
export function writtenAt({ metadata }: { readonly metadata: Metadata }): number {
  const ours = metadata.managedFields.filter(entry => entry.manager === fieldManager && !entry.subresource);
  return Math.max(0, ...ours.map(({ time }) => timeOf(time)));
}
