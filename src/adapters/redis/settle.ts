import { Refusal, reason } from '../../domain/reason.ts';

/** More writers at once than a handful of processes can be. */
const mostTries = 20;

/** Reads, decides and writes again and again until nobody wrote in between (an attempt answers null where somebody did). */
export async function settleOn<Result>(what: string, attempt: () => Promise<Result | null>): Promise<Result> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const result = await attempt();
    if (result !== null) return result;
  }
  throw new Refusal(reason('not-confirmed', undefined, `${what} is written by too many at once`));
}
