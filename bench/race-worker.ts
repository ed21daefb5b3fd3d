import { readEnvironment } from '../src/config/env.ts';
import { start } from '../src/main/start.ts';
import { quietLog } from './engine.ts';
import { onOrders } from './processes.ts';

onOrders<Readonly<Record<string, string>>>(async settings => {
  const read = readEnvironment(settings);
  if (!read.ok) throw new Error(read.problems.join('; '));
  await start(read.env, quietLog);
});
