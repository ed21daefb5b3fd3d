import { type Rate, takeTurn } from '../src/domain/pace.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { ClaimedPost } from '../src/ports/outbox.ts';

/** Slack's methods as the relay uses them. */
export type Sending = 'post' | 'edit';

/** Slack's limits with room to spare: a channel takes one post a second, chat.update 50 calls a minute. */
const rates = {
  channel: { burst: 5, everyMs: 1000 },
  post: { burst: 20, everyMs: 250 },
  edit: { burst: 10, everyMs: 1200 },
  /** Edits of one message: people read it, so every few seconds is often enough. */
  message: { burst: 3, everyMs: 2000 },
} as const satisfies Record<string, Rate>;

/** Turns of each burst that are kept for cards and results. */
const keptForUrgent = 2;

/** Decides how long a row waits for its turn. */
export interface Pacing {
  /** Takes the row's turn and answers 0, or answers how many ms to wait for it. */
  turn(row: ClaimedPost, sending: Sending): number;
  /** Slack said to leave a method alone for so long. */
  hold(sending: Sending, forMs: number): void;
}

/** Makes the pacing of one process; what Slack says with 429 is shared through the outbox. */
export function createPacing(clock: Clock): Pacing {
  const wholeAt = new Map<string, number>();
  const heldUntil = new Map<Sending, number>();

  function ratesFor({ post, state }: ClaimedPost, sending: Sending): [string, Rate][] {
    const method: [string, Rate] = [sending, rates[sending]];
    if (sending === 'post') return [method, [`channel ${state.channel}`, rates.channel]];
    return post.urgency === 'urgent' ? [method] : [method, [`message ${post.thread} ${post.slot}`, rates.message]];
  }

  function forget(now: number): void {
    for (const [key, at] of wholeAt) if (at <= now) wholeAt.delete(key);
  }

  return {
    turn(row, sending) {
      const now = clock.now();
      const held = (heldUntil.get(sending) ?? 0) - now;
      if (held > 0) return held;
      if (wholeAt.size > 1000) forget(now);
      const turns = ratesFor(row, sending).map(([key, rate]) => {
        const shared = !key.startsWith('message');
        const keep = shared && row.post.urgency !== 'urgent' ? keptForUrgent : 0;
        return { key, ...takeTurn(rate, wholeAt.get(key), now, keep) };
      });
      const waitMs = Math.max(...turns.map(one => one.waitMs));
      if (waitMs === 0) for (const one of turns) wholeAt.set(one.key, one.wholeAt);
      return waitMs;
    },
    hold: (sending, forMs) => void heldUntil.set(sending, clock.now() + forMs),
  };
}
