/** So many at once, then one every so many ms. */
export interface Rate {
  readonly burst: number;
  readonly everyMs: number;
}

/** What a spent turn leaves behind: when the rate would have its whole burst again, and how long to wait where there was no turn. */
export interface Turn {
  /** Epoch ms; give it to the next call. */
  readonly wholeAt: number;
  /** 0 where the turn is taken. */
  readonly waitMs: number;
}

/** Takes a turn of a rate, or says how long to wait for it; `keep` turns of the burst stay for those who may not wait. */
export function takeTurn(rate: Rate, wholeAt: number | undefined, now: number, keep = 0): Turn {
  const from = Math.max(wholeAt ?? now, now);
  const room = Math.max(0, rate.burst - 1 - keep) * rate.everyMs;
  const waitMs = Math.max(0, from - now - room);
  return { wholeAt: waitMs > 0 ? from : from + rate.everyMs, waitMs };
}
