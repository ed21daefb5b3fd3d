import { parseDuration } from '../../../domain/duration.ts';
import { hideSecretsInText } from '../../../domain/hide.ts';
import { note } from '../../../domain/note.ts';
import type { Check } from '../../../ports/check.ts';
import { objectOf } from '../input.ts';
import { placeOf } from '../lasting.ts';
import { isReady, podProblem, timeOf } from '../rollout.ts';
import { podsInput } from './input.ts';
import { beganAt, createLooking, type Look, type LookingDeps } from './looking.ts';
import type { LivePod } from './pod.ts';
import { readWorkload, type Workload } from './workload.ts';

/** `kubernetes.pods`: every pod of the workload is ready, and none was started anew since the run began, or for so long. */
export function createPodsCheck(deps: LookingDeps): Check {
  return createLooking(deps, {
    kind: 'kubernetes.pods',
    input: podsInput,
    everyMs: 1_000,
    objectOf,
    look: async (connection, input, context) => {
      const workload = await readWorkload(connection, input, context.signal);
      const steady = input.steadyFor === null ? null : (parseDuration(input.steadyFor) ?? 0);
      if (steady === null)
        return judgePods(workload) ?? judgeRestarts(workload, beganAt(context)) ?? goodPods(workload);
      return judgePods(workload) ?? judgeSteady(workload, steady, deps.clock.now()) ?? goodPods(workload);
    },
  });
}

function goodPods({ object, pods }: Workload): Look {
  return { state: 'good', note: note('pods-ready', { object, pods: pods.length }) };
}

function judgePods({ object, wanted, observed, pods }: Workload): Look | null {
  if (wanted === 0) return { state: 'unknowable', note: note('no-pods-to-check', { object }) };
  const problem = pods.map(podProblem).find(found => found !== null);
  if (problem) {
    const facts = { object, cause: problem.reason, ...placeOf(problem) };
    return { state: 'bad', note: note('pod-in-trouble', facts, hideSecretsInText(problem.message)) };
  }
  const ready = pods.filter(isReady).length;
  const names = pods.filter(pod => !isReady(pod)).map(({ metadata }) => metadata.name);
  const facts = { object, ready, pods: wanted, names };
  if (!observed) return { state: 'unclear', note: note('pods-not-ready', facts) };
  return ready < wanted || names.length > 0 ? { state: 'bad', note: note('pods-not-ready', facts) } : null;
}

/** Restarts that happened count at once: they cannot be undone. Init containers run more than once in health. */
function judgeRestarts({ object, pods }: Workload, since: number): Look | null {
  const restarted = pods.flatMap(({ metadata, status }) => {
    const fresh = status.containerStatuses.filter(one => one.restartCount > 0 && restartedAt(one) >= since);
    return fresh.map(one => `${metadata.name} (${one.name}, ${one.lastState?.terminated?.reason ?? 'restarted'})`);
  });
  return restarted.length > 0 ? { state: 'over', note: note('pods-restarted', { object, names: restarted }) } : null;
}

type ContainerStatus = LivePod['status']['containerStatuses'][number];

/** When a container was last started or ended, epoch ms. */
function restartedAt({ state, lastState }: ContainerStatus): number {
  return Math.max(timeOf(state?.running?.startedAt), timeOf(lastState?.terminated?.finishedAt));
}

function judgeSteady({ object, pods }: Workload, steadyMs: number, now: number): Look | null {
  const young = pods.filter(({ status }) =>
    status.containerStatuses.some(({ state }) => {
      const started = timeOf(state?.running?.startedAt);
      return started === 0 || now - started < steadyMs;
    }),
  );
  const names = young.map(({ metadata }) => metadata.name);
  return names.length > 0
    ? { state: 'unclear', note: note('pods-not-steady', { object, names, span: steadyMs }) }
    : null;
}
