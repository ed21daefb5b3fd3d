/** What the watchdog can see and do. */
export interface WatchdogHands {
  /** How many jobs wait that the worker has room for; a failure means that Redis is away, which is no silence of the worker. */
  waiting(): Promise<number>;
  /** Puts a new worker in the silent one's place. */
  replace(): void;
  /** Called where the new one is silent too. */
  giveUp(): void;
  trouble(failure: Error): void;
}

/** Notices a worker that takes no jobs while jobs wait: BullMQ has had bugs that leave one parked for ever after an outage. */
export interface Watchdog {
  /** The worker took a job. */
  seen(): void;
  stop(): void;
}

/** Starts watching. */
export function watchdog(
  pace: { readonly lookEveryMs: number; readonly silentAfterMs: number },
  hands: WatchdogHands,
): Watchdog {
  let quietSince: number | null = null;
  let replaced = false;
  const look = async () => {
    const waiting = await hands.waiting();
    if (waiting === 0) {
      quietSince = null;
      return;
    }
    const now = performance.now();
    quietSince ??= now;
    if (now - quietSince < pace.silentAfterMs) return;
    quietSince = null;
    if (replaced) hands.giveUp();
    else hands.replace();
    replaced = true;
  };
  const timer = setInterval(() => {
    look().catch(failure => {
      quietSince = null;
      hands.trouble(failure);
    });
  }, pace.lookEveryMs);
  timer.unref();
  return {
    seen: () => {
      quietSince = null;
      replaced = false;
    },
    stop: () => clearInterval(timer),
  };
}
