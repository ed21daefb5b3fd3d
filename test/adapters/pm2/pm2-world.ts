import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { readApp } from '../../../src/adapters/pm2/apps.ts';
import { callDaemon } from '../../../src/adapters/pm2/daemon.ts';

const program = createRequire(import.meta.url).resolve('pm2/bin/pm2');
const run = promisify(execFile);

/** A pm2 of its own, in a folder of its own. */
export interface Pm2 {
  readonly home: string;
  /** Runs its command line. */
  cli(...args: string[]): Promise<string>;
  /** Starts one small app under a name of its own; `env` is all it gets. */
  start(
    env: Readonly<Record<string, string>>,
    options?: { readonly instances?: number; readonly code?: string },
  ): Promise<Pm2App>;
  close(): Promise<void>;
}

/** One app in it. */
export interface Pm2App {
  readonly app: string;
  readonly home: string;
  readonly folder: string;
  /** How often its instances were restarted in all. */
  restarts(): Promise<number>;
  /** What each running instance sees, as it wrote down itself when it started. */
  seen(): Promise<Record<string, string>[]>;
  /** Sets one variable as somebody else would. */
  meddle(name: string, value: string): Promise<void>;
  close(): Promise<void>;
}

/** An app that tells what it sees; `CRASH=yes` makes it die at once. */
const script = `
if (process.env.CRASH === 'yes') process.exit(1);
const file = 'seen-' + process.env.NODE_APP_INSTANCE;
require('node:fs').writeFileSync(file, JSON.stringify({ pid: process.pid, env: process.env }));
require('node:http').createServer((_, answer) => answer.end('ok')).listen(0, '127.0.0.1');
`;

const limit = (): AbortSignal => AbortSignal.timeout(15_000);

/** Opens it; its daemon runs from the first `start` to `close`. */
export function openPm2(): Pm2 {
  const folder = mkdtempSync(join(tmpdir(), 'bpm2-'));
  const home = join(folder, 'h');
  const env = {
    PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
    HOME: folder,
    PM2_HOME: home,
    PM2_DISCRETE_MODE: 'true',
    PM2_DISABLE_VERSION_CHECK: 'true',
  };
  const cli = async (...args: string[]): Promise<string> =>
    (await run(process.execPath, [program, ...args], { cwd: folder, env, timeout: 30_000 })).stdout;
  let count = 0;
  return {
    home,
    cli,
    start: async (own, options = {}) => {
      count += 1;
      const app = `newstockapi-backend-${count}`;
      const cwd = join(folder, app);
      mkdirSync(cwd);
      writeFileSync(join(cwd, 'app.cjs'), options.code ?? script);
      const cluster = options.instances ? { exec_mode: 'cluster', instances: options.instances } : {};
      const one = {
        name: app,
        script: join(cwd, 'app.cjs'),
        cwd,
        env: own,
        vizion: false,
        max_restarts: 3,
        ...cluster,
      };
      writeFileSync(join(cwd, 'ecosystem.json'), JSON.stringify({ apps: [one] }));
      await cli('start', join(cwd, 'ecosystem.json'));
      return appOf({ app, home, folder: cwd }, () => cli('delete', app));
    },
    close: async () => {
      try {
        if (count > 0) await cli('kill');
      } finally {
        rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
      }
    },
  };
}

function appOf(place: Pick<Pm2App, 'app' | 'home' | 'folder'>, remove: () => Promise<unknown>): Pm2App {
  const read = () => readApp(place, limit());
  return {
    ...place,
    restarts: async () => (await read()).instances.reduce((sum, one) => sum + one.restarts, 0),
    seen: async () => {
      const until = Date.now() + 15_000;
      for (;;) {
        const { instances } = await read();
        const told = instances.map((_, index) => tellOf(join(place.folder, `seen-${index}`)));
        if (instances.every((one, index) => told[index]?.pid === one.pid)) return told.map(one => one?.env ?? {});
        if (Date.now() > until) throw new Error(`${place.app} does not tell what it sees`);
        await delay(30);
      }
    },
    meddle: async (name, value) => {
      for (const one of (await read()).instances) {
        const env = { ...one.env, [name]: value } as Record<string, string>;
        await callDaemon(place.home, 'restartProcessId', [{ id: one.id, env: { current_conf: { env } } }], limit());
      }
    },
    close: async () => {
      await remove();
    },
  };
}

function tellOf(file: string): { pid: number; env: Record<string, string> } | null {
  try {
    return existsSync(file)
      ? (JSON.parse(readFileSync(file, 'utf8')) as { pid: number; env: Record<string, string> })
      : null;
  } catch {
    return null;
  }
}
