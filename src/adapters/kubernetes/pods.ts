import { type Counted, refusedPods } from './counted.ts';
import type { Pod } from './objects.ts';
import { type PodProblem, podProblem } from './rollout.ts';

/** A pod that has ended for good stays listed until it is cleared away. */
export const isAlive = ({ status }: Pod) => status.phase !== 'Failed' && status.phase !== 'Succeeded';

/** What keeps pods of a workload from getting ready, refusals by quota or admission among it. */
export function problemsOf(workload: Counted, pods: readonly Pod[]): PodProblem[] {
  const refused = refusedPods(workload);
  const found = pods.map(pod => podProblem(pod)).filter(problem => problem !== null);
  if (!refused) return found;
  return [...found, { pod: '', reason: 'PodsRefused', message: refused, atLeastSeconds: 0 }];
}
