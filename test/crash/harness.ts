import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import { bullDoorbell } from '../../src/adapters/bullmq/doorbell.ts';
import { redisCatalogues } from '../../src/adapters/redis/catalogues.ts';
import { openRedis, type RedisConnection, redisPlace } from '../../src/adapters/redis/connection.ts';
import { redisRunStore } from '../../src/adapters/redis/run-store.ts';
import type { RunEventBody } from '../../src/domain/event.ts';
import { personId, type RunId, targetId } from '../../src/domain/ids.ts';
import type { RunWithLog } from '../../src/domain/run.ts';
import type { RunStatus } from '../../src/domain/status.ts';
import type { Doorbell } from '../../src/ports/doorbell.ts';
import type { RunStore } from '../../src/ports/run-store.ts';
import { startRedis, type TestRedis } from '../fakes/redis.ts';
import { type CountingTarget, startTarget } from '../fakes/target.ts';
import { newRun } from '../jobs/rig.ts';
import { crashCatalogue, named, objectOf, operations, type strategies, unasked } from './catalogue.ts';
import { expectSound, snapshot } from './checker.ts';
import { openStarter, type Starter, type WorkerProcess } from './processes.ts';

/** A real Redis, real worker processes, a target that counts, and one checker. */
export interface Harness {
  readonly redis: TestRedis;
  readonly connection: RedisConnection;
  readonly store: RunStore;
  readonly target: CountingTarget;
  readonly starter: Starter;
  worker(
    name: string,
    more?: { names?: readonly string[]; crash?: { point: string; nth: number } },
  ): Promise<WorkerProcess>;
  /** Asks for a rollback of a lane's target, as often as it takes to be told that it was taken. */
  request(lane: number, more?: Partial<RunOrders>): Promise<RunId>;
  /** Waits until a run has one of these statuses. */
  until(id: RunId, statuses: readonly RunStatus[], withinMs?: number): Promise<RunWithLog>;
  vote(id: RunId): Promise<void>;
  /** Checks a run's journal and its effects; `ends` are the statuses that are right. */
  sound(id: RunId, ends: readonly RunStatus[]): Promise<void>;
}

/** What a lane's run is to be. */
export interface RunOrders {
  readonly strategy: (typeof strategies)[number];
  readonly runsOn: string | null;
  readonly scenario: string;
}

/** Statuses in which nothing more happens by itself. */
export const settled: readonly RunStatus[] = [
  'succeeded',
  'compensated',
  'failed',
  'noop',
  'needs-operator',
  'superseded',
];

/** Starts the harness for a suite. */
export function useHarness(slowMs = 20): Harness {
  const harness = {} as { -readonly [Key in keyof Harness]: Harness[Key] };
  let doorbell: Awaited<ReturnType<typeof bullDoorbell>>;
  beforeAll(async () => {
    harness.redis = await startRedis();
    harness.target = await startTarget();
    const trouble = () => undefined;
    harness.connection = await openRedis({ trouble }, harness.redis.url);
    harness.store = redisRunStore(harness.connection);
    harness.starter = openStarter();
    doorbell = await bullDoorbell({ connection: redisPlace(harness.redis.url), ringRelay: () => undefined, trouble });
    const catalogue = crashCatalogue(slowMs);
    await redisCatalogues(harness.connection).publish(catalogue);
    Object.assign(harness, acts(harness, doorbell, catalogue.hash));
  });
  afterAll(async () => {
    await harness.starter.stop();
    await doorbell.close();
    await harness.connection.close();
    await harness.redis.stop();
    await harness.target.close();
  });
  return harness;
}

function acts(harness: Harness, doorbell: Doorbell, catalogue: string): Partial<Harness> {
  const { redis, target, starter, store, connection } = harness;
  const read = async (id: RunId) => store.read(id).catch(() => null);
  return {
    worker: (name, more) =>
      starter.start({ redisUrl: redis.url, targetUrl: target.url, names: [name], crash: null, ...more }),
    request: async (lane, more = {}) => {
      const { strategy = 'plain', runsOn = null, scenario = unasked } = more;
      for (const index of Array(strategy.startsWith('many') ? named : operations).keys())
        target.set(objectOf(lane, strategy, index), { value: 'bad' });
      const environment = `e${lane}`;
      const asked = { target: targetId('shop', environment), strategy, runsOn, scenario, catalogue };
      const run = newRun(asked, Date.now() + 60_000);
      const taken = await insist('a request is taken', async () => {
        const created = await store.create(run);
        return created.kind === 'created' || created.kind === 'duplicate' ? created : null;
      });
      await doorbell.ring(taken.id, '1', runsOn);
      return taken.id;
    },
    until: (id, statuses, withinMs = 30_000) =>
      insist(
        `${id} is ${statuses}`,
        async () => {
          const found = await read(id);
          return found && statuses.includes(found.run.status) ? found : null;
        },
        withinMs,
        async () => describeRun(await read(id)),
      ),
    vote: async id => {
      const vote = {
        person: personId('jon'),
        name: 'jon',
        via: 'cli',
        decision: 'approve',
        reason: null,
        roles: ['oncall'],
      } as const;
      const events: RunEventBody[] = [
        { kind: 'voted', vote },
        { kind: 'approved', status: 'approved' },
      ];
      const { version, request } = (await harness.until(id, ['awaiting-approval'])).run;
      await store.change(id, { version }, { events, clearTimers: ['remind', 'expire'] });
      await doorbell.ring(id, 'vote', request.runsOn);
    },
    sound: async (id, ends) => {
      const { request } = (await insist(`${id} can be read`, () => read(id))).run;
      const found = await insist(`${id} can be checked`, () => snapshot(connection, id, request.target));
      expectSound(found, target.effects, ends);
    },
  };
}

function describeRun(found: RunWithLog | null): string {
  return found ? `${found.run.status}: ${found.events.map(({ kind }) => kind).join(', ')}` : 'no run';
}

/** Asks again until there is an answer; throws after `withinMs` with what is there instead. */
export async function insist<T>(
  what: string,
  ask: () => Promise<T | null>,
  withinMs = 30_000,
  instead: () => Promise<string> = async () => '',
): Promise<T> {
  const began = Date.now();
  for (;;) {
    const answer = await ask().catch(() => null);
    if (answer !== null) return answer;
    const waited = Date.now() - began;
    if (waited > withinMs) throw new Error(`not seen in ${withinMs} ms: ${what}; ${await instead()}`);
    // Many lanes ask at once, and each question takes time from what is asked about.
    await delay(Math.min(25 + waited / 10, 250));
  }
}
