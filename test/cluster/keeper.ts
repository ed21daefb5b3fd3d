import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readClusterEnvironment } from './environment.ts';
import { isAlive } from './processes.ts';
import { stopUnowned } from './shared.ts';
import { startClusterIn } from './start.ts';
import { stopCluster } from './stop.ts';

/**
 * Starts a cluster for an owner and ends it when the owner has ended: `keeper.ts STATE OWNER-PID OWNER-START`.
 * With a fourth word `beside` it starts none: the folder is for what runs beside another cluster.
 */
async function keep(state: string, pid: string, started: string, beside: string | undefined): Promise<void> {
  const owner = { pid: Number(pid), started };
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  try {
    if (beside) writeFileSync(join(state, 'ready'), '');
    else await startClusterIn(state, readClusterEnvironment());
  } catch (error) {
    writeFileSync(join(state, 'failed'), error instanceof Error ? error.message : String(error));
  }
  while (isAlive(owner)) await delay(200);
  await stopCluster(state);
  await stopUnowned(false);
}

const [state = '', pid = '', started = '', beside] = process.argv.slice(2);
await keep(state, pid, started, beside);
