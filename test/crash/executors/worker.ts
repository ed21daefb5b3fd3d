import { dirname, resolve } from 'node:path';
import { drive } from '../../../jobs/index.ts';
import { startReconciler } from '../../../jobs/reconcile.ts';
import { bullDoorbell } from '../../../src/adapters/bullmq/doorbell.ts';
import { startWorkers } from '../../../src/adapters/bullmq/workers.ts';
import { createProcesses } from '../../../src/adapters/process/processes.ts';
import { clusterVariables, type Environment, inheritedVariables, readEnvironment } from '../../../src/config/env.ts';
import { readSecret } from '../../../src/config/secrets.ts';
import type { RunId } from '../../../src/domain/ids.ts';
import { createLog } from '../../../src/main/log.ts';
import { nobodyInSlack } from '../../../src/main/slack.ts';
import { openStores, redisUrl } from '../../../src/main/stores.ts';
import { bindTables } from '../../../src/main/tables.ts';
import { driveDeps } from '../../../src/main/worker.ts';
import type { CrashPoint, CrashPointName } from '../../../src/ports/crash-point.ts';

/** Where a run is to stand still, so that the process can be killed there: the `nth` pass of a point, counted from `after` on. */
export interface Stand {
  readonly run: RunId;
  readonly point: CrashPointName;
  readonly nth: number;
  readonly after: CrashPointName | null;
  /** Goes on past the point, up to the next one. */
  readonly within: boolean;
}

/** What a worker process is told. */
export type Order = { readonly order: 'go' } | { readonly order: 'stand'; readonly stand: Stand };

/** What it tells. */
export type Told =
  | { readonly told: 'up' }
  | { readonly told: 'works' }
  | { readonly told: 'stands'; readonly run: RunId };

/** Shorter than in production, with room for a busy machine: every takeover of an unfenced target waits this out. */
const times = { leaseMs: 3_000, renewMs: 800, marginMs: 600 };

const stands = new Map<RunId, Pick<Stand, 'point' | 'within'> & { left: number; after: CrashPointName | null }>();
const tell = (told: Told) => process.send?.(told);
const forever = () => new Promise<void>(() => undefined);

/** Nothing of a run goes on once it stands: what the killed process had done by then is exactly what lies before the point. */
const crashPoint: CrashPoint = async (name, run) => {
  const stand = stands.get(run);
  if (!stand) return;
  if (stand.left === 0) return forever();
  if (stand.after) {
    if (stand.after === name) stand.after = null;
    return;
  }
  if (name !== stand.point) return;
  stand.left -= 1;
  if (stand.left > 0) return;
  tell({ told: 'stands', run });
  return stand.within ? undefined : forever();
};

/** The worker side of `src/main/start.ts`, with a lease and a crash point of its own. */
async function work(env: Environment): Promise<void> {
  const log = createLog('warn');
  const stores = await openStores(redisUrl(env), log, () => 3_600_000);
  const { PATH = '', HOME = '/' } = inheritedVariables();
  const processes = createProcesses({ path: PATH, home: HOME });
  const tables = bindTables({
    processes,
    readSecret,
    clock: { now: () => Date.now() },
    alerts: stores.alerts,
    kubeconfig: env.KUBECONFIG,
    childEnvironment: inheritedVariables(),
    clusterVariables: clusterVariables(),
    stateDir: env.BACKOUT_STATE_DIR,
    catalogueFolder: dirname(resolve(env.BACKOUT_CATALOG)),
    kept: stores.kept,
  });
  const trouble = (failure: Error) => log.warn({ err: failure }, 'a job');
  const doorbell = await bullDoorbell({ connection: stores.place, ringRelay: () => undefined, trouble });
  const directory = nobodyInSlack;
  const parts = { env, stores, tables, doorbell, directory, processes, log, safety: { automatic: () => true } };
  const deps = { ...driveDeps(parts), times, crashPoint };
  const worker = env.BACKOUT_WORKER_NAME;
  const silent = () => process.exit(1);
  await startWorkers(
    { connection: stores.place, drive: (run, turn) => drive(deps, run, turn), trouble, silent },
    worker,
  );
  startReconciler({ store: stores.runs, releases: stores.releases, doorbell, worker, log, everyMs: 200 });
  tell({ told: 'works' });
}

process.on('message', (order: Order) => {
  if (order.order === 'stand') {
    const { run, nth, ...where } = order.stand;
    stands.set(run, { left: nth, ...where });
    return;
  }
  const read = readEnvironment();
  if (!read.ok) throw new Error(read.problems.join('\n'));
  void work(read.env);
});
process.once('disconnect', () => process.exit(0));
tell({ told: 'up' });
