import { ZodError, z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import type { StepPlan } from '../../domain/plan.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { Executor, OperationLike, PlanContext } from '../../ports/executor.ts';
import { applyChange, observeChange, readChange } from './change.ts';
import type { Connect, Connection } from './connect.ts';
import { type Place, whereFields, workloadOf } from './input.ts';
import { plainly } from './kube-error.ts';
import { settleChange } from './settle.ts';

/** How one kind of step compiles; all else is the same for every change of a template. */
type PlanStep = (connection: Connection, context: PlanContext, input: JsonObject) => Promise<StepPlan>;

const where = z.looseObject({ context: whereFields.context, kubeconfig: whereFields.kubeconfig });

/** Makes an executor that changes a Deployment's template: it differs from its siblings in how it plans. */
export function changeExecutor(kind: string, connect: Connect, clock: { now(): number }, plan: PlanStep): Executor {
  return {
    kind,
    plan: (context, input) =>
      plainly(async () => {
        try {
          return await plan(await connect(where.parse(input)), context, input);
        } catch (error) {
          if (error instanceof ZodError) throw badInput(error);
          throw error;
        }
      }),
    observe: (context, operation) =>
      plainly(async () => {
        const change = readChange(operation.body);
        return observeChange(await connect(change), change, context.signal);
      }),
    apply: (context, operation) =>
      plainly(async () => {
        const change = readChange(operation.body);
        await applyChange(await connect(change), change, context);
      }),
    settle: (context, operation) =>
      plainly(async () => {
        const change = readChange(operation.body);
        return settleChange(await connect(change), change, context, clock);
      }),
    byHand,
  };
}

function badInput(error: ZodError): Refusal {
  const fields = error.issues.map(issue => issue.path.join('.') || 'input').join(', ');
  return new Refusal(reason('bad-argument', { fields }));
}

const flags = (place: Place) => (place.context ? ['--context', place.context] : []).concat('-n', place.namespace);

/** Named by ReplicaSet, never by "previous", which toggles. */
function byHand(operation: OperationLike): readonly string[] {
  const change = readChange(operation.body);
  const kubectl = ['kubectl', ...flags(change)].join(' ');
  const workload = workloadOf(change);
  const name = `${workload.kind.toLowerCase()}/${workload.name}`;
  const status = `${kubectl} rollout status ${name}`;
  if (change.action === 'environment') {
    const removals = change.remove.map(variable => `${variable}-`);
    const values = Object.keys(change.set).map(variable => `${variable}=…`);
    return [`${kubectl} set env ${name} ${[...values, ...removals].join(' ')}`, status];
  }
  return [
    `${kubectl} get replicaset ${change.replicaSet} -o jsonpath='{.metadata.annotations.deployment\\.kubernetes\\.io/revision}'`,
    `${kubectl} rollout undo ${name} --to-revision=N (the number just printed)`,
    status,
  ];
}
