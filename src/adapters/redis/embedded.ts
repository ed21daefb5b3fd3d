import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, link, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Redis } from 'ioredis';
import { lives, type ProcessIdentity, readIdentity, startTimeOf } from './process-identity.ts';

/** How long a server may take until it answers, in ms: a large append-only file is read first. */
const answerWithinMs = 30_000;

/** How long a server may take to end by itself, in ms. */
const endWithinMs = 10_000;

/** The longest socket path a system takes, in bytes, with room to spare. */
const longestSocketPath = 100;

/** A Redis of our own: started, or found running after a crash. */
export interface EmbeddedRedis {
  readonly url: string;
  readonly adopted: boolean;
  readonly pid: number;
  /** Ends the server after its last write is on disk, and lets another bot have the folder. Stop it last. */
  stop(): Promise<void>;
}

/** The embedded Redis could not be had; the message is for a person at a terminal. */
export class EmbeddedRedisError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'EmbeddedRedisError';
  }
}

/** Where the embedded Redis of a state folder listens, for a command line beside a running bot. */
export function embeddedUrl(stateDir: string): string {
  return `unix://${socketPath(resolve(stateDir))}`;
}

/**
 * Starts redis-server or valkey-server on a unix socket in the state folder, every write on disk before it is answered, in a process group of its
 * own so that Ctrl-C does not reach it first; adopts the one a crash left. Throws `EmbeddedRedisError` where another bot has the folder or no server
 * is installed. `path` is where programs are looked for.
 */
export async function startEmbeddedRedis(deps: { readonly path: string }, stateDir: string): Promise<EmbeddedRedis> {
  const state = resolve(stateDir);
  const folder = join(state, 'redis');
  const socket = socketPath(state);
  for (const made of [state, folder, dirname(socket)]) {
    await mkdir(made, { recursive: true, mode: 0o700 });
    if (made !== state) await chmod(made, 0o700);
  }
  const unlock = await lockFolder(state);
  try {
    const left = await leftServer(folder, socket);
    const adopted = left !== null;
    const server = left ?? (await launch(deps.path, folder, socket));
    await answers(socket, server);
    return {
      url: `unix://${socket}`,
      adopted,
      pid: server.pid,
      stop: async () => {
        await endServer(socket, server);
        await rm(join(folder, 'server.json'), { force: true });
        await unlock();
      },
    };
  } catch (failure) {
    await unlock();
    throw failure;
  }
}

function socketPath(state: string): string {
  const inside = join(state, 'redis', 'redis.sock');
  if (Buffer.byteLength(inside) <= longestSocketPath) return inside;
  const name = createHash('sha256').update(state).digest('hex').slice(0, 16);
  return join(tmpdir(), `backout-${name}`, 'redis.sock');
}

/** One bot for a folder: the lock names a process, and a dead one's lock counts for nothing. */
async function lockFolder(state: string): Promise<() => Promise<void>> {
  const file = join(state, 'bot.lock');
  const mine = { pid: process.pid, startTime: (await startTimeOf(process.pid)) ?? '' };
  const draft = `${file}.${mine.pid}`;
  await writeFile(draft, JSON.stringify(mine), { mode: 0o600 });
  try {
    for (let tries = 0; tries < 3; tries += 1) {
      if (await linked(draft, file)) return async () => rm(file, { force: true });
      const holder = await readIdentity(file);
      if (holder && (await lives(holder))) throw new EmbeddedRedisError(inUse(state, holder));
      await stealLock(file, `${draft}.dead`, state);
    }
  } finally {
    await rm(draft, { force: true });
  }
  throw new EmbeddedRedisError(`The lock ${file} cannot be taken.`);
}

function inUse(state: string, holder: ProcessIdentity): string {
  return `Another Backout (process ${holder.pid}) uses ${state}. Stop it, or set BACKOUT_STATE_DIR to another folder.`;
}

/** Moves a dead process's lock away; where another bot was quicker and the lock is a living one's, it is put back. */
async function stealLock(file: string, aside: string, state: string): Promise<void> {
  try {
    await rename(file, aside);
  } catch {
    return;
  }
  const moved = await readIdentity(aside);
  try {
    if (!moved || !(await lives(moved))) return;
    await linked(aside, file);
    throw new EmbeddedRedisError(inUse(state, moved));
  } finally {
    await rm(aside, { force: true });
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (failure) {
    if (failure instanceof Error && 'code' in failure && failure.code === 'EEXIST') return false;
    throw failure;
  }
}

/** The server a crash left: whoever answers on the socket, else the one that was noted and may still be reading its file. */
async function leftServer(folder: string, socket: string): Promise<ProcessIdentity | null> {
  const pid = await ask(socket, async redis => Number(/^process_id:(\d+)/m.exec(await redis.info('server'))?.[1]));
  const startTime = pid ? await startTimeOf(pid) : null;
  if (pid && startTime) return { pid, startTime };
  const noted = await readIdentity(join(folder, 'server.json'));
  return noted && (await lives(noted)) ? noted : null;
}

async function launch(path: string, folder: string, socket: string): Promise<ProcessIdentity> {
  await rm(socket, { force: true });
  const log = await open(join(folder, 'server.log'), 'a', 0o600);
  const args = [
    ...['--port', '0', '--unixsocket', socket, '--unixsocketperm', '700', '--dir', folder, '--save', ''],
    ...['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction', '--daemonize', 'no'],
  ];
  try {
    for (const program of ['redis-server', 'valkey-server']) {
      const child = spawn(program, args, {
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
        env: { PATH: path },
        cwd: folder,
      });
      const started = await once(child, 'spawn').then(
        () => true,
        () => false,
      );
      if (!started || child.pid === undefined) continue;
      child.unref();
      const startTime = await startTimeOf(child.pid);
      if (startTime === null) throw new EmbeddedRedisError(`${program} ended at once; see ${folder}/server.log`);
      const server = { pid: child.pid, startTime };
      await writeFile(join(folder, 'server.json'), JSON.stringify(server), { mode: 0o600 });
      return server;
    }
  } finally {
    await log.close();
  }
  throw new EmbeddedRedisError(
    'Neither redis-server nor valkey-server is installed. Install one (Debian, Ubuntu: apt-get install redis-server; ' +
      'Fedora: dnf install valkey; macOS: brew install redis), or set REDIS_URL to a Redis that runs elsewhere.',
  );
}

async function answers(socket: string, server: ProcessIdentity): Promise<void> {
  const deadline = performance.now() + answerWithinMs;
  while (performance.now() < deadline) {
    if ((await ask(socket, redis => redis.ping())) === 'PONG') return;
    if (!(await lives(server))) {
      throw new EmbeddedRedisError(`The embedded Redis ended; see ${join(dirname(socket), 'server.log')}.`);
    }
    await pause(50);
  }
  throw new EmbeddedRedisError(`The embedded Redis (process ${server.pid}) does not answer on ${socket}.`);
}

/** Asks the server on a socket something; null where none answers. */
async function ask<Answer>(socket: string, question: (redis: Redis) => Promise<Answer>): Promise<Answer | null> {
  const redis = new Redis(socket, { retryStrategy: () => null, commandTimeout: 1_000, lazyConnect: true });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await question(redis);
  } catch {
    return null;
  } finally {
    redis.disconnect();
  }
}

async function endServer(socket: string, server: ProcessIdentity): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!(await lives(server))) break;
    process.kill(server.pid, signal);
    const deadline = performance.now() + endWithinMs;
    while (performance.now() < deadline && (await lives(server))) await pause(20);
  }
  await rm(socket, { force: true });
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => {
    setTimeout(resolve, ms);
  });
}
