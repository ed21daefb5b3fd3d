import type { JsonObject } from '../../domain/json.ts';
import { note } from '../../domain/note.ts';
import type { StepPlan } from '../../domain/plan.ts';
import type { Executor, PlanContext } from '../../ports/executor.ts';
import type { Connect, Connection } from './connect.ts';
import { changeExecutor } from './executor.ts';
import { objectOf } from './input.ts';
import { refuseOwned, refusePaused } from './owners.ts';
import { restartInput } from './rollout-input.ts';
import { restartedAnew } from './template.ts';
import { planTemplate } from './template-plan.ts';
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
  const summary = note('pods-restart', { object, pods: replicas, how: strategy.how });
  return planTemplate(connection, context, { input, world, template, act: { action: 'restart', at }, summary });
}
