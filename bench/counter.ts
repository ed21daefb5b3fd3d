import type { BoundExecutor } from '../src/ports/executor.ts';
import { countingExecutors } from '../test/fakes/executor.ts';

/** Puts the counting target's kind of step beside the others. */
export function withCounter(
  bound: ReadonlyMap<string, BoundExecutor>,
  targetUrl: string,
): ReadonlyMap<string, BoundExecutor> {
  const counter = countingExecutors(targetUrl).get('counter');
  if (!counter) throw new Error('no counting executor');
  return new Map([...bound, ['counter', counter]]);
}
