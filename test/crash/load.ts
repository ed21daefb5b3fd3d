import type { RunId } from '../../src/domain/ids.ts';
import type { RunStatus } from '../../src/domain/status.ts';
import { type Harness, settled } from './harness.ts';

/** Runs that go on all the time: as one is over, it is checked and the next is asked for. */
export interface Load {
  /** Asks for no more runs, waits for the last ones, and answers how many were checked. */
  finish(): Promise<number>;
  /** Asks for nothing until the returned function is called; resolves when no request is on its way any more. */
  hold(): Promise<() => void>;
}

/** Keeps one run going on each of so many lanes; every one must end as `succeeded`, its effects once each. */
export function startLoad(harness: Harness, lanes: number, ends: readonly RunStatus[] = ['succeeded']): Load {
  let over = false;
  let checked = 0;
  let gate: Promise<void> = Promise.resolve();
  const asking = new Set<Promise<RunId>>();
  const lane = async (number: number) => {
    while (!over) {
      await gate;
      const asked = harness.request(number);
      asking.add(asked);
      const id = await asked.finally(() => asking.delete(asked));
      await harness.until(id, settled, 120_000);
      await harness.sound(id, ends);
      checked += 1;
    }
  };
  const all = Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
  all.catch(() => undefined);
  return {
    finish: async () => {
      over = true;
      await all;
      return checked;
    },
    hold: async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      await Promise.all(asking);
      return resolve;
    },
  };
}
