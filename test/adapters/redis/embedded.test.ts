import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRedis } from '../../../src/adapters/redis/connection.ts';
import { embeddedUrl, startEmbeddedRedis } from '../../../src/adapters/redis/embedded.ts';
import { inspectRedis } from '../../../src/adapters/redis/inspect.ts';
import { startTimeOf } from '../../../src/adapters/redis/process-identity.ts';
import { quiet } from '../../engine/rig.ts';

const deps = { path: process.env.PATH ?? '/usr/bin:/bin' };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backout-state-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function write(url: string): Promise<void> {
  const connection = await openRedis(quiet, url);
  await connection.redis.set('kept', 'yes');
  await connection.close();
}

async function read(url: string): Promise<string | null> {
  const connection = await openRedis(quiet, url);
  const value = await connection.redis.get('kept');
  await connection.close();
  return value;
}

test('it starts as the engine needs it, for this user alone, in a group of its own, and stops', async () => {
  const redis = await startEmbeddedRedis(deps, folder);
  expect(redis).toMatchObject({ adopted: false, url: embeddedUrl(folder) });
  const connection = await openRedis(quiet, redis.url);
  expect((await inspectRedis(connection)).findings.map(finding => finding.state)).toEqual(['ok', 'ok', 'ok']);
  await connection.close();
  expect((await stat(join(folder, 'redis'))).mode & 0o777).toBe(0o700);
  expect((await stat(redis.url.slice(7))).mode & 0o777).toBe(0o700);
  if (process.platform === 'linux') {
    const group = (await import('node:fs/promises')).readFile(`/proc/${redis.pid}/stat`, 'utf8');
    expect((await group).split(') ')[1]?.split(' ')[2]).toBe(String(redis.pid));
  }
  await redis.stop();
  expect(await startTimeOf(redis.pid)).toBeNull();
});

test('what was written is there after a restart', async () => {
  const first = await startEmbeddedRedis(deps, folder);
  await write(first.url);
  await first.stop();
  const second = await startEmbeddedRedis(deps, folder);
  expect(await read(second.url)).toBe('yes');
  await second.stop();
});

test('one that a crash left is adopted', async () => {
  const script = `
    import { startEmbeddedRedis } from ${JSON.stringify(join(import.meta.dirname, '../../../src/adapters/redis/embedded.ts'))};
    const redis = await startEmbeddedRedis({ path: ${JSON.stringify(deps.path)} }, ${JSON.stringify(folder)});
    process.stdout.write(String(redis.pid));
    setInterval(() => undefined, 1000);`;
  const bot = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [pid] = await once(bot.stdout, 'data');
  await expect(startEmbeddedRedis(deps, folder)).rejects.toThrow(`Another Backout (process ${bot.pid})`);
  await write(embeddedUrl(folder));
  bot.kill('SIGKILL');
  await once(bot, 'exit');
  await rm(join(folder, 'redis', 'server.json'));
  const redis = await startEmbeddedRedis(deps, folder);
  expect(redis).toMatchObject({ adopted: true, pid: Number(String(pid)) });
  expect(await read(redis.url)).toBe('yes');
  await redis.stop();
});

test('a second bot on the same folder is refused, and a lock whose pid is somebody else’s by now is not', async () => {
  const first = await startEmbeddedRedis(deps, folder);
  await expect(startEmbeddedRedis(deps, folder)).rejects.toThrow(/Another Backout \(process \d+\) uses/);
  await first.stop();
  await writeFile(join(folder, 'bot.lock'), JSON.stringify({ pid: process.ppid, startTime: 'long ago' }));
  const second = await startEmbeddedRedis(deps, folder);
  await second.stop();
});

test('a folder with a long name gets a socket elsewhere', async () => {
  const deep = join(folder, 'x'.repeat(120));
  const redis = await startEmbeddedRedis(deps, deep);
  expect(redis.url.length).toBeLessThan(110);
  await write(redis.url);
  await redis.stop();
  await rm(join(redis.url.slice(7), '..'), { recursive: true });
});

test('where no server is installed it says what to install', async () => {
  const nowhere = { path: join(folder, 'nothing') };
  await expect(startEmbeddedRedis(nowhere, folder)).rejects.toThrow('apt-get install redis-server');
  const redis = await startEmbeddedRedis(deps, folder);
  await redis.stop();
});
