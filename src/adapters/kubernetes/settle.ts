import { setTimeout as delay } from 'node:timers/promises';
import { note } from '../../domain/note.ts';
import { reason } from '../../domain/reason.ts';
import type { ApplyContext, Settlement } from '../../ports/executor.ts';
import { type Change, podCounts } from './change.ts';
import type { Connection } from './connect.ts';
import { hideSecretsInText } from './hide.ts';
import { objectOf } from './input.ts';
import { isTransient, KubeError } from './kube-error.ts';
import { type Deployment, fieldManager, isControlledBy, readPods } from './objects.ts';
import { isReady, type PodProblem, podProblem, replicaFailure, rolloutState, timeOf } from './rollout.ts';
import { templateHash } from './template.ts';
import { readWorld } from './world.ts';

/** Time between two looks, in ms. */
const interval = 500;
/** How much later than the controller we declare its deadline passed, in ms. */
const slack = 30_000;

/** What one judge of a rollout carries from look to look. */
interface Watching {
  readonly change: Change;
  /** Our clock when watching began, epoch ms. */
  readonly since: number;
  /** Since when each pod has had a problem without a break, epoch ms; what refuses pods stands under the empty name. */
  readonly problems: Map<string, number>;
  /** Whether any pod of the new template was seen ready. */
  served: boolean;
}

/**
 * Waits until the rollout of a change is complete or provably failed: the controller's deadline, a crash loop or the like that lasts,
 * pods that are refused, another template. While the API server cannot be asked it waits: that proves nothing.
 */
export async function settleChange(
  connection: Connection,
  change: Change,
  context: ApplyContext,
  clock: { now(): number },
): Promise<Settlement> {
  const watching: Watching = { change, since: clock.now(), problems: new Map(), served: false };
  for (;;) {
    context.signal.throwIfAborted();
    try {
      const settled = await look(connection, watching, context, clock.now());
      if (settled) return settled;
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return failed(watching, 'it was deleted meanwhile');
      if (!isTransient(error)) throw error;
      context.progress(note('kubernetes-unreachable', { object: objectOf(change) }));
    }
    await delay(interval, undefined, { signal: context.signal });
  }
}

function failed({ change, served }: Watching, what: string, facts: Record<string, string> = {}): Settlement {
  const object = objectOf(change);
  return {
    state: 'failed',
    served,
    reason: reason('not-settled', { object, version: change.version, ...facts }, hideSecretsInText(what)),
  };
}

async function look(
  connection: Connection,
  watching: Watching,
  context: ApplyContext,
  now: number,
): Promise<Settlement | null> {
  const { change } = watching;
  const world = await readWorld(connection, change, context.signal);
  const { deployment, history } = world;
  if (deployment.metadata.uid !== change.uid || templateHash(deployment.spec.template) !== change.after) {
    return { state: 'failed', served: watching.served, reason: reason('target-changed', { object: objectOf(change) }) };
  }
  const state = rolloutState(deployment);
  const set = history.find(revision => revision.hash === change.after)?.set;
  const all = set ? await readPods(connection, change, deployment, context.signal) : [];
  const pods = all.filter(pod => set && isControlledBy(pod, set.metadata.uid));
  watching.served ||= pods.some(isReady);
  const facts = { object: objectOf(change), version: change.version, ...podCounts(deployment) };
  if (state.phase === 'done') {
    const code = deployment.spec.replicas === 0 ? 'rolled-out-without-pods' : 'rolled-out';
    return { state: 'settled', note: note(code, facts), served: watching.served };
  }
  context.progress(note('pods-on', { ...facts, ready: pods.filter(isReady).length }));
  if (deployment.metadata.generation > deployment.status.observedGeneration) return null;
  return deadlinePassed(watching, deployment, now) ?? lastingProblem(watching, deployment, pods.map(podProblem), now);
}

/** A deadline that passed before ours could have is left over from the failed rollout: it says nothing about this one. */
function deadlinePassed(watching: Watching, deployment: Deployment, now: number): Settlement | null {
  const patience = deployment.spec.progressDeadlineSeconds * 1000;
  const ours = deployment.metadata.managedFields.filter(entry => entry.manager === fieldManager && !entry.subresource);
  const patchedAt = Math.max(0, ...ours.map(({ time }) => timeOf(time)));
  const state = rolloutState(deployment);
  const fresh = state.phase === 'stuck' && patchedAt > 0 && state.since >= patchedAt + patience - 1000;
  const overdue = now > watching.since + patience + slack;
  if (!fresh && !overdue) return null;
  const said = state.phase === 'stuck' ? state.message : '';
  const detail = [`not ready within its ${patience / 1000} s`, said].filter(Boolean).join(': ');
  return failed(watching, detail, { cause: 'deadline' });
}

function lastingProblem(
  watching: Watching,
  deployment: Deployment,
  problems: readonly (PodProblem | null)[],
  now: number,
): Settlement | null {
  const refused = replicaFailure(deployment);
  const all: PodProblem[] = [
    ...problems.filter(problem => problem !== null),
    ...(refused ? [{ pod: '', reason: 'PodsRefused', message: refused, atLeastSeconds: 0 }] : []),
  ];
  const seen = new Set(all.map(({ pod }) => pod));
  for (const pod of watching.problems.keys()) if (!seen.has(pod)) watching.problems.delete(pod);
  for (const problem of all) {
    const since = watching.problems.get(problem.pod) ?? now;
    watching.problems.set(problem.pod, since);
    if (now - since < Math.max(watching.change.graceSeconds, problem.atLeastSeconds) * 1000) continue;
    const where = problem.pod ? `pod ${problem.pod}: ` : '';
    return failed(watching, `${where}${problem.reason}, ${problem.message}`, {
      cause: problem.reason,
    });
  }
  return null;
}
