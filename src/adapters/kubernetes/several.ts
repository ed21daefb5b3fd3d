import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import type { Interruption, OperationDraft, StepPlan } from '../../domain/plan.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { Connection } from './connect.ts';
import { namesByLabels } from './counted.ts';
import { objectOf, type Place, placeOf, severalFields } from './input.ts';

const severalIn = z.looseObject(severalFields);

/** How many workloads are planned at once: as many as are changed at once. */
const atOnce = 10;

/** The inputs of a step that names several workloads, one for each; null where it names one. Throws `KubeError`. */
export async function inputsOfEach(
  connection: Connection,
  raw: JsonObject,
  signal: AbortSignal,
): Promise<readonly JsonObject[] | null> {
  const { workloads, selector } = severalIn.parse(raw);
  const { workloads: _, selector: __, ...rest } = raw;
  if (workloads) return workloads.map(named => ({ ...rest, ...named }));
  if (!selector) return null;
  const { namespace } = severalIn.parse(raw);
  const [deployments, statefulSets, daemonSets] = await Promise.all(
    (['Deployment', 'StatefulSet', 'DaemonSet'] as const).map(kind =>
      namesByLabels(connection, kind, { namespace, selector }, signal),
    ),
  );
  const found = [
    ...(deployments ?? []).map(deployment => ({ ...rest, deployment })),
    ...(statefulSets ?? []).map(statefulSet => ({ ...rest, statefulSet })),
    ...(daemonSets ?? []).map(daemonSet => ({ ...rest, daemonSet })),
  ];
  if (found.length > 0) return found;
  const object = `namespace ${namespace}`;
  throw new Refusal(reason('plan-failed', { object, why: 'none-with-labels' }));
}

/** One workload of a step with what was planned for it. */
interface Part {
  readonly object: string;
  readonly plan: StepPlan;
}

/** Plans each workload of a step by itself and makes one plan of it, whose changes of templates run beside each other. */
export async function planEach(
  inputs: readonly JsonObject[],
  plan: (input: JsonObject) => Promise<StepPlan>,
): Promise<StepPlan> {
  const parts: Part[] = [];
  for (let from = 0; from < inputs.length; from += atOnce) {
    const some = inputs.slice(from, from + atOnce);
    parts.push(
      ...(await Promise.all(some.map(async input => ({ object: objectOf(placeIn(input)), plan: await plan(input) })))),
    );
  }
  return merged(parts);
}

const placeIn = (input: JsonObject): Place => placeOf(severalIn.parse(input));

/** What an operation of one workload's plan is for. */
function purposeOf(own: string, { object, body }: OperationDraft): 'configuration' | 'change' | 'recovery' | 'reader' {
  if (body.action === 'configuration') return 'configuration';
  if (object !== own) return 'reader';
  return body.action === 'heal' ? 'recovery' : 'change';
}

/**
 * Configuration first, each object once; then the templates, beside each other; then pods of StatefulSets that hang; at last other workloads
 * that read the configuration, but for those that start anew in this step anyway.
 */
function merged(parts: readonly Part[]): StepPlan {
  const plans = parts.map(({ plan }) => plan);
  const byPurpose = Map.groupBy(
    parts.flatMap(({ object, plan }) => plan.operations.map(operation => ({ object, operation }))),
    ({ object, operation }) => purposeOf(object, operation),
  );
  const all = (purpose: ReturnType<typeof purposeOf>) =>
    (byPurpose.get(purpose) ?? []).map(({ operation }) => operation);
  const changes = all('change');
  const changed = new Set(changes.map(({ object }) => object));
  const readers = all('reader').filter(({ object }) => !changed.has(object));
  return {
    operations: [
      ...onceEach(all('configuration')),
      ...changes.map(change => ({ ...change, group: 0 })),
      ...all('recovery'),
      ...onceEach(readers),
    ],
    blastRadius: plans.flatMap(plan => plan.blastRadius),
    interruption: worstOf(plans),
    notRolledBack: plans.flatMap(plan => plan.notRolledBack),
    notChecked: plans.flatMap(plan => plan.notChecked),
    warnings: plans.flatMap(plan => plan.warnings),
    expectedMs: Math.ceil(changes.length / atOnce) * Math.max(0, ...plans.map(plan => plan.expectedMs)),
  };
}

/** Several workloads share configuration and its readers: what is done for one of them is done for all. */
function onceEach(operations: readonly OperationDraft[]): readonly OperationDraft[] {
  return [...new Map(operations.toReversed().map(operation => [operation.object, operation])).values()].toReversed();
}

function worstOf(plans: readonly StepPlan[]): Interruption {
  return plans.some(({ interruption }) => interruption.kind !== 'none') ? { kind: 'unknown' } : { kind: 'none' };
}
