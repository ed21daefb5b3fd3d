import type { RequestListener } from 'node:http';
import { admitHook, takeHook } from '../../commands/alerts/receive-hook.ts';
import { createMetrics } from '../adapters/http/metrics.ts';
import { sameSecret } from '../adapters/http/same-secret.ts';
import { type HttpDoor, openHttpDoor } from '../adapters/http/server.ts';
import type { Environment } from '../config/env.ts';
import { readSecret } from '../config/secrets.ts';
import type { Catalogue } from '../domain/catalogue.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Stores } from './stores.ts';

/** What stands behind the HTTP doors. */
export interface HttpParts {
  readonly env: Environment;
  readonly stores: Stores;
  readonly hooks: () => Catalogue['hooks'];
  /** Slack's requests; null in Socket Mode. */
  readonly slack: RequestListener | null;
  readonly socketTrouble: () => string | null;
  readonly ringIntake: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Opens hooks, health, readiness, metrics and Slack's door on HOST:PORT. */
export async function openHttp(parts: HttpParts): Promise<HttpDoor> {
  const { env, stores, clock, log } = parts;
  const metrics = createMetrics();
  metrics.gauge(
    'backout_open_runs',
    'Runs that are not over',
    async () => (await stores.runs.list({ open: true, limit: 1_000 })).length,
  );
  metrics.gauge(
    'backout_posts_waiting',
    'Messages that wait for Slack',
    async () => (await stores.outbox.counts()).waiting,
  );
  metrics.gauge('backout_posts_dead', 'Messages that were given up', async () => (await stores.outbox.counts()).dead);
  const hooks = { ...parts, readSecret, same: sameSecret, alerts: stores.alerts, ring: parts.ringIntake };
  return await openHttpDoor(
    {
      admit: head => admitHook(hooks, head),
      take: call => takeHook(hooks, call),
      ready: async () => {
        const redis = await stores.runs.now().then(
          () => [],
          () => ['Redis does not answer'],
        );
        const socket = parts.socketTrouble();
        const missing = [...redis, ...(socket ? [`Slack: ${socket}`] : [])];
        return { ok: missing.length === 0, missing };
      },
      metrics,
      fallback: parts.slack,
      clock,
      log,
    },
    env.HOST,
    env.PORT,
  );
}
