import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedis, type TestRedis } from '../fakes/redis.ts';

const program = join(import.meta.dirname, '../../bin/backout.mjs');

/** Two services whose one step appends a line; nobody is asked. */
function catalogue(folder: string, services: readonly string[]): string {
  const append = `require('fs').appendFileSync('${folder}/effects', process.env.LINE + '\\n')`;
  const service = (name: string): string => `
  ${name}:
    environments: { production: { mode: act } }
    runbooks:
      append:
        level: 2
        steps:
          - command: { argv: [node, -e, ${JSON.stringify(append)}], env: { LINE: ${name} }, idempotent: true }`;
  return `channels: { ops: C0OPS }
people: { me: { os: ${userInfo().username} } }
roles: { operators: [me] }
permissions: { default: [operators] }
approvals: [{ name: nobody, seats: {} }]
services:${services.map(service).join('')}
`;
}

describe('bot and workers as processes of their own on one Redis', { timeout: 60_000 }, () => {
  const running: ChildProcess[] = [];
  let folder: string;
  let redis: TestRedis;

  const env = (more: Record<string, string> = {}) => ({
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    REDIS_URL: redis.url,
    PORT: '0',
    BACKOUT_CATALOG: join(folder, 'backout.yaml'),
    BACKOUT_STATE_DIR: join(folder, 'state'),
    ...more,
  });

  async function start(role: string, name: string): Promise<ChildProcess> {
    const settings = env({ BACKOUT_ROLE: role, BACKOUT_WORKER_NAME: name });
    const child = spawn(process.execPath, [program, 'start'], {
      cwd: folder,
      env: settings,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    running.push(child);
    let said = '';
    child.stderr.on('data', chunk => {
      said += chunk;
    });
    await expect.poll(() => said, { timeout: 30_000 }).toContain('Backout is ready');
    return child;
  }

  function backout(...argv: readonly string[]): Promise<{ code: number; said: string }> {
    return new Promise(resolve => {
      execFile(
        process.execPath,
        [program, ...argv],
        { cwd: folder, env: env(), timeout: 30_000 },
        (failure, out, err) => resolve({ code: failure ? Number(failure.code ?? -1) : 0, said: `${out}${err}` }),
      );
    });
  }

  const effects = () => readFile(join(folder, 'effects'), 'utf8').catch(() => '');

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'backout-roles-'));
    redis = await startRedis();
    await writeFile(join(folder, 'backout.yaml'), catalogue(folder, ['first']));
  });
  afterAll(async () => {
    const over = running.map(
      child => new Promise(resolve => (child.exitCode === null ? child.once('exit', resolve) : resolve(0))),
    );
    for (const child of running) child.kill('SIGTERM');
    await Promise.all(over);
    await redis.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('a run asked for on a terminal is driven by the worker, not by the bot', async () => {
    await start('bot', 'door');
    const worker = await start('worker', 'one');
    const ran = await backout('rollback', 'first', 'because', 'trying', '--watch');
    expect(ran, ran.said).toMatchObject({ code: 0 });
    expect(await effects()).toBe('first\n');
    worker.kill('SIGTERM');
    await new Promise(resolve => worker.once('exit', resolve));
    expect(worker.exitCode).toBe(0);
  });

  it('waits for a worker where none lives, and goes on when one comes', async () => {
    const asked = await backout('rollback', 'first', 'because', 'nobody is there');
    expect(asked, asked.said).toMatchObject({ code: 0 });
    expect(await effects()).toBe('first\n');
    await start('worker', 'two');
    await expect.poll(effects, { timeout: 45_000 }).toBe('first\nfirst\n');
  });

  it('SIGHUP takes in a changed catalogue, and keeps the old one where the new one is broken', async () => {
    const [bot] = running;
    running.at(-1)?.kill('SIGHUP');
    await writeFile(join(folder, 'backout.yaml'), catalogue(folder, ['first', 'second']));
    bot?.kill('SIGHUP');
    await expect.poll(async () => (await backout('candidates', 'second')).code, { timeout: 45_000 }).toBe(0);
    await writeFile(join(folder, 'backout.yaml'), 'services: [');
    bot?.kill('SIGHUP');
    const ran = await backout('rollback', 'second', 'because', 'still in force', '--watch');
    expect(ran, ran.said).toMatchObject({ code: 0 });
    expect(await effects()).toContain('second\n');
  });
});
