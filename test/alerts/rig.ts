import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type IntakeDeps, workIntake } from '../../jobs/intake.ts';
import { readAlerts } from '../../src/adapters/alertmanager/normalise.ts';
import { readDeployment } from '../../src/adapters/deployments/normalise.ts';
import { redisAlertStore } from '../../src/adapters/redis/alert-store.ts';
import { redisReleaseStore } from '../../src/adapters/redis/release-store.ts';
import { applyAlert } from '../../src/detect/episode.ts';
import { learnReleases } from '../../src/detect/learn.ts';
import type { Proposal } from '../../src/domain/alert.ts';
import { targetId } from '../../src/domain/ids.ts';
import type { AlertStore } from '../../src/ports/alert-store.ts';
import type { ReleaseStore } from '../../src/ports/release-store.ts';
import { testCatalogue } from '../commands/catalogue.ts';
import { type EngineRig, useRig } from '../engine/rig.ts';

/** The target that the tests' alerts speak of. */
export const target = targetId('checkout-api', 'production');

/** The stores and the intake on a real Redis. */
export interface AlertRig extends EngineRig {
  readonly alerts: AlertStore;
  readonly releases: ReleaseStore;
  readonly deps: IntakeDeps;
  /** Takes a body in as the door does and works everything off. */
  tell(door: 'alertmanager' | 'deployments', body: unknown, receivedAt?: number): Promise<void>;
  openProposal(): Promise<Proposal | null>;
  /** Every post that waits, as `thread slot screen`. */
  posts(): Promise<readonly string[]>;
  /** How often the relay was rung. */
  rings: number;
  /** What was logged, sentence by sentence. */
  readonly said: string[];
}

/** Starts the rig for a suite. */
export function useAlerts(): AlertRig {
  const engine = useRig();
  const rig = {} as { -readonly [Key in keyof AlertRig]: AlertRig[Key] };
  const log = (_facts: object, message: string) => void rig.said.push(message);
  const ringRelay = () => {
    rig.rings += 1;
  };
  let number = 0;
  beforeAll(() => {
    const { connection } = engine;
    const alerts = redisAlertStore(connection, { apply: applyAlert });
    const learn = (
      of: typeof target,
      known: Parameters<typeof learnReleases>[1],
      facts: Parameters<typeof learnReleases>[2],
    ) => learnReleases(of, known, facts, 3_600_000);
    const releases = redisReleaseStore(connection, { learn });
    Object.assign(rig, engine, {
      alerts,
      releases,
      deps: {
        alerts,
        releases,
        runs: engine.store,
        catalogue: () => testCatalogue(),
        doorbell: { ringRelay },
        readAlerts,
        readDeployment,
        log: { debug: log, info: log, warn: log, error: log },
      } satisfies IntakeDeps,
      async tell(door: 'alertmanager' | 'deployments', body: unknown, receivedAt?: number) {
        number += 1;
        const id = `${number}`.padStart(26, '0');
        const text = typeof body === 'string' ? body : JSON.stringify(body);
        await alerts.take({ id, door, name: 'main', receivedAt: receivedAt ?? (await engine.store.now()), body: text });
        await workIntake(rig.deps);
      },
      openProposal: () => alerts.openProposal(target),
      async posts() {
        const rows = await engine.outbox.claim(50, 1_000);
        return rows.map(({ post }) => `${post.slot} ${post.screen}`);
      },
    });
  });
  beforeEach(() => {
    Object.assign(rig, { rings: 0, said: [] });
  });
  afterAll(() => undefined);
  return rig;
}

/** A body of Alertmanager with one alert of the target. */
export function firing(
  startsAt: number,
  more: { endsAt?: number; labels?: Record<string, string>; groupKey?: string } = {},
) {
  const iso = (ms: number) => new Date(ms).toISOString();
  const labels = {
    alertname: 'HighErrorRate',
    service: 'checkout-api',
    environment: 'prod',
    severity: 'critical',
    ...more.labels,
  };
  const ended = more.endsAt === undefined ? '0001-01-01T00:00:00Z' : iso(more.endsAt);
  const status = more.endsAt === undefined ? 'firing' : 'resolved';
  const alert = { status, labels, annotations: { summary: '5xx 7.8 %' }, startsAt: iso(startsAt), endsAt: ended };
  return { version: '4', groupKey: more.groupKey ?? '{}', status, alerts: [alert] };
}

/** A body of the deployment hook for the target. */
export function deployment(version: string, at: number, status = 'succeeded') {
  const commit = Buffer.from(version).toString('hex').padEnd(40, '0');
  return {
    service: 'checkout-api',
    environment: 'production',
    status,
    version,
    commit,
    actor: 'ci',
    finishedAt: new Date(at).toISOString(),
  };
}
