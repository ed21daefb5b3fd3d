import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { bullDoorbell } from '../src/adapters/bullmq/doorbell.ts';
import { createProcesses } from '../src/adapters/process/processes.ts';
import { readCatalogueFile } from '../src/config/reload.ts';
import type { RunEventBody } from '../src/domain/event.ts';
import { personId, type RunId, targetId } from '../src/domain/ids.ts';
import { isFinal } from '../src/domain/status.ts';
import { openStores, type Stores } from '../src/main/stores.ts';
import { bindTables, catalogueTables } from '../src/main/tables.ts';
import { type Api, openApi } from '../test/cluster/api.ts';
import { readClusterEnvironment } from '../test/cluster/environment.ts';
import { findProgram, programs } from '../test/cluster/programs.ts';
import { joinCluster } from '../test/cluster/shared.ts';
import { startRedis } from '../test/fakes/redis.ts';
import { quietLog, requestFor } from './engine.ts';
import { until } from './kill-place.ts';
import { startChild } from './processes.ts';

/** When a run was approved and when its last operation had its outcome, by the store's clock, epoch ms. */
export interface Times {
  readonly approved: number;
  readonly settled: number;
  /** Ms of each part between, for reading. */
  readonly parts: Readonly<Record<string, number>>;
}

/** A run that waits for its approval. */
export interface Asked {
  /** Approves it and waits until it is over. */
  approve(): Promise<Times>;
}

/** A real cluster with a namespace for the race, and a real worker that watches the same cluster. */
export interface RacePlace {
  readonly api: Api;
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly folder: string;
  /** Path of a program of the test cluster. */
  program(name: string): string;
  /** Lets the worker know these services: name → the service as a catalogue's file has it, but for its place. */
  publish(services: Readonly<Record<string, object>>): Promise<void>;
  /** Key of a release by its version, as a release source shows it. */
  keyOf(source: string, input: object, version: string): Promise<string>;
  /** Asks for a service to be taken to a release. */
  ask(service: string, release: string): Promise<Asked>;
  close(): Promise<void>;
}

/** Whether the cluster's programs are there; a race is not run where they would have to be built first. */
export function isBuilt(): boolean {
  const environment = readClusterEnvironment();
  return Boolean(environment.kubeconfig) || programs.every(({ name }) => findProgram(name, environment));
}

