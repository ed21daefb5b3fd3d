import { Redis } from 'ioredis';
import { type RedisConnection, reconnectDelay, redisPlace } from './connection.ts';
import { keys } from './keys.ts';

/** Rings closer together than this are one, in ms. */
const gatherMs = 50;

/** Wakes the relays of all processes when posts wait; a ring that is lost is made good by the next tick. */
export interface RelayBell {
  ring(): void;
  close(): void;
}

/** Makes the bell of a process that has no relay of its own: it only rings. */
export function relayBell(connection: RedisConnection): RelayBell {
  let waiting: NodeJS.Timeout | null = null;
  return {
    ring: () => {
      waiting ??= setTimeout(() => {
        waiting = null;
        connection.redis.publish(keys.relayBell, '').catch(() => undefined);
      }, gatherMs);
    },
    close: () => {
      if (waiting) clearTimeout(waiting);
    },
  };
}

/** Listens on a connection of its own, quiet while nothing is posted; answers how to stop. */
export function onRelayBell(
  deps: { readonly trouble: (failure: Error) => void },
  url: string,
  rung: () => void,
): () => void {
  const redis = new Redis({ ...redisPlace(url), retryStrategy: reconnectDelay, maxRetriesPerRequest: null });
  redis.on('error', deps.trouble);
  redis.on('message', rung);
  redis.on('ready', rung);
  redis.subscribe(keys.relayBell).catch(deps.trouble);
  return () => redis.disconnect();
}
