import { setTimeout as delay } from 'node:timers/promises';
import type { TestRedis } from '../test/fakes/redis.ts';
import type { CountingTarget } from '../test/fakes/target.ts';
import type { Folder } from './catalogue.ts';
import type { Child } from './processes.ts';

/** What all parts of the kill benchmark share. */
export interface KillPlace {
  readonly redis: TestRedis;
  readonly target: CountingTarget;
  readonly folder: Folder;
  /** Starts a process that is ended with the benchmark. */
  start(file: string, orders: object): Promise<Child>;
}

/** How many keys took effect more than once. */
export function repeatedEffects(target: CountingTarget, of: (key: string) => boolean): number {
  const counts = new Map<string, number>();
  for (const { key } of target.effects) if (of(key)) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts.values()].filter(count => count > 1).length;
}

/** Asks every 5 ms until there is an answer; throws after `withinMs`. */
export async function until<T>(what: string, ask: () => Promise<T | null>, withinMs = 60_000, everyMs = 5): Promise<T> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; await delay(everyMs)) {
    const answer = await ask();
    if (answer !== null) return answer;
  }
  throw new Error(`not seen in ${withinMs} ms: ${what}`);
}
