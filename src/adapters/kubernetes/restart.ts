import type { JsonObject } from '../../domain/json.ts';
import { note } from '../../domain/note.ts';
import type { StepPlan } from '../../domain/plan.ts';
import type { Executor, PlanContext } from '../../ports/executor.ts';
import type { Change } from './change.ts';
import type { Connect, Connection } from './connect.ts';
import { changeExecutor } from './executor.ts';
import { objectOf, placeOf } from './input.ts';
import { expectedMsOf, interruptionOf, judgeReferences, notesOn, waitFor } from './judged.ts';
import { refuseOwned, refusePaused } from './owners.ts';
import { draftChange } from './recover.ts';
import { createLookUp, referencesOf } from './references.ts';
import { restartInput } from './rollout-input.ts';
import { restarted, templateHash, versionOf } from './template.ts';
import { readWorld } from './world.ts';

/**
 * Restarts a workload's pods as `kubectl rollout restart` does. The time that is written is fixed when it is planned, so that a restart
 * done twice is one. Its inverse puts the template back: what has not been restarted by then is left alone.
 */
export function createRestart(connect: Connect, clock: { now(): number }): Executor {
  return changeExecutor('kubernetes.rollout-restart', connect, clock, (connection, context, input) =>
    planRestart(connection, context, input, clock.now()),
  );
}

async function planRestart(
  connection: Connection,
  context: PlanContext,
  raw: JsonObject,
  wanted: number,
): Promise<StepPlan> {
  const input = restartInput.parse(raw);
  const object = objectOf(input);
  const world = await readWorld(connection, input, context.signal);
  const { workload } = world;
  refuseOwned(input, workload);
  refusePaused(input, workload);
  const { template: now, replicas, strategy } = workload.spec;
  const { template, at } = restartedAnew(now, wanted);
  const version = versionOf(now);
  const lookUp = createLookUp(connection, input, context.signal);
  const unread = judgeReferences(object, version, await lookUp(referencesOf(template)));
  const change: Change = {
    ...placeOf(input),
    action: 'restart',
    uid: workload.metadata.uid,
    before: templateHash(now),
    written: templateHash(template),
    after: templateHash(template),
    version,
    waitFor: waitFor(workload),
    graceSeconds: input.graceSeconds,
    at,
  };
  const summary = note('pods-restart', { object, pods: replicas, how: strategy.how });
  const drafted = await draftChange(connection, { change, world, template, annotations: {}, summary }, context);
  const { blastRadius, warnings } = notesOn(change, workload);
  return {
    operations: [drafted.operation, ...drafted.recovery],
    blastRadius,
    interruption: interruptionOf(workload, template),
    notRolledBack: [],
    notChecked: unread,
    warnings: [...warnings, ...drafted.warnings],
    expectedMs: expectedMsOf(workload),
  };
}

const second = (time: number) => `${new Date(time).toISOString().slice(0, 19)}Z`;

/** The template with a time of restart that it does not have yet: a second restart within one second would change nothing. */
function restartedAnew(now: JsonObject, wanted: number): { readonly template: JsonObject; readonly at: string } {
  const [at, later] = [second(wanted), second(wanted + 1000)];
  const template = restarted(now, at);
  if (templateHash(template) !== templateHash(now)) return { template, at };
  return { template: restarted(now, later), at: later };
}
