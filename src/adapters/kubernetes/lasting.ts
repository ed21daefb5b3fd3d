import type { Failure } from './failing.ts';
import type { PodProblem } from './rollout.ts';

/** How long each pod has had a problem, and when it was last seen to have one, epoch ms; what refuses pods stands under the empty name. */
export type Problems = Map<string, { readonly since: number; readonly seen: number }>;

/** A container that crashes in a loop runs for moments in between: a problem that was seen so lately, in ms, has not gone. */
const linger = 5_000;

/** The first problem that no time mends or that has lasted for its grace; what was seen before is kept in `known`. */
export function lasting(
  known: Problems,
  problems: readonly PodProblem[],
  graceSeconds: number,
  now: number,
): Failure | null {
  const present = new Set(problems.map(({ pod }) => pod));
  for (const [pod, { seen }] of known) if (!present.has(pod) && now - seen > linger) known.delete(pod);
  for (const problem of problems) {
    const { pod, reason: cause, message: said, atOnce, atLeastSeconds } = problem;
    const since = known.get(pod)?.since ?? now;
    known.set(pod, { since, seen: now });
    if (!atOnce && now - since < Math.max(graceSeconds, atLeastSeconds) * 1000) continue;
    return { cause, facts: placeOf(problem), said };
  }
  return null;
}

/** The facts by which people find what has a problem. */
export function placeOf({ pod, container, exitCode, command }: PodProblem): Readonly<Record<string, string | number>> {
  return {
    ...(pod ? { pod } : {}),
    ...(container ? { container } : {}),
    ...(exitCode == null ? {} : { exitCode }),
    ...(command ? { command } : {}),
  };
}
