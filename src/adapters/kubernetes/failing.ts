import { hideSecretsInText } from '../../domain/hide.ts';
import { type Reason, reason } from '../../domain/reason.ts';
import type { Connection } from './connect.ts';
import { KubeError } from './kube-error.ts';
import { kubectl } from './kubectl.ts';
import { lasting, type Problems } from './lasting.ts';
import { type Pod, pathOf } from './objects.ts';
import { type Refusing, refusedPods } from './refused-pods.ts';
import type { Revision } from './revisions.ts';
import { type PodProblem, podProblem, rolloutState, timeOf } from './rollout.ts';
import type { Awaited } from './settle.ts';
import { hangingPods } from './stuck.ts';
import type { World } from './world.ts';

/** What one judge of a rollout carries from look to look. */
export interface Watching {
  /** Our clock when watching began, epoch ms. */
  readonly since: number;
  /** The counts as they last moved, and when, epoch ms. */
  moved: { readonly counts: string; readonly at: number } | null;
  readonly problems: Problems;
  /** Whether any pod of the new template was seen ready. */
  served: boolean;
  /** Whether the pods have not been looked at since the write: then one may have served. */
  unlooked: boolean;
}

/** A rollout as one look shows it. */
export interface Look {
  readonly connection: Connection;
  readonly world: World;
  readonly change: Awaited;
  readonly revision: Revision | undefined;
  /** Pods of the new template, and all that the selector finds. */
  readonly pods: readonly Pod[];
  readonly all: readonly Pod[];
  /** Whether hanging pods are seen to, so that they are no reason to give up. */
  readonly tended: boolean;
  readonly signal: AbortSignal;
}

/** When a look was, and when the change was written by the API server's clock (0 unknown), or later where it counts from then; epoch ms. */
export interface Moment {
  readonly now: number;
  readonly patchedAt: number;
}

/** Why a rollout counts as failed: the code of the cause with the facts its sentence names, and what a server or a container said. */
export interface Failure {
  readonly cause: string;
  readonly facts?: Readonly<Record<string, string | number>>;
  readonly said?: string;
}

/** How much later than the controller we declare its deadline passed, in ms. */
const slack = 30_000;
/** How long a StatefulSet or DaemonSet may make no progress: its controller knows no deadline. As a Deployment's default. */
const ownPatience = 600;

/** Judges whether a rollout has failed; null while it may still come. */
export async function failureOf(look: Look, watching: Watching, moment: Moment): Promise<Failure | null> {
  return (
    deadlinePassed(look, watching, moment) ?? lastingProblem(look, watching, moment, await refusedPods(look, moment))
  );
}

/** A deadline that passed before ours could have is left over from the failed rollout: it says nothing about this one. */
function deadlinePassed(look: Look, watching: Watching, { now, patchedAt }: Moment): Failure | null {
  const { world } = look;
  const { spec, status } = world.workload;
  const patience = (spec.progressDeadlineSeconds ?? ownPatience + spec.minReadySeconds) * 1000;
  const counts = JSON.stringify([
    status.replicas,
    status.updatedReplicas,
    status.readyReplicas,
    status.availableReplicas,
  ]);
  // A worker that took over counts from the patch on, or from what moved last, not from when it came.
  const begun = Math.max(patchedAt > 0 ? Math.min(patchedAt, watching.since) : watching.since, lastMove(look));
  if (watching.moved?.counts !== counts) watching.moved = { counts, at: watching.moved ? now : begun };
  const state = rolloutState(world.workload);
  const fresh = state.phase === 'stuck' && patchedAt > 0 && state.since >= patchedAt + patience - 1000;
  const overdue = now > watching.moved.at + patience + slack;
  if (!fresh && !overdue) return null;
  return { cause: 'deadline', facts: { ms: patience }, said: state.phase === 'stuck' ? state.message : '' };
}

/** When a pod of the new template was last made or got ready, epoch ms by the API server's clock; 0 where none was. */
function lastMove({ pods }: Look): number {
  const times = pods.flatMap(({ metadata, status }) => {
    const ready = status.conditions.find(({ type, status: value }) => type === 'Ready' && value === 'True');
    return [timeOf(metadata.creationTimestamp), timeOf(ready?.lastTransitionTime)];
  });
  return Math.max(0, ...times);
}

function lastingProblem(look: Look, watching: Watching, moment: Moment, refused: Refusing | null): Failure | null {
  const problems: PodProblem[] = [
    ...look.pods.map(pod => podProblem(pod, moment.patchedAt)).filter(problem => problem !== null),
    ...stuckOn(look),
    ...(refused ? [{ pod: '', reason: 'PodsRefused', atLeastSeconds: 0, ...refused }] : []),
  ];
  return lasting(watching.problems, problems, look.change.graceSeconds, moment.now);
}

/** A StatefulSet that waits for a pod of the release before which will never be ready (kubernetes#67250). */
function stuckOn({ world, change, all, tended }: Look): PodProblem[] {
  if (tended) return [];
  const { next } = hangingPods(world, all);
  if (!next) return [];
  const pod = next.metadata.name;
  const command = kubectl(change, 'delete', 'pod', pod);
  return [{ pod, reason: 'StatefulSetStuck', message: '', command, atLeastSeconds: 0 }];
}

/** Lines of a dead container's log that go into the reason, and the bytes read for them. */
const lastLines = 5;
const longest = 4_096;

/** A failure with what its container said last, secrets hidden; where that may not be read, or nothing was said, as it is. */
export async function withLastWords(
  connection: Connection,
  namespace: string,
  failure: Failure,
  signal: AbortSignal,
): Promise<Failure> {
  const { cause } = failure;
  const { pod, container } = failure.facts ?? {};
  if (!pod || !container || (cause !== 'CrashLoopBackOff' && cause !== 'OOMKilled' && cause !== 'RunContainerError')) {
    return failure;
  }
  const query = `container=${encodeURIComponent(String(container))}&previous=true&tailLines=${lastLines}&limitBytes=${longest}`;
  const path = `${pathOf('api/v1', namespace, 'pods', String(pod))}/log?${query}`;
  const request = { verb: 'get', resource: 'pods/log', namespace, path, signal, accept: 'text/plain, */*' };
  try {
    const answer = await connection.ask({ ...request, longest: 4 * longest, limitMs: 5_000 });
    const said = answer.status === 200 ? hideSecretsInText(answer.text).trim() : '';
    return said ? { cause, facts: { ...failure.facts, last: 'yes' }, said } : failure;
  } catch (error) {
    if (error instanceof KubeError) return failure;
    throw error;
  }
}

/** A reason with a failure's cause and place, secrets hidden in what was said. */
export function notSettled(facts: Reason['facts'], { cause, facts: more, said }: Failure): Reason {
  return reason('not-settled', { ...facts, cause, ...more }, hideSecretsInText(said ?? ''));
}
