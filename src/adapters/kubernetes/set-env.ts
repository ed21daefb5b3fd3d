import type { JsonObject } from '../../domain/json.ts';
import { note } from '../../domain/note.ts';
import { emptyPlan, type StepPlan } from '../../domain/plan.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { Executor, PlanContext } from '../../ports/executor.ts';
import type { Connect, Connection } from './connect.ts';
import { containerNames, withEnvironment } from './environment.ts';
import { changeExecutor } from './executor.ts';
import { objectOf, setEnvInput } from './input.ts';
import { refuseOwned, refusePaused } from './owners.ts';
import { templateHash } from './template.ts';
import { planTemplate } from './template-plan.ts';
import { readWorld } from './world.ts';

/** Sets and removes environment variables of a workload's containers, which rolls its pods. */
export function createSetEnv(connect: Connect, clock: { now(): number }): Executor {
  return changeExecutor('kubernetes.set-env', connect, clock, planSetEnv);
}

async function planSetEnv(connection: Connection, context: PlanContext, raw: JsonObject): Promise<StepPlan> {
  const input = setEnvInput.parse(raw);
  const object = objectOf(input);
  const world = await readWorld(connection, input, context.signal);
  const { workload } = world;
  refuseOwned(input, workload);
  const now = workload.spec.template;
  const containers = chosen(object, containerNames(now), input.containers);
  const { set, remove } = input;
  const template = withEnvironment(now, { set, remove, containers });
  if (templateHash(template) === templateHash(now)) return emptyPlan;
  refusePaused(input, workload);
  const pods = workload.spec.replicas;
  const summary = note('environment-changes', { object, set: Object.keys(set), removed: remove, pods });
  const act = { action: 'environment', set, remove, containers } as const;
  return planTemplate(connection, context, { input, world, template, act, summary });
}

/** All containers, or those that the catalogue names; a name that fits none is a mistake worth stopping for. */
function chosen(object: string, present: readonly string[], wanted: readonly string[] | null): string[] {
  const missing = wanted?.filter(name => !present.includes(name)) ?? [];
  if (missing.length > 0) {
    throw new Refusal(reason('plan-failed', { object, why: 'no-such-container', containers: missing, present }));
  }
  return [...(wanted ?? present)];
}
