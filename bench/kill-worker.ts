import { drive } from '../jobs/index.ts';
import { startReconciler } from '../jobs/reconcile.ts';
import { startWorkers } from '../src/adapters/bullmq/workers.ts';
import { withCounter } from './counter.ts';
import { openEngine, quietLog } from './engine.ts';
import { onOrders } from './processes.ts';

/** What a worker process of the kill benchmark is told to be. */
export interface KillOrders {
  readonly redisUrl: string;
  readonly targetUrl: string;
  readonly name: string;
  readonly folder: { readonly catalogue: string; readonly stateDir: string };
}

onOrders<KillOrders>(async ({ redisUrl, targetUrl, name, folder }) => {
  const engine = await openEngine(redisUrl, name, folder, bound => withCounter(bound, targetUrl));
  const { deps, stores, doorbell } = engine;
  const trouble = () => undefined;
  await startWorkers(
    { connection: stores.place, drive: (run, turn) => drive(deps, run, turn), trouble, silent: trouble },
    name,
  );
  startReconciler({
    store: stores.runs,
    releases: stores.releases,
    doorbell,
    worker: name,
    log: quietLog,
    everyMs: 500,
  });
});
