import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, open, readdir, rm, stat, truncate } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

/** How the server is to keep what it is told. */
export interface RedisSettings {
  /** A TCP port on loopback instead of a unix socket, for parts that speak no sockets. */
  readonly tcp?: boolean;
  readonly appendfsync?: 'always' | 'everysec' | 'no';
  /** Further `--name value` pairs. */
  readonly more?: readonly string[];
}

/** A real redis-server in a fresh folder. */
export interface TestRedis {
  readonly url: string;
  readonly folder: string;
  readonly pid: () => number;
  /** SIGKILL: the page cache survives, so this alone never tests durability. */
  kill(): Promise<void>;
  /** Starts it again on what its folder holds. */
  restart(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  /** Bytes of the append-only file now; with `appendfsync always` all of them are synced once a write was answered. */
  aofSize(): Promise<number>;
  /** A power loss: SIGKILL, then the append-only file is cut to `bytes`. Restart it afterwards. */
  cutAof(bytes: number): Promise<void>;
  /** A copy of the append-only file as it is now, for tests that cut it in many places. */
  copyAof(to: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts redis-server on a unix socket (or a free port) with an append-only file, synced on every write unless set otherwise.
 * Power loss without a preload shim: under `appendfsync always` the server syncs before it answers, so the size that `aofSize()` reads after an
 * acknowledged write is a synced offset; cutting anywhere at or above the last one noted is what a power loss may leave.
 */
export async function startRedis(settings: RedisSettings = {}): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'backout-redis-'));
  const socket = join(folder, 's');
  const port = settings.tcp ? await freePort() : 0;
  const url = settings.tcp ? `redis://127.0.0.1:${port}` : `unix://${socket}`;
  const args = [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--loglevel', 'warning'],
    ...(settings.tcp ? [] : ['--unixsocket', socket, '--unixsocketperm', '700']),
    ...['--appendonly', 'yes', '--appendfsync', settings.appendfsync ?? 'always', '--maxmemory-policy', 'noeviction'],
    ...(settings.more ?? []),
  ];
  let server = await launch(args, url);
  const kill = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
  };
  return {
    url,
    folder,
    pid: () => server.pid ?? -1,
    kill,
    restart: async () => {
      server = await launch(args, url);
    },
    pause: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
    aofSize: async () => (await stat(await aofFile(folder))).size,
    cutAof: async bytes => {
      await kill();
      const file = await aofFile(folder);
      await truncate(file, bytes);
      const handle = await open(file, 'r+');
      await handle.sync();
      await handle.close();
    },
    copyAof: async to => copyFile(await aofFile(folder), to),
    stop: async () => {
      server.kill('SIGCONT');
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A free TCP port on loopback. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}

async function aofFile(folder: string): Promise<string> {
  const names = await readdir(join(folder, 'appendonlydir'));
  const last = names
    .filter(name => name.endsWith('.incr.aof'))
    .sort()
    .at(-1);
  if (!last) throw new Error(`no append-only file in ${folder}`);
  return join(folder, 'appendonlydir', last);
}

async function launch(args: readonly string[], url: string): Promise<ChildProcess> {
  const server = spawn('redis-server', args, { stdio: ['ignore', 'ignore', 'ignore'] });
  const failed = once(server, 'error').then(([failure]) => Promise.reject(failure));
  const exited = once(server, 'exit').then(([code]) => Promise.reject(new Error(`redis-server ended with ${code}`)));
  const probe = url.startsWith('unix://') ? new Redis(url.slice(7), probeOptions) : new Redis(url, probeOptions);
  probe.on('error', () => undefined);
  try {
    await Promise.race([probe.ping(), failed, exited]);
  } finally {
    probe.disconnect();
    failed.catch(() => undefined);
    exited.catch(() => undefined);
  }
  return server;
}

const probeOptions = { retryStrategy: () => 20, maxRetriesPerRequest: null } as const;
