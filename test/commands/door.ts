import { randomUUID } from 'node:crypto';
import type { DoorDeps, ReloadAnswer } from '../../commands/deps.ts';
import { createRoutes } from '../../commands/routes.ts';
import { redisAlertStore } from '../../src/adapters/redis/alert-store.ts';
import { redisCatalogues } from '../../src/adapters/redis/catalogues.ts';
import { openRedis, type RedisConnection } from '../../src/adapters/redis/connection.ts';
import { redisOutbox } from '../../src/adapters/redis/outbox.ts';
import { redisReleaseStore } from '../../src/adapters/redis/release-store.ts';
import { redisRunStore } from '../../src/adapters/redis/run-store.ts';
import { createClients } from '../../src/adapters/slack/clients.ts';
import { createDirectory } from '../../src/adapters/slack/directory.ts';
import { createIdentity } from '../../src/adapters/slack/identity.ts';
import { applyAlert } from '../../src/detect/episode.ts';
import { learnReleases } from '../../src/detect/learn.ts';
import { buttonValue } from '../../src/domain/button.ts';
import type { Catalogue, TargetSpec } from '../../src/domain/catalogue.ts';
import type { RunId } from '../../src/domain/ids.ts';
import { note } from '../../src/domain/note.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { Run } from '../../src/domain/run.ts';
import { listCandidates } from '../../src/plan/candidates.ts';
import type { ButtonPress, Reply, Routes, TypedCommand, Visitor } from '../../src/ports/inbound.ts';
import type { NamedProbe } from '../../src/ports/probe.ts';
import type { Change } from '../../src/ports/run-store.ts';
import { phaseTimes } from '../../src/record/times.ts';
import { keptLog } from '../adapters/slack/door.ts';
import { startRedis, type TestRedis } from '../fakes/redis.ts';
import { type SlackRig, startSlackRig } from '../fakes/slack/rig.ts';
import { person, testCatalogue } from './catalogue.ts';

/** The front door on a real Redis and a real directory, with people at it. */
export interface Door {
  readonly redis: TestRedis;
  readonly connection: RedisConnection;
  readonly slack: SlackRig;
  readonly deps: DoorDeps;
  readonly routes: Routes;
  readonly catalogue: Catalogue;
  /** Rings so far, as `<run>.<key>`. */
  readonly rings: string[];
  /** What the next `reload` and `doctor` find. */
  readonly world: { reload: ReloadAnswer; probes: NamedProbe[] };
  publish(catalogue: Catalogue): Promise<void>;
  /** A fresh Redis and catalogue; the directory forgets. */
  reset(): Promise<void>;
  /** Moves every clock on, the server's included. */
  pass(ms: number): Promise<void>;
  type(who: string, text: string, over?: Partial<TypedCommand>): Promise<Reply>;
  press(who: string, action: string, value: string, over?: Partial<ButtonPress>): Promise<Reply>;
  submit(who: string, form: string, metadata: string, values: Readonly<Record<string, string | null>>): Promise<Reply>;
  run(id: RunId): Promise<Run>;
  runs(): Promise<readonly Run[]>;
  /** Takes a requested run to where its approvers are asked. */
  ask(id: RunId, seats?: number): Promise<Run>;
  /** Changes a run as a worker would, under its present version. */
  drive(id: RunId, events: Change['events']): Promise<Run>;
  close(): Promise<void>;
}

