import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { ulid } from 'ulid';
import type { DriveDeps } from '../jobs/deps.ts';
import { type BullDoorbell, bullDoorbell } from '../src/adapters/bullmq/doorbell.ts';
import { createProcesses } from '../src/adapters/process/processes.ts';
import { readEnvironment } from '../src/config/env.ts';
import { readCatalogueFile } from '../src/config/reload.ts';
import type { CatalogueTables } from '../src/config/tables.ts';
import type { Catalogue } from '../src/domain/catalogue.ts';
import type { RunRequest } from '../src/domain/event.ts';
import { personId, type RunId, targetId } from '../src/domain/ids.ts';
import { openStores, type Stores } from '../src/main/stores.ts';
import { bindTables, catalogueTables } from '../src/main/tables.ts';
import { driveDeps } from '../src/main/worker.ts';
import type { Directory } from '../src/ports/directory.ts';
import type { BoundExecutor } from '../src/ports/executor.ts';
import type { Log } from '../src/ports/log.ts';
import type { NewRun } from '../src/ports/run-store.ts';
import type { Folder } from './catalogue.ts';

/** A log that keeps nothing but says what failed. */
export const quietLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (facts, message) => process.stderr.write(`${message} ${words(facts)}\n`),
};

function words(facts: object): string {
  return JSON.stringify(facts, (_, value) => (value instanceof Error ? (value.stack ?? String(value)) : value));
}

/** The engine of a worker in this process, wired as in production. */
export interface Engine {
  readonly deps: DriveDeps;
  readonly stores: Stores;
  readonly doorbell: BullDoorbell;
  readonly catalogue: Catalogue;
  close(): Promise<void>;
}

/** A workspace in which everybody is an ordinary member. */
const everybody: Directory = {
  user: async id => {
    const member = { deleted: false, bot: false, guest: false, outside: false, locale: null, mail: null };
    return { id, name: id, ...member };
  },
  groupMembers: async () => [],
};

/** Opens a worker's engine on a Redis, with the executors exchanged as given. */
export async function openEngine(
  redisUrl: string,
  worker: string,
  folder: Pick<Folder, 'catalogue' | 'stateDir'>,
  exchange: (bound: ReadonlyMap<string, BoundExecutor>) => ReadonlyMap<string, BoundExecutor>,
): Promise<Engine> {
  const read = readEnvironment({
    REDIS_URL: redisUrl,
    BACKOUT_WORKER_NAME: worker,
    BACKOUT_STATE_DIR: folder.stateDir,
  });
  if (!read.ok) throw new Error(read.problems.join('; '));
  const stores = await openStores(redisUrl, quietLog, () => 3_600_000);
  const trouble = (failure: Error) => quietLog.warn({ err: failure }, 'BullMQ');
  const doorbell = await bullDoorbell({ connection: stores.place, ringRelay: () => undefined, trouble });
  const processes = createProcesses({ path: '/usr/bin:/bin', home: tmpdir() });
  const bound = bindTables({
    processes,
    readSecret: async () => '',
    clock: { now: () => Date.now() },
    alerts: stores.alerts,
    kubeconfig: null,
    childEnvironment: {},
    clusterVariables: {},
    stateDir: folder.stateDir,
    catalogueFolder: dirname(folder.catalogue),
    kept: stores.kept,
  });
  const tables = { ...bound, executors: exchange(bound.executors) };
  const named = { ...catalogueTables, executors: [...tables.executors.values()] };
  const catalogue = await readCatalogue(named, folder.catalogue);
  await stores.catalogues.publish(catalogue);
  const parts = { env: read.env, stores, tables, doorbell, directory: everybody, processes, log: quietLog };
  const deps = driveDeps({ ...parts, safety: { automatic: () => true } });
  return {
    deps,
    stores,
    doorbell,
    catalogue,
    async close() {
      await doorbell.close();
      await stores.close();
    },
  };
}

async function readCatalogue(tables: CatalogueTables, file: string): Promise<Catalogue> {
  const read = await readCatalogueFile(tables, file);
  if (!read.ok) throw new Error(read.problems.map(({ message }) => message).join('; '));
  return read.catalogue;
}

/** A request for one of the catalogue's targets, as the front door creates it. */
export function requestFor(catalogue: string, lane: number, scenario: string, now: number): NewRun {
  const id = ulid() as RunId;
  const request: RunRequest = {
    target: targetId('shop', `e${lane}`),
    level: null,
    strategy: null,
    release: null,
    scenario,
    reason: 'measured',
    by: { kind: 'person', person: personId('mara'), name: 'Mara', via: 'cli' },
    mode: 'act',
    channel: 'C000000001',
    locale: 'en',
    catalogue,
    floor: 1,
    detectedAt: null,
    suspectRelease: null,
    episode: null,
    causedBy: null,
    undoOf: null,
    proposal: null,
    runsOn: null,
  };
  return { id, request, idempotencyKey: id, notAfter: now + 60_000, posts: [] };
}
