import type { Deployment, Pod } from './objects.ts';

/** How far a Deployment's rollout is, judged in kubectl's order. */
export type RolloutState =
  | { readonly phase: 'done' }
  | { readonly phase: 'waiting'; readonly why: 'unobserved' | 'updating' | 'terminating' | 'unavailable' }
  | { readonly phase: 'stuck'; readonly since: number; readonly message: string };

/** Judges the status alone; `stuck` is what the controller said, which may be left over from an earlier rollout: see `since`. */
export function rolloutState({ metadata, spec, status }: Deployment): RolloutState {
  if (metadata.generation > status.observedGeneration) return { phase: 'waiting', why: 'unobserved' };
  const progressing = status.conditions.find(({ type }) => type === 'Progressing');
  if (status.updatedReplicas < spec.replicas || status.replicas > status.updatedReplicas) {
    if (progressing?.reason === 'ProgressDeadlineExceeded') {
      return { phase: 'stuck', since: timeOf(progressing.lastUpdateTime), message: progressing.message ?? '' };
    }
    return { phase: 'waiting', why: status.updatedReplicas < spec.replicas ? 'updating' : 'terminating' };
  }
  if (status.availableReplicas < status.updatedReplicas) {
    if (progressing?.reason === 'ProgressDeadlineExceeded') {
      return { phase: 'stuck', since: timeOf(progressing.lastUpdateTime), message: progressing.message ?? '' };
    }
    return { phase: 'waiting', why: 'unavailable' };
  }
  return { phase: 'done' };
}

/**
 * Whether the newest rollout was complete at any time, though a pod may be unwell since: all pods are of the newest template
 * and the controller has said so.
 */
export function wasCompleted(deployment: Deployment): boolean {
  const { metadata, spec, status } = deployment;
  if (rolloutState(deployment).phase === 'done') return true;
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

/** What the controller says keeps it from making pods (quota, admission); null where nothing does. */
export function replicaFailure({ status }: Deployment): string | null {
  const found = status.conditions.find(({ type, status: value }) => type === 'ReplicaFailure' && value === 'True');
  return found ? (found.message ?? found.reason ?? 'pods are refused') : null;
}

/** The parts of a pod that say how it does. */
export interface PodView {
  readonly metadata: Pick<Pod['metadata'], 'name' | 'deletionTimestamp'>;
  readonly status: Pick<Pod['status'], 'conditions' | 'containerStatuses' | 'initContainerStatuses'>;
}

/** What is wrong with a pod: Kubernetes' own word for it, and its words. */
export interface PodProblem {
  readonly pod: string;
  readonly reason: string;
  readonly message: string;
  /** Seconds it has to last at least before it counts: a missing node may be on its way. */
  readonly atLeastSeconds: number;
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
/** An autoscaler needs this long to bring a node. */
const nodeSeconds = 90;

/** Looks for what keeps a pod from ever getting ready; null where it may still. A container that crashes in a loop runs for moments in between. */
export function podProblem(pod: PodView): PodProblem | null {
  if (pod.metadata.deletionTimestamp) return null;
  const name = pod.metadata.name;
  const scheduled = pod.status.conditions.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False' && scheduled.reason === 'Unschedulable') {
    return { pod: name, reason: 'Unschedulable', message: scheduled.message ?? '', atLeastSeconds: nodeSeconds };
  }
  for (const container of [...pod.status.initContainerStatuses, ...pod.status.containerStatuses]) {
    const { waiting, terminated } = container.state ?? {};
    const last = container.lastState?.terminated ?? terminated;
    const again = !container.ready && container.restartCount > 1 ? 'CrashLoopBackOff' : null;
    const word = waiting?.reason && hopeless.has(waiting.reason) ? waiting.reason : again;
    if (!word) continue;
    const crashed = word === 'CrashLoopBackOff';
    const reason = crashed && last?.reason === 'OOMKilled' ? 'OOMKilled' : word;
    const exit = last?.exitCode == null ? '' : `, last exit code ${last.exitCode}`;
    const said = crashed ? '' : (waiting?.message ?? '');
    const message = [`container ${container.name}${exit}`, said].filter(Boolean).join(': ');
    return { pod: name, reason, message, atLeastSeconds: 0 };
  }
  return null;
}

/** Whether a pod serves: it is Ready and not on its way out. */
export function isReady(pod: PodView): boolean {
  const ready = pod.status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  return ready && !pod.metadata.deletionTimestamp;
}
