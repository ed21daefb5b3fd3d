import { setTimeout as delay } from 'node:timers/promises';

/** Asks again until the answer is neither undefined nor false; throws with `what` after `limit` milliseconds. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  limit = 60_000,
): Promise<T> {
  const deadline = Date.now() + limit;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: not seen in ${limit} ms`);
    await delay(50);
  }
}
