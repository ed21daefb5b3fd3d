import type { Cluster } from '../../ports/cluster.ts';
import { type Comparison, isWorkload, type Part } from './manifest.ts';
import { findWorkload, type Pod, presentPods } from './pods.ts';

/** Whether any pod of what a rollback changed or made is ready; true where that cannot be told, so that nothing is put back by itself. */
export async function anyServed(
  cluster: Cluster,
  { changed, created }: Comparison,
  signal: AbortSignal,
): Promise<boolean> {
  const parts = [...changed.map(({ after }) => after), ...created].filter(isWorkload);
  const all = await Promise.all(parts.map(part => hasReadyPod(cluster, part, signal)));
  return all.some(ready => ready !== false);
}

/** Whether a pod of a workload's present template is ready; null where that cannot be told. */
async function hasReadyPod(cluster: Cluster, part: Part, signal: AbortSignal): Promise<boolean | null> {
  const workload = await findWorkload(cluster, part, signal);
  if (workload === 'gone') return false;
  const pods = workload && (await presentPods(cluster, part, workload, signal));
  return pods?.some(isReady) ?? null;
}

function isReady({ status: { conditions } }: Pod): boolean {
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}
