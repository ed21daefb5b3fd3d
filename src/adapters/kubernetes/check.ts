import type { CheckOutcome } from '../../domain/check.ts';
import type { JsonObject } from '../../domain/json.ts';
import { note } from '../../domain/note.ts';
import type { Check, CheckContext } from '../../ports/check.ts';
import { podCounts } from './change.ts';
import type { Connect, Connection } from './connect.ts';
import { objectOf, type Place, placeInput } from './input.ts';
import { isTransient, KubeError, refusalOf } from './kube-error.ts';
import { readPods } from './objects.ts';
import { isReady, podProblem, rolloutState } from './rollout.ts';
import { releaseKey, templateHash, versionOf } from './template.ts';
import { currentRevision, podsOf, readWorld } from './world.ts';

/** `kubernetes.rollout`: passes when the workload runs the run's release alone, every pod of it available. */
export function createRolloutCheck(connect: Connect): Check {
  return {
    kind: 'kubernetes.rollout',
    start: (context, input) => {
      const place = placeInput.parse(input);
      return () => judge(connect, place, context);
    },
  };
}

async function judge(connect: Connect, place: Place, context: CheckContext): Promise<CheckOutcome> {
  try {
    return await look(await connect(place), place, context);
  } catch (error) {
    const object = objectOf(place);
    if (error instanceof KubeError && error.status === 404) {
      return { status: 'failed', note: note('deployment-gone', { object }) };
    }
    if (isTransient(error)) return { status: 'waiting', note: note('kubernetes-unreachable', { object }) };
    throw refusalOf(error);
  }
}

async function look(connection: Connection, place: Place, context: CheckContext): Promise<CheckOutcome> {
  const world = await readWorld(connection, place, context.signal);
  const { workload } = world;
  const { spec } = workload;
  const { template } = spec;
  const facts = { object: objectOf(place), version: versionOf(template), ...podCounts(workload) };
  if (!runsWhatWasPlanned(context, place, template))
    return { status: 'failed', note: note('other-release-live', facts) };
  const revision = currentRevision(world);
  const pods = podsOf(revision, await readPods(connection, place.namespace, spec.selector, context.signal));
  const state = rolloutState(workload, pods.filter(isReady).length);
  if (state.phase === 'done') {
    const none = spec.replicas === 0;
    const { partition } = spec.strategy;
    const kept = spec.replicas - workload.status.updatedReplicas;
    if (kept > 0) return { status: 'failed', note: note('partition-keeps-pods', { ...facts, partition, kept }) };
    return none
      ? { status: 'unknown', note: note('rolled-out-without-pods', facts) }
      : { status: 'passed', note: note('rolled-out', facts) };
  }
  const problem = pods.map(pod => podProblem(pod)).find(Boolean);
  const why = problem ? { cause: problem.reason } : {};
  return { status: 'waiting', note: note('pods-on', { ...facts, ...why }) };
}

/**
 * Whether the template is that of the run's release. Only where our own release source made the release can that be told; where the run sets
 * images alone, its template is none of the history but the one that was planned.
 */
function runsWhatWasPlanned({ of: run }: CheckContext, place: Place, template: JsonObject): boolean {
  const object = objectOf(place);
  const images = run.plan?.operations.findLast(
    ({ executor, object: changed }) => executor === 'kubernetes.set-image' && changed === object,
  );
  if (images) return images.body.after === templateHash(template);
  const to: JsonObject | undefined = run.plan?.to?.identity;
  return typeof to?.template !== 'string' || releaseKey(template) === to.template;
}
