import { type Counted, refusedPods } from './counted.ts';
import type { Failure } from './failing.ts';
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

/** The first problem that no time mends or that has lasted without a break for its grace; `since` holds what was seen before. */
export function lasting(
  since: Map<string, number>,
  problems: readonly PodProblem[],
  graceSeconds: number,
  now: number,
): Failure | null {
  const seen = new Set(problems.map(({ pod }) => pod));
  for (const pod of since.keys()) if (!seen.has(pod)) since.delete(pod);
  for (const problem of problems) {
    const { pod, reason: cause, atLeastSeconds, container } = problem;
    const began = since.get(pod) ?? now;
    since.set(pod, began);
    if (!problem.atOnce && now - began < Math.max(graceSeconds, atLeastSeconds) * 1000) continue;
    const what = `${pod ? `pod ${pod}: ` : ''}${cause}, ${problem.message}`;
    return { what, cause, pod, ...(container ? { container } : {}) };
  }
  return null;
}
