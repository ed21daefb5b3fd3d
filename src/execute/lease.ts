import type { TargetId } from '../domain/ids.ts';
import type { RunStore } from '../ports/run-store.ts';

/** How long a worker holds a target without renewing, how often it renews, and how long before the end it stops acting; ms. */
export interface LeaseTimes {
  readonly leaseMs: number;
  readonly renewMs: number;
  readonly marginMs: number;
}

/** A worker's hold on a target, renewed in the background. Once `signal` is aborted the holder may neither act nor write. */
export interface Lease {
  readonly target: TargetId;
  readonly fence: number;
  readonly signal: AbortSignal;
  /** Throws `LeaseLost` where the local deadline has passed: asked before each call to the outside. */
  check(): void;
  /** Gives the hold up at once: something happened after which nobody can say what is journalled. */
  lose(): void;
  /** Ends the renewing; the target itself is released by the caller. */
  stop(): void;
}

/** The target is no longer this worker's: it stops at once and writes nothing. */
export class LeaseLost extends Error {
  constructor(target: TargetId) {
    super(`the hold on ${target} is over`);
    this.name = 'LeaseLost';
  }
}

/** What keeping a lease needs; `monotonic` is a clock in ms that no clock change moves. */
export interface LeaseDeps {
  readonly store: Pick<RunStore, 'renew'>;
  readonly monotonic: () => number;
  readonly times: LeaseTimes;
}

/**
 * Keeps a lease that was taken at `takenAt` (monotonic ms, read before the script was sent). The deadline is counted from before the last
 * renewal that succeeded, so a stopped process finds on waking that it is too late.
 */
export function keepLease(deps: LeaseDeps, target: TargetId, fence: number, takenAt: number): Lease {
  const { leaseMs, renewMs, marginMs } = deps.times;
  const gone = new AbortController();
  let deadline = takenAt + leaseMs - marginMs;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const lose = () => {
    if (!gone.signal.aborted) gone.abort(new LeaseLost(target));
  };
  const renew = async () => {
    const sentAt = deps.monotonic();
    const renewed = await deps.store.renew(target, fence, leaseMs).catch(() => null);
    if (renewed === false) lose();
    else if (renewed) deadline = Math.max(deadline, sentAt + leaseMs - marginMs);
  };
  const watch = () => {
    if (stopped || gone.signal.aborted) return;
    const left = deadline - deps.monotonic();
    if (left <= 0) return lose();
    timer = setTimeout(watch, Math.min(left, renewMs));
  };
  const beat = setInterval(() => void renew(), renewMs);
  watch();

  return {
    target,
    fence,
    signal: gone.signal,
    check: () => {
      if (deps.monotonic() >= deadline) lose();
      if (gone.signal.aborted) throw new LeaseLost(target);
    },
    lose,
    stop: () => {
      stopped = true;
      clearInterval(beat);
      clearTimeout(timer);
    },
  };
}
