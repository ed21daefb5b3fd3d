import type { ExecutorEntry } from '../../ports/executor.ts';
import { deletePodsInput } from './delete-pods-input.ts';
import type { KubernetesDeps } from './input.ts';
import { scaleInput } from './scale-input.ts';

/** Rows for the table of executors, of steps that make or end pods and leave their template as it is. */
export const podExecutors: readonly ExecutorEntry<KubernetesDeps>[] = [
  {
    kind: 'kubernetes.scale',
    input: scaleInput,
    summary: 'Sets how many pods Deployments and StatefulSets have, and puts back exactly as many as there were.',
    fenced: true,
    hostLocal: false,
    needsRelease: false,
    load: async deps => {
      const [{ createScale }, { createConnect }] = await Promise.all([import('./scale.ts'), import('./connect.ts')]);
      return createScale(createConnect(deps), deps.clock);
    },
  },
  {
    kind: 'kubernetes.delete-pods',
    input: deletePodsInput,
    summary: 'Deletes pods of a workload by eviction, so that its controller makes new ones; cannot be undone.',
    fenced: true,
    hostLocal: false,
    needsRelease: false,
    load: async deps => {
      const [{ createDeletePods }, { createConnect }] = await Promise.all([
        import('./delete-pods.ts'),
        import('./connect.ts'),
      ]);
      return createDeletePods(createConnect(deps), deps.clock);
    },
  },
];
