import type { IncomingMessage } from 'node:http';
import { lengthOf, letGo, newSpool, type Spool } from './body.ts';

/** The right to read one body, with the room for it. */
export interface Turn {
  readonly spool: Spool;
  /** Gives the turn back, once. */
  give(): void;
}

/** A body up to this length waits for nobody: slow senders of long ones must not hold up ordinary alerts. */
const shortBody = 262_144;

/** Room of its own for a short body; null where it is long or does not say. */
export function shortTurn(request: IncomingMessage): Turn | null {
  const length = lengthOf(request);
  if (length === 0 || length > shortBody) return null;
  const spool = Buffer.allocUnsafeSlow(length);
  return { spool, give: () => letGo(spool) };
}

/** Hands out so many turns at a time; null where none came free in `waitMs`. */
export function takeTurns(most: number, waitMs: number): () => Promise<Turn | null> {
  const free: Spool[] = [];
  const queue: ((spool: Spool) => void)[] = [];
  let made = 0;
  const turnWith = (spool: Spool): Turn => ({
    spool,
    give() {
      const next = queue.shift();
      if (next) next(spool);
      else free.push(spool);
    },
  });
  return async () => {
    const spool = free.pop();
    if (spool) return turnWith(spool);
    if (made < most) {
      made += 1;
      return turnWith(newSpool());
    }
    return await new Promise(resolve => {
      const take = (given: Spool) => {
        clearTimeout(timer);
        resolve(turnWith(given));
      };
      const timer = setTimeout(() => {
        queue.splice(queue.indexOf(take), 1);
        resolve(null);
      }, waitMs);
      queue.push(take);
    });
  };
}
