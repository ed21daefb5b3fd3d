import { setTimeout as delay } from 'node:timers/promises';

/** The longest pause between two questions, in ms. */
const longest = 250;

/**
 * Asks again until the answer is neither undefined nor false; throws with `what` after `limit` milliseconds. It asks ever less often,
 * because each question costs the answering side more than the pause costs a suite.
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  limit = 60_000,
): Promise<T> {
  const began = Date.now();
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    const waited = Date.now() - began;
    if (waited > limit) throw new Error(`${what}: not seen in ${limit} ms`);
    await delay(Math.min(50 + waited / 10, longest));
  }
}
