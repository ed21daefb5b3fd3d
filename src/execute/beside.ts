import type { RunId } from '../domain/ids.ts';
import { note } from '../domain/note.ts';
import { Refusal } from '../domain/reason.ts';
import type { ExecuteDeps } from './deps.ts';
import { type Lease, LeaseLost } from './lease.ts';

/** How many operations run beside each other at most. */
const mostBeside = 10;

/**
 * Does something to each item, at most ten at once; once one answers false or fails nothing new is begun. What is under way is always waited
 * for, then the first failure is thrown: a run is never left while something of it goes on.
 */
export async function beside<T>(lease: Lease, items: readonly T[], each: (item: T) => Promise<boolean>): Promise<void> {
  const waiting = [...items];
  const thrown: unknown[] = [];
  let halted = false;
  const hand = async () => {
    while (!halted) {
      const item = waiting.shift();
      if (item === undefined) return;
      try {
        if (!(await each(item))) halted = true;
      } catch (error) {
        halted = true;
        thrown.push(error);
        if (nobodyKnows(error)) lease.lose();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(mostBeside, items.length) }, hand));
  if (thrown.length > 0) throw thrown[0];
}

/** Whether nobody can say any more who drives or what is journalled: then the others stop as well. */
function nobodyKnows(error: unknown): boolean {
  return error instanceof LeaseLost || (error instanceof Refusal && error.reason.code === 'not-confirmed');
}

/** How many operations of a group are over, told as each one ends: each one's own progress would only hide the others'. */
export interface Count {
  /** What operations are driven with meanwhile. */
  readonly deps: ExecuteDeps;
  ended(): void;
}

/** Counts from `done`, which are over already, to `all`. */
export function counting(deps: ExecuteDeps, lease: Lease, run: RunId, done: number, all: number): Count {
  let over = done;
  const tell = () => deps.progressed(run, lease.fence, note('operations-done', { done: over, all }));
  tell();
  return {
    deps: { ...deps, progressed: () => undefined },
    ended: () => {
      over += 1;
      tell();
    },
  };
}
