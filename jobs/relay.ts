import type { ClaimedPost } from '../src/ports/outbox.ts';
import { type DeliverDeps, deliverRow } from './deliver.ts';

/** Carries the outbox to Slack: several threads at a time, each in its order. */
export interface Relay {
  /** Says that rows may wait; cheap, and one too many does nothing. */
  ring(): void;
  /** Claims nothing more and waits for what is on its way. */
  stop(): Promise<void>;
}

/** Threads served at a time: a hanging call holds up its own thread only. */
const mostAtOnce = 10;

/** A row is ready by the server's clock: rung this much later, in ms, it is sure to be. */
const clockSlackMs = 15;

/** How long a claim lasts, in ms: longer than one delivery with its fallbacks and file takes. */
const leaseMs = 25_000;

/** Makes the relay of this process; it works when rung, and rings itself for rows that wait for their turn. */
export function createRelay(deps: DeliverDeps): Relay {
  const under = new Set<Promise<void>>();
  const timers = new Set<ReturnType<typeof setTimeout>>();
  let wanted = false;
  let claiming: Promise<void> | null = null;
  let stopped = false;

  function ring(): void {
    wanted = true;
    if (claiming || stopped || under.size >= mostAtOnce) return;
    claiming = claim().finally(() => {
      claiming = null;
      if (wanted) ring();
    });
  }

  function ringIn(ms: number): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      ring();
    }, ms + clockSlackMs);
    timers.add(timer);
  }

  async function claim(): Promise<void> {
    wanted = false;
    try {
      const rows = await deps.outbox.claim(mostAtOnce - under.size, leaseMs);
      for (const row of rows) serve(row);
    } catch (failure) {
      deps.log.warn({ err: failure }, 'The outbox cannot be read; the next ring tries again');
    }
  }

  function serve(row: ClaimedPost): void {
    const work = deliverRow(deps, row)
      .then(({ againInMs }) => (againInMs === null || againInMs === 0 ? ring() : ringIn(againInMs)))
      // The claim runs out by itself, and then the row is looked for in Slack before it is sent again.
      .catch(failure => deps.log.warn({ err: failure, post: row.post }, 'A row stays claimed until its lease is over'))
      .finally(() => {
        under.delete(work);
        if (wanted) ring();
      });
    under.add(work);
  }

  return {
    ring,
    async stop() {
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
      await claiming;
      await Promise.allSettled(under);
    },
  };
}
