import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTime } from './programs.ts';
import { closeShop, pm2Env } from './shop.ts';

interface Noted {
  readonly pid: number;
  readonly startTime: string;
}

const fileOf = (folder: string): string => join(folder, 'processes.json');

/** Notes the processes of this demo, so that the next start can clean up after a hard kill. */
export function noteProcesses(folder: string, pids: readonly number[]): void {
  const noted = pids.flatMap(pid => {
    const started = startTime(pid);
    return started === null ? [] : [{ pid, startTime: started }];
  });
  writeFileSync(fileOf(folder), JSON.stringify(noted));
}

/** Ends what an earlier demo left running and removes its folder; refuses where that demo still runs. */
export async function cleanUp(folder: string): Promise<void> {
  if (existsSync(fileOf(folder))) {
    const [demo, ...others] = JSON.parse(readFileSync(fileOf(folder), 'utf8')) as Noted[];
    if (demo && lives(demo)) throw new Error(`The demo runs already (process ${demo.pid}). End it with Ctrl-C first.`);
    for (const other of others.reverse()) await end(other);
  }
  if (existsSync(join(folder, 'shop', 'pm2')))
    await closeShop({ env: pm2Env(join(folder, 'shop', 'pm2')) }).catch(() => {});
  await endRedis(join(folder, 'state'));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
}

function lives({ pid, startTime: started }: Noted): boolean {
  return startTime(pid) === started;
}

async function end(process: Noted): Promise<void> {
  if (!lives(process)) return;
  globalThis.process.kill(process.pid, 'SIGTERM');
  for (let waited = 0; waited < 100 && lives(process); waited += 1)
    await new Promise(resolve => setTimeout(resolve, 50));
  if (lives(process)) globalThis.process.kill(process.pid, 'SIGKILL');
}

/** A hard-killed bot leaves its Redis running; its identity stands beside its data. */
async function endRedis(state: string): Promise<void> {
  const file = join(state, 'redis', 'server.json');
  if (existsSync(file)) await end(JSON.parse(readFileSync(file, 'utf8')) as Noted);
}