/** Opens it; Redis syncs every write. */
export async function openRacePlace(): Promise<RacePlace> {
  const environment = readClusterEnvironment();
  const kubeconfig = environment.kubeconfig ?? (await joinCluster(process.pid));
  const api = await openApi(readFileSync(kubeconfig, 'utf8'));
  const folder = await mkdtemp(join(tmpdir(), 'backout-race-'));
  const namespace = `backout-race-${Date.now().toString(36)}`;
  await api('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  const redis = await startRedis({ tcp: true, appendfsync: 'always' });
  const stores = await openStores(redis.url, quietLog, () => 3_600_000);
  const trouble = () => undefined;
  const doorbell = await bullDoorbell({ connection: stores.place, ringRelay: trouble, trouble });
  const worker = await startChild('race-worker.ts', {
    REDIS_URL: redis.url,
    BACKOUT_ROLE: 'worker',
    BACKOUT_STATE_DIR: join(folder, 'state'),
    KUBECONFIG: kubeconfig,
    LOG_LEVEL: 'error',
  });
  const tables = bindTables({
    processes: createProcesses({ path: '/usr/bin:/bin', home: folder }),
    readSecret: async () => '',
    clock: { now: () => Date.now() },
    alerts: stores.alerts,
    kubeconfig,
    childEnvironment: {},
    clusterVariables: {},
    stateDir: folder,
    catalogueFolder: folder,
    kept: stores.kept,
  });
  let catalogue = '';
  return {
    ...{ api, kubeconfig, namespace, folder },
    program: name => {
      const found = findProgram(name, environment);
      if (!found) throw new Error(`${name} is not there: run npm run cluster:build`);
      return found;
    },
    publish: async services => {
      catalogue = await publish(stores, folder, services);
    },
    keyOf: async (kind, input, version) => {
      const source = await tables.releaseSources.get(kind)?.load();
      const row = catalogueTables.releaseSources.find(entry => entry.kind === kind);
      const seen = await source?.look({ signal: AbortSignal.timeout(30_000) }, row?.input.parse(input) ?? {});
      const found = seen?.history.find(release => release.version === version);
      if (!found) throw new Error(`${version} is not among the releases of ${JSON.stringify(input)}`);
      return found.key;
    },
    ask: (service, release) => ask(stores, doorbell, { catalogue, service, release }),
    close: async () => {
      await worker.kill();
      await doorbell.close();
      await stores.close();
      await redis.stop();
      await api('DELETE', `/api/v1/namespaces/${namespace}`).catch(() => undefined);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function publish(stores: Stores, folder: string, services: Readonly<Record<string, object>>): Promise<string> {
  const file = join(folder, 'backout.yaml');
  const shared = { channel: 'ops', environments: { race: { mode: 'act' } } };
  const text = {
    channels: { ops: 'C0123456789' },
    people: { jon: { name: 'Jon', os: 'jon' }, lee: { name: 'Lee', os: 'lee' }, mara: { name: 'Mara', os: 'mara' } },
    roles: { oncall: ['jon', 'lee'] },
    permissions: { default: ['oncall'] },
    approvals: [{ name: 'one', seats: { oncall: 1 }, within: '10m' }],
    services: Object.fromEntries(Object.entries(services).map(([name, own]) => [name, { ...own, ...shared }])),
  };
  writeFileSync(file, JSON.stringify(text));
  const read = await readCatalogueFile(catalogueTables, file);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  await stores.catalogues.publish(read.catalogue);
  return read.catalogue.hash;
}

type Doorbell = Awaited<ReturnType<typeof bullDoorbell>>;

async function ask(
  stores: Stores,
  doorbell: Doorbell,
  { catalogue, service, release }: { readonly catalogue: string; readonly service: string; readonly release: string },
): Promise<Asked> {
  const target = targetId(service, 'race');
  const id = ulid() as RunId;
  const asked = requestFor(catalogue, 0, 'race', await stores.runs.now());
  const request = { ...asked.request, target, release };
  const created = await stores.runs.create({ ...asked, id, idempotencyKey: id, request });
  if (created.kind !== 'created') throw new Error(`${service}: ${created.kind}`);
  await doorbell.ring(id, '1', null);
  const { run } = await until(`${service} asks for approval`, async () => {
    const found = await stores.runs.read(id);
    if (found && isFinal(found.run.status)) throw new Error(`${service}: ${JSON.stringify(found.events.at(-1))}`);
    return found?.run.status === 'awaiting-approval' ? found : null;
  });
  if (run.status !== 'awaiting-approval') throw new Error(`${service}: ${run.status}`);
  const needed = run.approval.rule.seats[0]?.count ?? 0;
  const votes = ['jon', 'lee'].slice(0, needed).map((name): RunEventBody => {
    const by = { person: personId(name), name, via: 'cli', roles: ['oncall'] } as const;
    return { kind: 'voted', vote: { ...by, decision: 'approve', reason: null } };
  });
  const events: RunEventBody[] = [...votes, { kind: 'approved', status: 'approved' }];
  return {
    approve: async () => {
      const voted = await stores.runs.change(
        id,
        { version: run.version },
        { events, clearTimers: ['remind', 'expire'] },
      );
      if (!voted.ok) throw new Error(`${service}: the vote was refused: ${voted.why}`);
      await doorbell.ring(id, 'vote', null);
      return over(stores, service, id);
    },
  };
}

async function over(stores: Stores, service: string, id: RunId): Promise<Times> {
  const { events } = await until(
    `the end of ${service}`,
    async () => {
      const found = await stores.runs.read(id);
      if (found?.run.status === 'needs-operator') throw new Error(`${service}: ${JSON.stringify(found.run.stop)}`);
      return found && isFinal(found.run.status) && found.run.recorded !== null ? found : null;
    },
    300_000,
    // Its log says when what happened: reading it more often would only take the run's own time.
    50,
  );
  const ended = events.findLast(({ kind }) => kind === 'ended');
  if (ended?.kind !== 'ended' || ended.status !== 'succeeded') throw new Error(`${service}: ${JSON.stringify(ended)}`);
  const at = (kind: string) => events.find(event => event.kind === kind)?.at ?? Number.NaN;
  const settled = Math.max(...events.flatMap(event => (event.kind === 'operation-ended' ? [event.at] : [])));
  const approved = at('approved');
  return {
    approved,
    settled,
    parts: { preflight: at('preflight-started') - approved, begun: at('operation-begun') - approved },
  };
}
