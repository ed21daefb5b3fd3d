import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProcesses } from '../../../src/adapters/process/processes.ts';
import { readProcess } from '../../../src/adapters/process/start-time.ts';
import type { ProcessRequest } from '../../../src/ports/processes.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'backout-process-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const processes = createProcesses({ path: '/usr/bin:/bin', home: tmpdir(), graceMs: 300 });
const node = (script: string, more: Partial<ProcessRequest> = {}): ProcessRequest => ({
  argv: [process.execPath, '-e', script],
  timeoutMs: 15_000,
  signal: new AbortController().signal,
  ...more,
});
/** Keeps the event loop from turning, in ms. */
const block = (ms: number): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
const alive = (pid: number): boolean => readProcess(pid) !== null;
const pidIn = async (file: string): Promise<number> => {
  const until = Date.now() + 10_000;
  while (!existsSync(file) || readFileSync(file, 'utf8') === '') {
    if (Date.now() > until) throw new Error(`${file} never came`);
    await delay(20);
  }
  return Number(readFileSync(file, 'utf8'));
};

describe('a child process', () => {
  it('gets the given arguments, input and environment and nothing of ours', async () => {
    const script =
      'process.stdin.on("data", d => console.log(JSON.stringify([String(d), Object.keys(process.env).sort(), process.argv[1]])))';
    const run = await processes.run({
      ...node(script),
      argv: [process.execPath, '-e', script, '$(x); `y`'],
      stdin: 'in',
      env: { A: '1' },
    });
    expect(JSON.parse(run.stdout)).toEqual(['in', ['A', 'HOME', 'LANG', 'PATH'], '$(x); `y`']);
    expect(run).toMatchObject({ exitCode: 0, signal: null, timedOut: false, aborted: false });
  });

  it('that fails, is missing or cannot start is a result, never a throw', async () => {
    expect(await processes.run(node('console.error("no"); process.exit(3)'))).toMatchObject({
      exitCode: 3,
      stderr: 'no\n',
    });
    expect(await processes.run({ ...node(''), argv: ['backout-no-such-program'] })).toMatchObject({ exitCode: 127 });
    expect(await processes.run({ ...node(''), cwd: join(folder, 'gone') })).toMatchObject({ exitCode: 126 });
    const aborted = await processes.run(node('', { signal: AbortSignal.abort() }));
    expect(aborted).toMatchObject({ aborted: true, exitCode: null });
  });

  it('shows 5 MB of output by its head and tail', async () => {
    const run = await processes.run(
      node('console.log("first"); for (let i = 0; i < 50000; i++) console.log("x".repeat(100)); console.log("last")'),
    );
    expect(run.stdout.length).toBeLessThan(120_000);
    expect(run.stdout.startsWith('first\n')).toBe(true);
    expect(run.stdout.endsWith('last\n')).toBe(true);
    expect(run.stdout).toContain('characters left out');
  });

  it('is heard to its last word by a process too busy to listen when it ended', async () => {
    const sign = join(folder, 'speak');
    const script = `const { existsSync } = require('node:fs'); while (!existsSync(${JSON.stringify(sign)})); console.log('said')`;
    const heard = processes.run(node(script));
    const other = spawn('/bin/echo', ['first']);
    // Both ends are noticed in one go, since the first one's words keep us until the second one has ended too: its words wait unread.
    other.stdout.once('data', () => {
      writeFileSync(sign, '');
      block(1_000);
    });
    other.once('exit', () => block(1_000));
    await once(other, 'spawn');
    block(300);
    expect(await heard).toMatchObject({ exitCode: 0, stdout: 'said\n' });
  });

  it('has secrets blotted out even where chunk borders split them', async () => {
    const secret = 'canary-5f1d"9';
    const script = `const s = ${JSON.stringify(secret)}; (async () => { for (const c of 'a' + s + 'b' + encodeURIComponent(s) + JSON.stringify({ s })) { process.stdout.write(c); await new Promise(r => setImmediate(r)); } })()`;
    const run = await processes.run(node(script, { secrets: [secret] }));
    expect(run.stdout).toBe('a[redacted]b[redacted]{"s":"[redacted]"}');
  });

  it.each([
    ['times out', (): Partial<ProcessRequest> => ({ timeoutMs: 400 }), 'timedOut'],
    ['is aborted', (): Partial<ProcessRequest> => ({ signal: AbortSignal.timeout(400) }), 'aborted'],
  ] as const)('that ignores TERM and %s is gone with its grandchild', async (_what, more, flag) => {
    const file = join(folder, `${flag}.pid`);
    const inner = `process.on('SIGTERM', () => {}); require('node:fs').writeFileSync(${JSON.stringify(file)}, String(process.pid)); setInterval(() => {}, 1e3)`;
    const script = `process.on('SIGTERM', () => {}); require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(inner)}], { stdio: 'inherit' }); setInterval(() => {}, 1e3)`;
    const run = await processes.run(node(script, more()));
    expect(run).toMatchObject({ [flag]: true, exitCode: null, signal: 'SIGKILL' });
    expect(run.ms).toBeLessThan(8_000);
    if (existsSync(file)) expect(alive(Number(readFileSync(file, 'utf8')))).toBe(false);
  });

  it('is journalled, by pid and start time, before its first instruction', async () => {
    const file = join(folder, 'acted');
    const script = `require('node:fs').writeFileSync(${JSON.stringify(file)}, process.pid + ' ' + JSON.stringify(Object.keys(process.env).sort()))`;
    let seen = { pid: 0, startTime: '' };
    const run = await processes.run(
      node(script, {
        env: { NODE_OPTIONS: '--no-warnings' },
        onStart: async child => {
          seen = child;
          await delay(300);
          expect(existsSync(file)).toBe(false);
          expect(readProcess(child.pid)?.startTime).toBe(child.startTime);
        },
      }),
    );
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(readFileSync(file, 'utf8')).toBe(`${seen.pid} ["HOME","LANG","NODE_OPTIONS","PATH"]`);
  });

  it('never runs where it could not be journalled', async () => {
    const file = join(folder, 'unjournalled');
    const refused = processes.run(
      node(`require('node:fs').writeFileSync(${JSON.stringify(file)}, '')`, {
        onStart: () => Promise.reject(new Error('lease lost')),
      }),
    );
    await expect(refused).rejects.toThrow('lease lost');
    await delay(200);
    expect(existsSync(file)).toBe(false);
  });

  it('of a dead worker is ended with its group; a reused pid is left alone', async () => {
    const file = join(folder, 'orphan.pid');
    const inner = `process.on('SIGTERM', () => {}); require('node:fs').writeFileSync(${JSON.stringify(file)}, String(process.pid)); setInterval(() => {}, 1e3)`;
    writeFileSync(
      join(folder, 'leader.mjs'),
      `import { spawn } from 'node:child_process'; spawn(process.execPath, ['-e', ${JSON.stringify(inner)}], { stdio: 'ignore' }); setInterval(() => {}, 1e3);`,
    );
    let leader = { pid: 0, startTime: '' };
    const running = processes.run({
      argv: [process.execPath, join(folder, 'leader.mjs')],
      timeoutMs: 60_000,
      signal: new AbortController().signal,
      onStart: async child => {
        leader = child;
      },
    });
    const orphan = await pidIn(file);
    expect(await processes.end({ ...leader, startTime: '1' })).toBe(true);
    expect(alive(leader.pid)).toBe(true);
    process.kill(leader.pid, 'SIGKILL');
    await running;
    expect(alive(orphan)).toBe(true);
    expect(await processes.end(leader)).toBe(true);
    expect(alive(orphan)).toBe(false);
    expect(await processes.end(leader)).toBe(true);
  });
});
