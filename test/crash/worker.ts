import { drive } from '../../jobs/index.ts';
import { startReconciler } from '../../jobs/reconcile.ts';
import { bullDoorbell } from '../../src/adapters/bullmq/doorbell.ts';
import { startWorkers } from '../../src/adapters/bullmq/workers.ts';
import { openRedis, redisPlace } from '../../src/adapters/redis/connection.ts';
import type { CrashPoint } from '../../src/ports/crash-point.ts';
import { engineDeps } from './engine.ts';
import { naiveWorker } from './naive-worker.ts';

/** What a worker process is told to be. */
export interface WorkerOrders {
  readonly redisUrl: string;
  readonly targetUrl: string;
  /** The workers that this process is, each with a queue of its own; the first also takes from the common one. */
  readonly names: readonly string[];
  /** The instant at which it ends itself by SIGKILL: the nth time it passes there. */
  readonly crash: { readonly point: string; readonly nth: number } | null;
  readonly naive: boolean;
}

/** Waits for its orders, so that a spare process is ready at once when one is killed. */
process.once('message', (orders: WorkerOrders) => {
  const work = orders.naive ? naiveWorker(orders) : engineWorker(orders);
  work.then(
    close => {
      process.send?.('ready');
      process.once('SIGTERM', () => void close().then(() => process.exit(0)));
    },
    (failure: unknown) => {
      process.stderr.write(`${failure}\n`);
      process.exit(1);
    },
  );
});
process.once('disconnect', () => process.exit(0));
process.send?.('waiting');

async function engineWorker(orders: WorkerOrders): Promise<() => Promise<void>> {
  const trouble = () => undefined;
  const say = (message: string) => process.stderr.write(`${orders.names[0]} ${message}\n`);
  const connection = await openRedis({ trouble }, orders.redisUrl);
  const place = redisPlace(orders.redisUrl);
  const doorbell = await bullDoorbell({ connection: place, ringRelay: () => undefined, trouble });
  const crashPoint = crashing(orders.crash);
  const engines = orders.names.map(worker =>
    engineDeps({ connection, doorbell, targetUrl: orders.targetUrl, worker, crashPoint, say }),
  );
  const workers = await Promise.all(
    engines.map(deps =>
      startWorkers(
        { connection: place, drive: (run, turn) => drive(deps, run, turn), trouble, silent: trouble },
        deps.worker,
      ),
    ),
  );
  const [first] = engines;
  if (!first) throw new Error('a worker without a name');
  const reconciler = startReconciler({
    store: first.store,
    releases: first.releases,
    doorbell,
    worker: first.worker,
    log: first.log,
    everyMs: 200,
  });
  return async () => {
    await Promise.all(workers.map(one => one.close(20_000)));
    await reconciler.stop();
    await doorbell.close();
    await connection.close();
  };
}

function crashing(crash: WorkerOrders['crash']): CrashPoint {
  let passed = 0;
  return async name => {
    if (name !== crash?.point) return;
    passed += 1;
    if (passed !== crash.nth) return;
    process.kill(process.pid, 'SIGKILL');
    await new Promise(() => undefined);
  };
}