/** Starts the door; `jon` and `lee` are on call, `mara` owns services, `dana` administers, `gus` is a guest. */
export async function openDoor(): Promise<Door> {
  const [redis, slack] = await Promise.all([
    startRedis({ appendfsync: 'no' }),
    startSlackRig({
      users: ['mara', 'jon', 'lee', 'dana', 'gus', 'stranger'],
      channels: ['checkout'],
      groups: { 'sre-oncall': ['jon', 'lee'] },
    }),
  ]);
  slack.setUser('gus', { is_restricted: true });
  const log = keptLog();
  const connection = await openRedis({ trouble: () => undefined }, redis.url);
  const { interactive: client } = await createClients({ botToken: slack.bot.token, apiUrl: slack.apiUrl }, log);
  let skew = 0;
  const clock = { now: () => Date.now() + skew };
  const runs = redisRunStore(connection);
  const releases = redisReleaseStore(connection, {
    learn: (target, book, facts) => learnReleases(target, book, facts, 3_600_000),
  });
  const rings: string[] = [];
  const world: Door['world'] = {
    reload: { kind: 'reloaded', data: { hash: 'catalogue-1', services: 5, targets: 7, changed: false } },
    probes: [],
  };
  const deps: DoorDeps = {
    runs,
    releases,
    alerts: redisAlertStore(connection, { apply: applyAlert }),
    outbox: redisOutbox(connection),
    catalogues: redisCatalogues(connection),
    directory: createDirectory({ client, log, clock, identity: createIdentity(client, log) }),
    doorbell: {
      ring: async (run, key) => void rings.push(`${run}.${key}`),
      ringRelay: () => undefined,
    },
    clock,
    candidates: async ({ target }: TargetSpec) => {
      const [known, holds] = await Promise.all([releases.list(target), releases.holds(target)]);
      const now = await runs.now();
      const candidates = listCandidates({
        releases: known,
        observed: null,
        holds,
        suspect: null,
        automatic: false,
        now,
      });
      return { current: null, candidates };
    },
    needsRelease: ({ kind }) => kind === 'git.restore-release',
    phaseTimes,
    get probes() {
      return world.probes;
    },
    reload: async () => world.reload,
  };
  const routes = createRoutes(deps);
  const catalogue = testCatalogue({
    people: ['mara', 'jon', 'lee', 'dana'].map(key => person(key, [slack.user(key)])),
  });
  const visitor = (who: string): Visitor =>
    who.startsWith('$')
      ? { via: 'cli', account: who.slice(1) }
      : { via: 'slack', user: slack.user(who), team: slack.team, outside: false };
  const answerBy = () => clock.now() + 2_500;
  const door: Door = {
    redis,
    connection,
    slack,
    deps,
    routes,
    catalogue,
    rings,
    world,
    publish: found => deps.catalogues.publish(found),
    async reset() {
      await connection.redis.flushall();
      rings.length = 0;
      skew += 120_000;
      await connection.redis.set('{backout}:test-offset', String(skew));
      slack.faults.clear();
      await deps.catalogues.publish(catalogue);
    },
    async pass(ms) {
      skew += ms;
      await connection.redis.set('{backout}:test-offset', String(skew));
    },
    type: (who, text, over = {}) =>
      routes.command({
        visitor: visitor(who),
        text,
        channel: 'D000000001',
        thread: null,
        requestId: randomUUID(),
        canOpenForm: true,
        answerBy: answerBy(),
        ...over,
      }),
    press: (who, action, value, over = {}) => {
      const handler = routes.actions[action];
      if (!handler) throw new Error(`no button ${action}`);
      const act = { visitor: visitor(who), action, value, channel: 'C000000001', thread: null, answerBy: answerBy() };
      return handler({ ...act, requestId: randomUUID(), canOpenForm: true, ...over });
    },
    submit: (who, form, metadata, values) => {
      const handler = routes.forms[form];
      if (!handler) throw new Error(`no form ${form}`);
      const act = { visitor: visitor(who), form, metadata, values, requestId: randomUUID(), answerBy: answerBy() };
      return handler(act);
    },
    async run(id) {
      const found = await runs.read(id);
      if (!found) throw new Error(`no run ${id}`);
      return found.run;
    },
    runs: () => runs.list({ limit: 50 }),
    async ask(id, count = 1) {
      const plan = planFor(await door.run(id));
      await door.drive(id, [{ kind: 'planned', plan, considered: [], status: 'planned' }]);
      const rule = { name: 'production', seats: [{ role: 'sre-oncall', count }], requesterExcluded: true };
      const times = { withinMs: 600_000, remindBeforeMs: 180_000 };
      return await door.drive(id, [
        {
          kind: 'approval-asked',
          rule: { ...rule, ...times },
          withinMs: times.withinMs,
          planFingerprint: plan.fingerprint,
          status: 'awaiting-approval',
        },
      ]);
    },
    async drive(id, events) {
      const before = await door.run(id);
      const result = await runs.change(id, { version: before.version }, { events });
      if (!result.ok) throw new Error(`not changed: ${result.why}`);
      return await door.run(id);
    },
    async close() {
      await connection.close();
      await Promise.all([slack.close(), redis.stop()]);
    },
  };
  await door.reset();
  return door;
}

/** The value a button of a run's card carries. */
export function cardValue(run: Run, extra = ''): string {
  return buttonValue(run.id, run.version, extra);
}

/** What an answer says, for people at a terminal. */
export function textOf(reply: Reply): string {
  return reply.kind === 'say' ? reply.screen.text : `(${reply.kind})`;
}

/** The run an answer tells of. */
export function runOf(reply: Reply): RunId {
  if (reply.kind !== 'say' || !reply.run) throw new Error(`no run was begun: ${textOf(reply)}`);
  return reply.run;
}

/** A plan of one reversible operation, from 2.14.0 to 2.13.2. */
export function planFor(run: Run): Plan {
  const draft = { object: 'file a', body: {}, preview: { summary: note('x'), diff: '-a\n+b' }, idempotent: true };
  return {
    run: run.id,
    target: run.request.target,
    level: 2,
    strategy: 'immediate',
    runbook: 'config',
    from: { key: 'k2140', version: '2.14.0', identity: { commit: 'a' }, grade: 'bad' },
    to: { key: 'k2132', version: '2.13.2', identity: { commit: 'b' }, grade: 'verified' },
    goodBecause: null,
    operations: [
      { ...draft, inverse: draft, fingerprint: 'f', index: 0, step: 0, executor: 'command', timeoutMs: 1000 },
    ],
    blastRadius: [],
    interruption: { kind: 'none' },
    reversible: true,
    notRolledBack: [],
    notChecked: [],
    warnings: [],
    expectedMs: 1000,
    rtoMs: 900_000,
    checks: [{ id: 'box', title: 'Payments work', kind: 'manual', input: {}, timeoutMs: 60_000 }],
    onFailure: 'needs-operator',
    fingerprint: `plan-${run.id}`,
  };
}
