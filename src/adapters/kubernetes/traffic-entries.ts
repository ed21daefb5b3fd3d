import type { ExecutorEntry } from '../../ports/executor.ts';
import { argoRolloutsInput } from './argo-input.ts';
import type { KubernetesDeps } from './input.ts';
import { trafficWeightInput } from './traffic-input.ts';

/** Rows for the table of executors, of steps that move traffic between releases that both run. */
export const trafficExecutors: readonly ExecutorEntry<KubernetesDeps>[] = [
  {
    kind: 'kubernetes.argo-rollouts',
    input: argoRolloutsInput,
    summary: 'Aborts, undoes or retries the update of a Rollout of Argo Rollouts, or promotes it in full.',
    fenced: true,
    hostLocal: false,
    needsRelease: false,
    load: async deps => {
      const [{ createArgoRollouts }, { createConnect }] = await Promise.all([
        import('./argo-rollouts.ts'),
        import('./connect.ts'),
      ]);
      return createArgoRollouts(createConnect(deps), deps.clock);
    },
  },
  {
    kind: 'kubernetes.traffic-weight',
    input: trafficWeightInput,
    summary: "Sets the new release's share of the traffic, by the rules of whatever splits it.",
    fenced: true,
    hostLocal: false,
    needsRelease: false,
    load: async deps => {
      const [{ createTrafficWeight }, { createConnect }] = await Promise.all([
        import('./traffic-weight.ts'),
        import('./connect.ts'),
      ]);
      return createTrafficWeight(createConnect(deps), deps.clock);
    },
  },
];
