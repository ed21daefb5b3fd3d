import type { Once } from '../../ports/once.ts';
import type { RedisConnection } from './connection.ts';
import { keys } from './keys.ts';

/** Remembers keys in Redis, so that all processes share what was seen. */
export function redisOnce({ redis, confirmed }: RedisConnection): Once {
  return async (key, ttlMs) => (await confirmed(redis.set(keys.once(key), '1', 'PX', ttlMs, 'NX'))) === 'OK';
}
