import type { RunStore } from '../../ports/run-store.ts';
import type { RedisConnection } from './connection.ts';
import { leases } from './leases.ts';
import { runs } from './runs.ts';

/** The runs in Redis: every change is one script, so that a crash leaves all of it or nothing. */
export function redisRunStore(connection: RedisConnection): RunStore {
  return { ...runs(connection), ...leases(connection) };
}
