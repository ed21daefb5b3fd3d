import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ulid } from 'ulid';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { DriveDeps } from '../../jobs/deps.ts';
import { drive } from '../../jobs/index.ts';
import { reconcile } from '../../jobs/reconcile.ts';
import { redisAlertStore } from '../../src/adapters/redis/alert-store.ts';
import { redisCatalogues } from '../../src/adapters/redis/catalogues.ts';
import { redisKeptTexts } from '../../src/adapters/redis/kept-texts.ts';
import { redisReleaseStore } from '../../src/adapters/redis/release-store.ts';
import { applyAlert } from '../../src/detect/episode.ts';
import { learnReleases } from '../../src/detect/learn.ts';
import type { Catalogue } from '../../src/domain/catalogue.ts';
import type { RunEvent, RunEventBody, RunRequest } from '../../src/domain/event.ts';
import type { RunId } from '../../src/domain/ids.ts';
import { personId } from '../../src/domain/ids.ts';
import type { Run, RunWithLog } from '../../src/domain/run.ts';
import type { RunStatus } from '../../src/domain/status.ts';
import type { Change, NewRun } from '../../src/ports/run-store.ts';
import { alertCleared } from '../../src/verify/checks/alert-cleared.ts';
import { manual } from '../../src/verify/checks/manual.ts';
import { type EngineRig, useRig } from '../engine/rig.ts';
import { countingExecutors } from '../fakes/executor.ts';
import { type CountingTarget, startTarget } from '../fakes/target.ts';
import { asker, jobsCatalogue, service } from './catalogue.ts';
import { boundCheck, switchCheck } from './checks.ts';

/** A worker's engine in this process, on a real Redis and a counting target. */
export interface JobsRig extends EngineRig {
  readonly deps: DriveDeps;
  readonly target: CountingTarget;
  /** What the check named `switch` answers, by run or for all. */
  readonly answers: Map<string, 'passed' | 'failed' | 'waiting' | 'unknown'>;
  /** Everything kept as a record, by run. */
  readonly kept: Map<string, { readonly data: unknown; readonly report: unknown }>;
  publish(catalogue: Catalogue): Promise<void>;
  request(change?: Partial<RunRequest>): Promise<RunId>;
  read(id: RunId): Promise<RunWithLog>;
  /** Waits until a run has a status, ringing as the reconciler would. */
  until(id: RunId, ...statuses: RunStatus[]): Promise<Run>;
  /** Waits until a run is over and recorded. */
  recorded(id: RunId): Promise<Run>;
  /** A person's yes or no, written as the front door does. */
  vote(id: RunId, person: string, decision?: 'approve' | 'reject'): Promise<void>;
  change(id: RunId, change: Change): Promise<void>;
  events(id: RunId): Promise<readonly RunEvent['kind'][]>;
  /** Waits for the answer to the question for logs of that number. */
  answered(id: RunId, asked: number): Promise<Extract<RunEvent, { kind: 'logs-kept' }>>;
}

/** Starts the rig for a suite; each test begins with an empty Redis and a fresh target. */
export function useJobs(): JobsRig {
  const engine = useRig();
  const rig = {} as { -readonly [Key in keyof JobsRig]: JobsRig[Key] };
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();
  const ring = (id: RunId) => {
    const turn = { stopping: stopping.signal, abort: stopping.signal };
    const driven = drive(rig.deps, id, turn)
      .catch(() => undefined)
      .finally(() => running.delete(driven));
    running.add(driven);
  };
  beforeAll(() => {
    Object.assign(rig, engine);
  });
  beforeEach(async () => {
    rig.target = await startTarget();
    rig.answers = new Map();
    rig.kept = new Map();
    rig.deps = await driveDeps(rig, ring);
    Object.assign(rig, acts(rig));
    await rig.publish(jobsCatalogue());
  });
  afterEach(async () => {
    await Promise.all(running);
    await rig.target.close();
  });
  afterAll(() => stopping.abort());
  return rig;
}

