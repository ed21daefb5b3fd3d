import { Worker } from 'bullmq';
import { redisPlace } from '../src/adapters/redis/connection.ts';
import { readEnvironment } from '../src/config/env.ts';
import { start } from '../src/main/start.ts';
import { bindTables } from '../src/main/tables.ts';
import { quietLog } from './engine.ts';
import { withInstant } from './instant-executor.ts';
import { sharedNow } from './measure.ts';
import { onOrders } from './processes.ts';
import { bareQueue, type Reached } from './reached.ts';

const reached = (what: string) => {
  const told: Reached = { what, at: sharedNow() };
  process.send?.(told);
};

onOrders<Readonly<Record<string, string>>>(async settings => {
  const read = readEnvironment(settings);
  if (!read.ok) throw new Error(read.problems.join('; '));
  await start(read.env, quietLog, deps => {
    const bound = bindTables(deps);
    return { ...bound, executors: withInstant(bound.executors, reached) };
  });
  const connection = { ...redisPlace(settings.REDIS_URL ?? ''), maxRetriesPerRequest: null };
  const bare = new Worker(bareQueue, async job => reached(String(job.id)), { connection });
  await bare.waitUntilReady();
});
