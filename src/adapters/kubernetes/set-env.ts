import type { JsonObject } from '../../domain/json.ts';
import { type Note, note } from '../../domain/note.ts';
import { emptyPlan, type StepPlan } from '../../domain/plan.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { Executor, PlanContext } from '../../ports/executor.ts';
import type { Change } from './change.ts';
import type { Connect, Connection } from './connect.ts';
import { containerNames, withEnvironment } from './environment.ts';
import { changeExecutor } from './executor.ts';
import { objectOf, placeOf, setEnvInput } from './input.ts';
import { expectedMsOf, interruptionOf, judgeReferences, notesOn, waitFor } from './judged.ts';
import { refuseOwned, refusePaused } from './owners.ts';
import { draftChange } from './recover.ts';
import { createLookUp, referencesOf } from './references.ts';
import { templateHash, versionOf } from './template.ts';
import { readWorld } from './world.ts';

/** Sets and removes environment variables of a workload's containers, which rolls its pods. */
export function createSetEnv(connect: Connect, clock: { now(): number }): Executor {
  return changeExecutor('kubernetes.set-env', connect, clock, planSetEnv);
}

async function planSetEnv(connection: Connection, context: PlanContext, raw: JsonObject): Promise<StepPlan> {
  const input = setEnvInput.parse(raw);
  const { signal } = context;
  const object = objectOf(input);
  const world = await readWorld(connection, input, signal);
  const { workload } = world;
  refuseOwned(input, workload);
  const now = workload.spec.template;
  const containers = chosen(object, containerNames(now), input.containers);
  const { graceSeconds, set, remove } = input;
  const template = withEnvironment(now, { set, remove, containers });
  if (templateHash(template) === templateHash(now)) return emptyPlan;
  refusePaused(input, workload);
  const version = versionOf(template);
  const unread = judgeReferences(
    object,
    version,
    await createLookUp(connection, input, signal)(referencesOf(template)),
  );
  const change: Change & { action: 'environment' } = {
    ...placeOf(input),
    action: 'environment',
    uid: workload.metadata.uid,
    before: templateHash(now),
    written: templateHash(template),
    after: templateHash(template),
    version,
    waitFor: waitFor(workload),
    graceSeconds,
    set,
    remove,
    containers,
  };
  const summary = summaryOf(object, change, workload.spec.replicas);
  const drafted = await draftChange(connection, { change, world, template, annotations: {}, summary }, context);
  const notes = notesOn(change, workload);
  return {
    operations: [drafted.operation, ...drafted.recovery],
    blastRadius: notes.blastRadius,
    interruption: interruptionOf(workload, template),
    notRolledBack: [],
    notChecked: unread,
    warnings: [...notes.warnings, ...drafted.warnings],
    expectedMs: expectedMsOf(workload),
  };
}

/** All containers, or those that the catalogue names; a name that fits none is a mistake worth stopping for. */
function chosen(object: string, present: readonly string[], wanted: readonly string[] | null): string[] {
  const missing = wanted?.filter(name => !present.includes(name)) ?? [];
  if (missing.length > 0) {
    throw new Refusal(reason('plan-failed', { object, why: 'no-such-container', containers: missing, present }));
  }
  return [...(wanted ?? present)];
}

function summaryOf(object: string, change: Change & { readonly action: 'environment' }, pods: number): Note {
  return note('environment-changes', { object, set: Object.keys(change.set), removed: change.remove, pods });
}