async function driveDeps(rig: JobsRig, ring: (id: RunId) => void): Promise<DriveDeps> {
  const { connection, store } = rig;
  const alerts = redisAlertStore(connection, { apply: applyAlert });
  return {
    store,
    releases: redisReleaseStore(connection, {
      learn: (target, known, facts) => learnReleases(target, known, facts, 3_600_000),
    }),
    catalogues: redisCatalogues(connection),
    directory: { user: async () => null, groupMembers: async () => [] },
    doorbell: { ring: async id => ring(id), ringRelay: () => undefined },
    executors: countingExecutors(rig.target.url),
    checks: new Map([boundCheck(switchCheck(rig.answers)), boundCheck(manual()), boundCheck(alertCleared({ alerts }))]),
    releaseSources: new Map(),
    kept: redisKeptTexts(connection),
    records: {
      keep: async (data, report) => {
        rig.kept.set(data.run.id, { data, report });
        return `${data.run.id}.md`;
      },
    },
    say: ({ code }) => code,
    endProcess: async () => true,
    hash: text => createHash('sha256').update(text).digest('hex'),
    newId: () => ulid() as RunId,
    refuseAutomatic: () => null,
    monotonic: () => performance.now(),
    times: { leaseMs: 5_000, renewMs: 1_500, marginMs: 1_000 },
    worker: 'w1',
    host: 'here',
    crashPoint: async () => undefined,
    log: quietLog,
  };
}

/** A log that nobody reads. */
export const quietLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

function acts(rig: JobsRig): Partial<JobsRig> {
  const read = async (id: RunId) => {
    const found = await rig.store.read(id);
    if (!found) throw new Error(`no run ${id}`);
    return found;
  };
  // A worker may write between the read and the change: then it is read anew, as the front door does.
  const change = async (id: RunId, wanted: Change, tries = 8): Promise<void> => {
    const { run } = await read(id);
    const result = await rig.store.change(id, { version: run.version }, wanted);
    if (!result.ok && result.why === 'conflict' && tries > 1) return change(id, wanted, tries - 1);
    if (!result.ok) throw new Error(`${result.why}: ${wanted.events.map(({ kind }) => kind)}`);
    await rig.deps.doorbell.ring(id, 'test', null);
  };
  return {
    read,
    change,
    publish: catalogue => rig.deps.catalogues.publish(catalogue),
    request: async asked => {
      const today = await rig.deps.catalogues.current();
      const run = newRun({ catalogue: today?.hash ?? '', ...asked }, await rig.store.now());
      const created = await rig.store.create(run);
      if (created.kind !== 'created') throw new Error(`not created: ${created.kind}`);
      await rig.deps.doorbell.ring(run.id, '1', null);
      return run.id;
    },
    vote: async (id, person, decision = 'approve') => {
      const decided: RunEventBody =
        decision === 'approve'
          ? { kind: 'approved', status: 'approved' }
          : { kind: 'ended', status: 'rejected', reason: null, by: asker };
      const vote = {
        person: personId(person),
        name: person,
        via: 'cli',
        decision,
        reason: null,
        roles: ['oncall'],
      } as const;
      await change(id, { events: [{ kind: 'voted', vote }, decided], clearTimers: ['remind', 'expire'] });
    },
    until: (id, ...statuses) =>
      poll(rig, `${id} is ${statuses}`, async () => {
        const { run } = await read(id);
        return statuses.includes(run.status) ? run : null;
      }),
    recorded: id =>
      poll(rig, `${id} is recorded`, async () => {
        const { run } = await read(id);
        return run.recorded === null ? null : run;
      }),
    events: async id => (await read(id)).events.map(({ kind }) => kind),
    answered: (id, asked) =>
      poll(rig, `${id} has its logs`, async () => {
        const answer = (await read(id)).events.find(event => event.kind === 'logs-kept' && event.asked === asked);
        return answer?.kind === 'logs-kept' ? answer : null;
      }),
  };
}

/** A request of Mara's for the tests' target. */
export function newRun(asked: Partial<RunRequest>, now: number): NewRun {
  const id = ulid() as RunId;
  const request: RunRequest = {
    target: service,
    level: null,
    strategy: null,
    release: null,
    scenario: 'functional-defect',
    reason: 'card payments fail',
    by: asker,
    mode: 'act',
    channel: 'C000000001',
    locale: 'en',
    catalogue: '',
    floor: 1,
    detectedAt: null,
    suspectRelease: null,
    episode: null,
    causedBy: null,
    undoOf: null,
    proposal: null,
    runsOn: null,
    ...asked,
  };
  return { id, request, idempotencyKey: id, notAfter: now + 60_000, posts: [] };
}

async function poll<T>(rig: JobsRig, what: string, ask: () => Promise<T | null>): Promise<T> {
  const deadline = Date.now() + 15_000;
  for (let n = 0; Date.now() < deadline; n += 1) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (n % 10 === 9) await reconcile(rig.deps);
    await delay(20);
  }
  throw new Error(`not seen in time: ${what}`);
}
