import { setTimeout as delay } from 'node:timers/promises';
import { ZodError, z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import type { StepPlan } from '../../domain/plan.ts';
import { badArgument, Refusal, reason } from '../../domain/reason.ts';
import type { Executor, PlanContext } from '../../ports/executor.ts';
import { byHand } from './by-hand.ts';
import { applyChange, observeChange } from './change.ts';
import type { Connect, Connection } from './connect.ts';
import { describing } from './describe.ts';
import { withExposure } from './exposure.ts';
import { placeOf, whereFields, workloadFields } from './input.ts';
import { MovedWhilePlanned } from './judged.ts';
import { plainly } from './kube-error.ts';
import type { Pod } from './objects.ts';
import { withOwners } from './owned-executor.ts';
import { applyRecovery, isRecovery, observeRecovery, readBody, settleRecovery } from './recover.ts';
import { settleChange } from './settle.ts';
import { inputsOfEach, planEach } from './several.ts';
import { tendPods } from './stuck.ts';
import type { World } from './world.ts';

/**
 * How one kind of step compiles for one workload; all else is the same for every change of a template. `several` is whether the step
 * names others beside it.
 */
type PlanStep = (
  connection: Connection,
  context: PlanContext,
  input: JsonObject,
  several: boolean,
) => Promise<StepPlan>;

/** How often a step is planned for a workload that moves, and how long it is given to come to rest between, in ms. */
const plans = 5;
const restMs = 200;

/** Plans again where the workload was written meanwhile: right after a deployment its controller still notes the revision. */
async function whileItMoves(plan: () => Promise<StepPlan>, signal: AbortSignal, left = plans): Promise<StepPlan> {
  try {
    return await plan();
  } catch (error) {
    if (!(error instanceof MovedWhilePlanned)) throw error;
    const said = error.cause instanceof Error ? error.cause.message : undefined;
    if (left === 1) throw new Refusal(reason('target-moving', { object: error.message }, said));
  }
  await delay(restMs, undefined, { signal });
  return whileItMoves(plan, signal, left - 1);
}

const placeIn = z.looseObject(workloadFields);
const where = z.looseObject({ context: whereFields.context, kubeconfig: whereFields.kubeconfig });

/** Makes an executor that changes a workload's template: it differs from its siblings in how it plans. */
export function changeExecutor(kind: string, connect: Connect, clock: { now(): number }, plan: PlanStep): Executor {
  const goesBack = kind === 'kubernetes.rollout-undo';
  // An operation is looked at right before it is applied: that look is not made twice.
  const lastSeen = new WeakMap<JsonObject, World>();
  const takeSeen = (body: JsonObject): World | undefined => {
    const world = lastSeen.get(body);
    lastSeen.delete(body);
    return world;
  };
  const executor: Executor = {
    kind,
    plan: (context, input) =>
      plainly(async () => {
        try {
          const connection = await connect(where.parse(input));
          const one = async (own: JsonObject, several: boolean) => {
            const planned = await whileItMoves(() => plan(connection, context, own, several), context.signal);
            if (planned.operations.length === 0) return planned;
            return withExposure(connection, placeOf(placeIn.parse(own)), planned, goesBack, context.signal);
          };
          const inputs = await inputsOfEach(connection, input, context.signal);
          return await (inputs ? planEach(inputs, own => one(own, true)) : one(input, false));
        } catch (error) {
          if (error instanceof ZodError) throw badArgument(error);
          throw error;
        }
      }),
    observe: (context, operation) =>
      plainly(async () => {
        const body = readBody(operation.body);
        const connection = await connect(body);
        if (isRecovery(body)) return observeRecovery(connection, body, context.signal);
        return observeChange(connection, body, context.signal, world => lastSeen.set(operation.body, world));
      }),
    apply: (context, operation) =>
      plainly(async () => {
        const body = readBody(operation.body);
        const connection = await connect(body);
        if (isRecovery(body)) await applyRecovery(connection, body, context);
        else await applyChange(connection, body, context, takeSeen(operation.body));
      }),
    settle: (context, operation) =>
      plainly(async () => {
        const body = readBody(operation.body);
        const connection = await connect(body);
        if (isRecovery(body)) return settleRecovery(connection, body, context, clock);
        const tend = (world: World, pods: readonly Pod[]) => tendPods(connection, body, world, pods, context.signal);
        return settleChange(connection, body, context, clock, body.heals ? tend : undefined);
      }),
    describe: describing(connect),
    byHand: operation => byHand(readBody(operation.body)),
  };
  return withOwners(connect, clock, executor);
}
