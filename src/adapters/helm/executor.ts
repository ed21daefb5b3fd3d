import { badArgument } from '../../domain/reason.ts';
import { shellLine } from '../../domain/shell-words.ts';
import type { Executor, OperationLike } from '../../ports/executor.ts';
import { applyRollback } from './apply.ts';
import { rollbackArgv } from './binary.ts';
import { readBody } from './body.ts';
import { createHistory } from './history.ts';
import { type HelmDeps, rollbackInput } from './input.ts';
import { observeRollback, settleRollback } from './observe.ts';
import { planRollback } from './plan.ts';

/** Takes a Helm release back to a named revision, by the helm program of the catalogue. */
export function createRollback(deps: HelmDeps): Executor {
  const history = createHistory();
  return {
    kind: 'helm.rollback',
    plan: async (context, raw) => {
      const input = rollbackInput.safeParse(raw);
      if (!input.success) throw badArgument(input.error);
      return planRollback(deps, history, context, input.data);
    },
    observe: async ({ signal }, operation) => {
      const body = readBody(operation.body);
      return observeRollback(await deps.openCluster(body), history, body, signal);
    },
    apply: async (context, operation) => {
      const body = readBody(operation.body);
      await applyRollback(deps, await deps.openCluster(body), history, body, context);
    },
    settle: async ({ signal }, operation) => {
      const body = readBody(operation.body);
      return settleRollback(await deps.openCluster(body), history, body, signal);
    },
    byHand,
  };
}

function byHand(operation: OperationLike): readonly string[] {
  const body = readBody(operation.body);
  const file = body.kubeconfig ? ['--kubeconfig', body.kubeconfig] : [];
  const place = ['--namespace', body.namespace, ...(body.context ? ['--kube-context', body.context] : []), ...file];
  return [
    shellLine([body.binary, 'history', body.release, ...place]),
    shellLine([...rollbackArgv(body, null), ...file]),
  ];
}
