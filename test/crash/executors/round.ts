import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { bullDoorbell } from '../../../src/adapters/bullmq/doorbell.ts';
import { readCatalogueFile } from '../../../src/config/reload.ts';
import type { RunEventBody } from '../../../src/domain/event.ts';
import { personId, type RunId, targetId } from '../../../src/domain/ids.ts';
import { isFinal } from '../../../src/domain/status.ts';
import { openStores, type Stores } from '../../../src/main/stores.ts';
import { catalogueTables } from '../../../src/main/tables.ts';
import type { Doorbell } from '../../../src/ports/doorbell.ts';
import type { KeptTexts } from '../../../src/ports/kept-texts.ts';
import { openParts } from '../../fakes/parts.ts';
import { startRedis } from '../../fakes/redis.ts';
import { newRun, quietLog } from '../../jobs/rig.ts';
import { type Snapshot, snapshot } from '../checker.ts';
import { insist } from '../harness.ts';
import { startWorker, type Worker } from './processes.ts';
import type { Row } from './rows.ts';

/** One service of the catalogue as the file has it, for one row. */
export type ServiceText = Readonly<Record<string, unknown>>;

/** One row with the target that is its own. */
export interface Lane {
  readonly row: Row;
  readonly service: ServiceText;
  /** Key of the release to go back to: a history of seconds has none that is taken by itself. */
  readonly release: string | null;
  /** Waits until a target that is killed half done is half done. */
  readonly halfDone?: () => Promise<void>;
}

/** What became of a row: whether the worker was killed at its point, and the run in the end. */
export interface Ended {
  readonly id: RunId;
  readonly stood: boolean;
  readonly found: Snapshot;
  readonly said: string;
}

/** A Redis and the folders of one suite. */
export interface Room {
  /** Texts that every worker of the room finds. */
  readonly kept: KeptTexts;
  /**
   * Runs every lane up to its point, kills the worker with SIGKILL once all stand there, and lets another one finish, which is the one to be
   * killed in the next round: all rounds of a room are of one environment and one host.
   */
  round(
    lanes: readonly Lane[],
    more: { readonly env?: Record<string, string>; readonly host?: string },
  ): Promise<Ended[]>;
  close(): Promise<void>;
}

interface Parts {
  readonly stores: Stores;
  readonly doorbell: Doorbell;
  readonly folder: string;
}

