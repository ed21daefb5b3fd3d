import { note } from '../../domain/note.ts';
import { reason } from '../../domain/reason.ts';
import type { ApplyContext, Settlement } from '../../ports/executor.ts';
import { type ArgoWorld, isObserved, readArgo, rolloutObject, stableSet } from './argo.ts';
import { type ArgoChange, rolloutNote, stateOf } from './argo-change.ts';
import type { Connection } from './connect.ts';
import { type Failure, notSettled, withLastWords } from './failing.ts';
import { lasting, type Problems } from './lasting.ts';
import { settleBy } from './object-executor.ts';
import { isControlledBy, readPods } from './objects.ts';
import { podProblem, writtenAt } from './rollout.ts';
import { templateHash } from './template.ts';

/** How long a change of the status may take to be acted on, in ms; a template has the Rollout's own deadline. */
const limitMs = 120_000;

/** What one watch over a Rollout has learned. */
interface Watching {
  readonly began: number;
  served: boolean;
  deadlineMs: number;
  readonly problems: Problems;
}

/** Waits until a change of a Rollout has come to rest or provably failed. */
export function settleArgo(
  connection: Connection,
  change: ArgoChange,
  context: ApplyContext,
  clock: { now(): number },
): Promise<Settlement> {
  const object = rolloutObject(change);
  const began = clock.now();
  const watching: Watching = { began, served: false, deadlineMs: limitMs, problems: new Map() };
  const failed = (failure: Failure): Settlement => {
    const facts = { object, version: change.version };
    return { state: 'failed', reason: notSettled(facts, failure), served: watching.served };
  };
  const look = async (): Promise<Settlement | null> => {
    const world = await readArgo(connection, change, context.signal);
    if (!world) return failed({ cause: 'deleted' });
    const { spec } = world.rollout;
    if (change.action === 'template') watching.deadlineMs = (spec.progressDeadlineSeconds + 30) * 1000;
    watching.served ||= (goalOf(change, world)?.available ?? 0) > 0;
    const state = stateOf(change, world);
    if (state === 'applied') return { state: 'settled', note: rolloutNote(world, object), served: watching.served };
    if (state === 'not-applied')
      return { state: 'failed', reason: reason('target-changed', { object }), served: watching.served };
    context.progress(note('rollout-moves', { ...rolloutNote(world, object).facts, step: stepOf(world) }));
    const stuck = whyStuck(change, world) ?? (await troubleOf(connection, change, world, watching, context, clock));
    if (stuck) return failed(stuck);
    return clock.now() - began > watching.deadlineMs ? overdue() : null;
  };
  const overdue = () => failed({ cause: 'no-rest', facts: { ms: clock.now() - began } });
  return settleBy(object, look, overdue, { context, clock, limitMs: Number.POSITIVE_INFINITY });
}

/** The release that the change goes to. */
function goalOf(change: ArgoChange, world: ArgoWorld) {
  if (change.action === 'abort') return stableSet(world);
  if (change.action === 'template') return world.sets.find(({ name }) => name === change.set);
  return world.sets.find(({ podHash }) => podHash === change.current);
}

const stepOf = ({ rollout: { status, spec } }: ArgoWorld) =>
  `${status.currentStepIndex}/${spec.strategy.canary?.steps?.length ?? 0}`;

/** Why no time will bring it to rest: its controller gave up, or it waits for a person. */
function whyStuck(change: ArgoChange, world: ArgoWorld): Failure | null {
  const { spec, status } = world.rollout;
  if (change.action === 'abort' || !isObserved(world)) return null;
  if (status.phase === 'Degraded') return { cause: 'degraded', said: status.message };
  if (change.action !== 'template' || status.phase !== 'Paused') return null;
  const step = spec.strategy.canary?.steps?.[status.currentStepIndex];
  const endless = step === undefined || (step.pause !== undefined && step.pause?.duration === undefined);
  const names = status.pauseConditions?.map(condition => condition.reason).join(', ') ?? '';
  return endless ? { cause: 'waits-for-promotion', facts: { step: stepOf(world), names } } : null;
}

/** A problem of the new pods that has lasted, with its container's last words; what a pod did before the write does not count. */
async function troubleOf(
  connection: Connection,
  change: ArgoChange,
  world: ArgoWorld,
  { problems }: Watching,
  { signal }: ApplyContext,
  clock: { now(): number },
): Promise<Failure | null> {
  const set = goalOf(change, world);
  const { selector } = world.rollout.spec;
  if (change.action !== 'template' || !set || !selector || templateHash(set.template) !== change.after) return null;
  const pods = await readPods(connection, change.namespace, selector, signal);
  const since = writtenAt(world.holder.live);
  const present = pods
    .filter(pod => isControlledBy(pod, set.uid))
    .map(pod => podProblem(pod, since))
    .filter(problem => problem !== null);
  const failure = lasting(problems, present, change.graceSeconds, clock.now());
  return failure && withLastWords(connection, change.namespace, failure, signal);
}
