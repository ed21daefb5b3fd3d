import { redisAlertStore } from '../adapters/redis/alert-store.ts';
import { redisCatalogues } from '../adapters/redis/catalogues.ts';
import { openRedis, type RedisConnection, type RedisPlace, redisPlace } from '../adapters/redis/connection.ts';
import { type EmbeddedRedis, embeddedUrl, startEmbeddedRedis } from '../adapters/redis/embedded.ts';
import { redisKeptTexts } from '../adapters/redis/kept-texts.ts';
import { redisOnce } from '../adapters/redis/once.ts';
import { redisOutbox } from '../adapters/redis/outbox.ts';
import { redisReleaseStore } from '../adapters/redis/release-store.ts';
import { redisRunStore } from '../adapters/redis/run-store.ts';
import { type Environment, inheritedVariables } from '../config/env.ts';
import { applyAlert } from '../detect/episode.ts';
import { learnReleases } from '../detect/learn.ts';
import type { TargetId } from '../domain/ids.ts';
import type { AlertStore } from '../ports/alert-store.ts';
import type { Catalogues } from '../ports/catalogues.ts';
import type { KeptTexts } from '../ports/kept-texts.ts';
import type { Log } from '../ports/log.ts';
import type { Once } from '../ports/once.ts';
import type { Outbox } from '../ports/outbox.ts';
import type { ReleaseStore } from '../ports/release-store.ts';
import type { RunStore } from '../ports/run-store.ts';

/** All state, over one connection. */
export interface Stores {
  readonly url: string;
  readonly place: RedisPlace;
  readonly connection: RedisConnection;
  readonly runs: RunStore;
  readonly outbox: Outbox;
  readonly catalogues: Catalogues;
  readonly releases: ReleaseStore;
  readonly alerts: AlertStore;
  readonly once: Once;
  readonly kept: KeptTexts;
  close(): Promise<void>;
}

/** Where Redis is: the one of REDIS_URL, or the embedded one of the state folder. */
export function redisUrl(env: Environment): string {
  return env.REDIS_URL ?? embeddedUrl(env.BACKOUT_STATE_DIR);
}

/** Starts the embedded Redis where no REDIS_URL is set; null where one is. */
export async function ownRedis(env: Environment): Promise<EmbeddedRedis | null> {
  if (env.REDIS_URL !== null) return null;
  return await startEmbeddedRedis({ path: inheritedVariables().PATH ?? '' }, env.BACKOUT_STATE_DIR);
}

/** Opens all stores; `soakMs` says how long a release of a target must soak; a Redis that is away is no obstacle, its commands fail until it is back. */
export async function openStores(url: string, log: Log, soakMs: (target: TargetId) => number): Promise<Stores> {
  const connection = await openRedis({ trouble: failure => log.warn({ err: failure }, 'Redis') }, url);
  return {
    url,
    place: redisPlace(url),
    connection,
    runs: redisRunStore(connection),
    outbox: redisOutbox(connection),
    catalogues: redisCatalogues(connection),
    releases: redisReleaseStore(connection, {
      learn: (target, known, facts) => learnReleases(target, known, facts, soakMs(target)),
    }),
    alerts: redisAlertStore(connection, { apply: applyAlert }),
    once: redisOnce(connection),
    kept: redisKeptTexts(connection),
    close: () => connection.close(),
  };
}
