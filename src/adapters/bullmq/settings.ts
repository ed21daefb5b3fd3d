import type { RedisOptions } from 'bullmq';

/** BullMQ's keys carry the engine's hash tag, so that one Redis Cluster slot holds all. */
export const queuePrefix = '{backout}';

/** The queue any worker takes from, or that of the worker a host-local target lives on; `:` is not allowed in it. */
export function queueName(worker: string | null): string {
  return worker === null ? 'work' : `work-${encodeURIComponent(worker)}`;
}

/** Where Redis is: an ioredis options object with host and port or a socket path. */
export type RedisPlace = RedisOptions;

/** How long to wait before the n-th try to reach Redis again, in ms: BullMQ's own delays grow to 20 s, which costs seconds after an outage. */
export function reconnectDelay(tries: number): number {
  return Math.min(50 * 2 ** Math.min(tries - 1, 6), 2_000);
}
