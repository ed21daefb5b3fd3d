import { afterAll, beforeAll, beforeEach } from 'vitest';
import { openRedis, type RedisConnection } from '../../src/adapters/redis/connection.ts';
import { keys } from '../../src/adapters/redis/keys.ts';
import { redisOutbox } from '../../src/adapters/redis/outbox.ts';
import { redisRunStore } from '../../src/adapters/redis/run-store.ts';
import type { Outbox } from '../../src/ports/outbox.ts';
import type { RunStore } from '../../src/ports/run-store.ts';
import { type RedisSettings, startRedis, type TestRedis } from '../fakes/redis.ts';

/** What a suite on a Redis of its own gets. */
export interface EngineRig {
  readonly server: TestRedis;
  readonly connection: RedisConnection;
  readonly store: RunStore;
  readonly outbox: Outbox;
  /** Another connection to the same server, closed at the end: another process, as far as Redis can tell. */
  another(): Promise<RedisConnection>;
  /** Moves the engine's clock so many ms on. */
  pass(ms: number): Promise<void>;
}

/** Starts one Redis for the suite and empties it before each test. */
export function useRig(settings: RedisSettings = {}): EngineRig {
  let server: TestRedis;
  let connection: RedisConnection;
  const others: RedisConnection[] = [];
  const rig = {} as { -readonly [Key in keyof EngineRig]: EngineRig[Key] };
  beforeAll(async () => {
    server = await startRedis(settings);
    connection = await openRedis(quiet, server.url);
    Object.assign(rig, {
      server,
      connection,
      store: redisRunStore(connection),
      outbox: redisOutbox(connection),
      another: async () => {
        const other = await openRedis(quiet, server.url);
        others.push(other);
        return other;
      },
      pass: (ms: number) => connection.redis.incrby(keys.testOffset, ms),
    });
  });
  beforeEach(async () => {
    await connection.redis.flushall();
  });
  afterAll(async () => {
    for (const other of others) await other.close();
    await connection.close();
    await server.stop();
  });
  return rig;
}

/** Losing the connection is part of these suites. */
export const quiet = { trouble: () => undefined };