/** Opens it. */
export function openRoom(): Promise<Room> {
  return openParts(async later => {
    const folder = mkdtempSync(join(tmpdir(), 'backout-crash-'));
    later(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
    const redis = await startRedis();
    later(redis.stop);
    const stores = await openStores(redis.url, quietLog, () => 3_600_000);
    later(() => stores.close());
    const trouble = () => undefined;
    const doorbell = await bullDoorbell({ connection: stores.place, ringRelay: trouble, trouble });
    later(() => doorbell.close());
    const parts: Parts = { stores, doorbell, folder };
    let rounds = 0;
    let alive: Worker | undefined;
    later(() => alive?.kill());
    const round: Room['round'] = async (lanes, { env = {}, host }) => {
      rounds += 1;
      const start = (name: string) =>
        startWorker({
          PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
          HOME: folder,
          REDIS_URL: redis.url,
          BACKOUT_STATE_DIR: join(folder, 'state'),
          // What acts on a host goes on with the worker of that host, started again; all else with another one.
          BACKOUT_WORKER_NAME: host ?? name,
          ...env,
        });
      const first = alive ?? start('worker-0');
      const second = start(`worker-${rounds}`);
      try {
        if (rounds === 1) await first.go();
        const ended = await runRound(parts, lanes, `r${rounds}`, [first, second]);
        alive = second;
        return ended;
      } catch (failure) {
        await second.kill();
        throw failure;
      } finally {
        await first.kill();
      }
    };
    return { kept: stores.kept, round };
  });
}

async function runRound(
  parts: Parts,
  lanes: readonly Lane[],
  prefix: string,
  [first, second]: readonly [Worker, Worker],
): Promise<Ended[]> {
  const catalogue = await publish(parts, lanes, prefix);
  const ids = await Promise.all(lanes.map((lane, at) => request(parts, catalogue, lane, `${prefix}-${at}`)));
  await Promise.all(lanes.map(({ row }, at) => approve(parts, first, ids[at] as RunId, row)));
  const stood = await allStand(parts, first, ids);
  await Promise.all(lanes.map(({ row, halfDone }) => row.within && halfDone?.()));
  await first.kill();
  await second.go();
  return Promise.all(
    ids.map(async (id, at) => {
      const found = await ended(parts, id, targetId(`${prefix}-${at}`, 'test'));
      return { id, stood: stood.has(id), found, said: first.said() + second.said() };
    }),
  );
}

async function publish({ folder, stores }: Parts, lanes: readonly Lane[], prefix: string): Promise<string> {
  const file = join(folder, `${prefix}.yaml`);
  const services = lanes.map(({ service }, at) => [
    `${prefix}-${at}`,
    { ...service, channel: 'ops', environments: { test: { mode: 'act' } } },
  ]);
  const text = {
    locale: 'en',
    channels: { ops: 'C0123456789' },
    people: { jon: { name: 'Jon', os: 'jon' }, lee: { name: 'Lee', os: 'lee' }, mara: { name: 'Mara', os: 'mara' } },
    roles: { oncall: ['jon', 'lee'] },
    permissions: { default: ['oncall'] },
    approvals: [{ name: 'one', seats: { oncall: 1 }, within: '10m' }],
    services: Object.fromEntries(services),
  };
  writeFileSync(file, JSON.stringify(text));
  const read = await readCatalogueFile(catalogueTables, file);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  await stores.catalogues.publish(read.catalogue);
  return read.catalogue.hash;
}

async function request({ stores, doorbell }: Parts, catalogue: string, lane: Lane, service: string): Promise<RunId> {
  const target = targetId(service, 'test');
  const current = await stores.catalogues.byHash(catalogue);
  const runsOn = current?.services[service]?.environments.test?.runsOn ?? null;
  const run = newRun(
    { target, strategy: lane.row.runbook, release: lane.release, catalogue, runsOn },
    await stores.runs.now(),
  );
  const created = await stores.runs.create(run);
  if (created.kind !== 'created') throw new Error(`${service}: ${created.kind}`);
  await doorbell.ring(run.id, '1', runsOn);
  return run.id;
}

/** As many people as are asked say yes; from then on the run stands still where it is to be killed. */
async function approve({ stores, doorbell }: Parts, first: Worker, id: RunId, row: Row): Promise<void> {
  const over = async () => {
    const found = await stores.runs.read(id);
    return found?.run.status === 'awaiting-approval' || (found && isFinal(found.run.status)) ? found : null;
  };
  const { run, events: log } = await insist(`${row.name} asks for approval`, over, 60_000, async () => first.said());
  if (run.status !== 'awaiting-approval') throw new Error(`${row.name}: ${JSON.stringify(log.slice(1))}`);
  const { point, nth, after, within = false } = row;
  first.stand({ run: id, point, nth, after, within });
  const needed = run.approval.rule.seats[0]?.count ?? 0;
  const votes = ['jon', 'lee'].slice(0, needed).map((name): RunEventBody => {
    const by = { person: personId(name), name, via: 'cli', roles: ['oncall'] } as const;
    return { kind: 'voted', vote: { ...by, decision: 'approve', reason: null } };
  });
  const events: RunEventBody[] = [...votes, { kind: 'approved', status: 'approved' }];
  const voted = await stores.runs.change(id, { version: run.version }, { events, clearTimers: ['remind', 'expire'] });
  if (!voted.ok) throw new Error(`${row.name}: the vote was refused: ${voted.why}`);
  await doorbell.ring(id, 'vote', run.request.runsOn);
}

/** Waits until every run stands still; those that come to their end without passing their point are left out. */
async function allStand({ stores }: Parts, first: Worker, ids: readonly RunId[]): Promise<ReadonlySet<RunId>> {
  const passedBy = async (id: RunId) => {
    const run = (await stores.runs.read(id))?.run;
    return run?.status === 'needs-operator' || (run && isFinal(run.status) && run.recorded !== null);
  };
  const everyOne = async () => {
    const moving = ids.filter(id => !first.standing.has(id));
    const over = await Promise.all(moving.map(passedBy));
    return over.every((one, at) => one || first.standing.has(moving[at] as RunId)) ? true : null;
  };
  await insist('all stand', everyOne, 90_000).catch(() => null);
  // A run that ends where it stands is seen over before its worker's word of it arrives.
  const heard = async () => (ids.every(id => first.standing.has(id)) ? true : null);
  await insist('all are heard of', heard, 2_000).catch(() => null);
  return new Set(first.standing);
}

/** Reads a run once nothing more happens by itself; after a minute and a half, as it is then. */
async function ended({ stores }: Parts, id: RunId, target: Parameters<typeof snapshot>[2]): Promise<Snapshot> {
  const read = () => snapshot(stores.connection, id, target);
  const over = async () => {
    const found = await read();
    const { status, recorded } = found.run;
    return status === 'needs-operator' || (isFinal(status) && recorded !== null) ? found : null;
  };
  return insist(`${id} is over`, over, 90_000).catch(read);
}
