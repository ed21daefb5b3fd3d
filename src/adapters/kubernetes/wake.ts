import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from './connect.ts';
import { type Place, workloadOf } from './input.ts';
import { pathOf } from './objects.ts';
import { pluralOf } from './workload.ts';

/** A waiter between two looks at a workload. */
export interface Wake {
  /** Over as soon as the workload has changed since the call before, and at the latest after `interval` ms. Throws where the signal is aborted. */
  next(interval: number): Promise<void>;
  close(): void;
}

/** Changes come in bursts: no look follows another sooner than this, in ms. */
const shortest = 40;
/** The API server ends a watch within minutes; it is not asked for again sooner than this, in ms. */
const againMs = 2_000;
const watchLimitMs = 300_000;

/** Watches a workload, so that a waiter hears of a change at once; where that may not be done or does not work, it just takes the interval. */
export function openWake(connection: Connection, place: Place, signal: AbortSignal): Wake {
  const over = new AbortController();
  const ended = AbortSignal.any([signal, over.signal]);
  let heard = false;
  let wake: (() => void) | null = null;
  const hear = (): void => {
    heard = true;
    wake?.();
  };
  void watch(connection, place, ended, hear);
  return {
    next: async interval => {
      await delay(Math.min(shortest, interval), undefined, { signal });
      if (!heard) {
        const waiting = new AbortController();
        wake = () => waiting.abort();
        await delay(interval - Math.min(shortest, interval), undefined, {
          signal: AbortSignal.any([signal, waiting.signal]),
        }).catch(() => signal.throwIfAborted());
        wake = null;
      }
      heard = false;
    },
    close: () => over.abort(),
  };
}

async function watch(connection: Connection, place: Place, signal: AbortSignal, hear: () => void): Promise<void> {
  const { kind, name } = workloadOf(place);
  const { namespace } = place;
  const plural = pluralOf(kind);
  const query = `?watch=true&fieldSelector=${encodeURIComponent(`metadata.name=${name}`)}`;
  const path = pathOf('apis/apps/v1', namespace, plural) + query;
  const request = { verb: 'watch', resource: `${plural}.apps`, namespace, path, limitMs: watchLimitMs, signal };
  while (!signal.aborted) {
    const status = await connection.follow(request, { hear });
    if (status !== 200 && status !== 0 && status < 500) return;
    await delay(againMs, undefined, { signal }).catch(() => undefined);
  }
}
