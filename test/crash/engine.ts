import { createHash } from 'node:crypto';
import { ulid } from 'ulid';
import type { DriveDeps } from '../../jobs/deps.ts';
import { redisCatalogues } from '../../src/adapters/redis/catalogues.ts';
import type { RedisConnection } from '../../src/adapters/redis/connection.ts';
import { redisKeptTexts } from '../../src/adapters/redis/kept-texts.ts';
import { redisReleaseStore } from '../../src/adapters/redis/release-store.ts';
import { redisRunStore } from '../../src/adapters/redis/run-store.ts';
import { learnReleases } from '../../src/detect/learn.ts';
import type { RunId } from '../../src/domain/ids.ts';
import type { CrashPoint } from '../../src/ports/crash-point.ts';
import type { Doorbell } from '../../src/ports/doorbell.ts';
import { countingExecutors } from '../fakes/executor.ts';
import { boundCheck, switchCheck } from '../jobs/checks.ts';

/** Short leases, so that a suite of crashes takes minutes and not hours; the ratios are those of production. */
export const crashTimes = { leaseMs: 1_500, renewMs: 400, marginMs: 300 };

/** What differs between the engines of one process. */
export interface EngineSettings {
  readonly connection: RedisConnection;
  readonly doorbell: Doorbell;
  readonly targetUrl: string;
  readonly worker: string;
  readonly crashPoint: CrashPoint;
  readonly say: (message: string) => void;
}

/** The dependencies of a real worker, on the counting target. */
export function engineDeps(settings: EngineSettings): DriveDeps {
  const { connection, doorbell, targetUrl, worker, crashPoint, say } = settings;
  return {
    store: redisRunStore(connection),
    releases: redisReleaseStore(connection, {
      learn: (target, known, facts) => learnReleases(target, known, facts, 3_600_000),
    }),
    catalogues: redisCatalogues(connection),
    directory: { user: async () => null, groupMembers: async () => [] },
    doorbell,
    executors: countingExecutors(targetUrl),
    checks: new Map([boundCheck(switchCheck(new Map()))]),
    releaseSources: new Map(),
    records: { keep: async data => `${data.run.id}.md` },
    kept: redisKeptTexts(connection),
    say: ({ code }) => code,
    endProcess: async () => true,
    hash: text => createHash('sha256').update(text).digest('hex'),
    newId: () => ulid() as RunId,
    refuseAutomatic: () => null,
    monotonic: () => performance.now(),
    times: crashTimes,
    worker,
    host: 'here',
    crashPoint,
    log: {
      debug: () => undefined,
      info: (facts, message) => say(`${message} ${JSON.stringify(facts)}`),
      warn: (facts, message) => say(`${message} ${inspect(facts)}`),
      error: (facts, message) => say(`${message} ${inspect(facts)}`),
    },
  };
}

function inspect(facts: object): string {
  return JSON.stringify(facts, (_, value) => (value instanceof Error ? (value.stack ?? String(value)) : value));
}
