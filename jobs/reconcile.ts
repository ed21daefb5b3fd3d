import type { RunId } from '../src/domain/ids.ts';
import type { Doorbell } from '../src/ports/doorbell.ts';
import type { Log } from '../src/ports/log.ts';
import type { ReleaseStore } from '../src/ports/release-store.ts';
import type { RunStore } from '../src/ports/run-store.ts';
import { pause } from './pause.ts';
import { fireTimer } from './timers.ts';

/** What every process needs to keep runs going that somebody else left. */
export interface ReconcileDeps {
  readonly store: RunStore;
  readonly doorbell: Doorbell;
  readonly releases: Pick<ReleaseStore, 'holds'>;
  /** This process's name as a worker; null where it drives nothing. */
  readonly worker: string | null;
  readonly log: Log;
  /** How often it looks, in ms. */
  readonly everyMs: number;
}

/** How long a worker counts as alive after it was last heard of, and how often it speaks up, in ms. */
export const announceForMs = 10_000;
const announceEveryMs = 3_000;

/** A running reconciler. */
export interface Reconciler {
  /** Looks no more; resolves when the last look is over. */
  stop(): Promise<void>;
}

/** Starts looking every `everyMs`, first at once: fires due timers, rings for work that nobody does, wakes the relay. A look that fails is noted and tried again. */
export function startReconciler(deps: ReconcileDeps): Reconciler {
  const stopping = new AbortController();
  let announcedAt = Number.NEGATIVE_INFINITY;
  const look = async () => {
    if (deps.worker !== null && performance.now() - announcedAt >= announceEveryMs) {
      await deps.store.announce(deps.worker, announceForMs);
      announcedAt = performance.now();
    }
    await reconcile(deps);
  };
  const run = async () => {
    while (!stopping.signal.aborted) {
      await look().catch((failure: unknown) => deps.log.warn({ failure }, 'the reconciler could not look'));
      await pause(deps.everyMs, stopping.signal);
    }
  };
  const over = run();
  return {
    stop: () => {
      stopping.abort();
      return over;
    },
  };
}

/** One look: everything that is due or left lying is set going again. */
export async function reconcile(deps: Omit<ReconcileDeps, 'everyMs' | 'worker'>): Promise<void> {
  const tick = await deps.store.tick();
  for (const due of tick.due) {
    await fireTimer(deps, due).catch((failure: unknown) =>
      deps.log.warn({ run: due.run, timer: due.timer, failure }, 'a timer could not be fired'),
    );
  }
  const rung: RunId[] = [];
  for (const { run, fence, runsOn } of tick.unrung) {
    await deps.doorbell.ring(run, `f${fence}.${tick.now}`, runsOn);
    rung.push(run);
  }
  if (rung.length > 0) await deps.store.rung(rung);
  if (tick.readyThreads > 0) deps.doorbell.ringRelay();
}
