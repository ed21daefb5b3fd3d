import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';

/** The checkout's root folder. */
export const root = join(import.meta.dirname, '..');

/** A program that the demo started and ends. */
export interface Running {
  readonly name: string;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

/** The environment of the demo's programs: the checkout's own Node first on PATH, nothing else of the caller's. */
export function programEnv(more: Record<string, string> = {}): Record<string, string> {
  const bin = join(root, 'node_modules', '.bin');
  return {
    PATH: `${bin}${delimiter}${process.env.PATH ?? ''}`,
    HOME: process.env.HOME ?? '/',
    LANG: 'C.UTF-8',
    ...more,
  };
}

/** Runs a program to its end and answers its output; throws with its words where it fails. */
export async function run(
  argv: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<string> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env ?? programEnv(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', chunk => (out += chunk));
  child.stderr.on('data', chunk => (err += chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}:\n${err || out}`);
  return out;
}

/** Starts a program that stays, in a process group of its own, so that Ctrl-C reaches the demo first and the demo ends it in order. */
export function start(name: string, argv: readonly string[], env: Record<string, string>, log: number): Running {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', log, log], detached: true });
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), 28_000);
    await ended;
    clearTimeout(force);
  };
  return { name, process: child, stop };
}

/** Finds a free port on loopback. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  if (!address || typeof address === 'string') throw new Error('no free port on 127.0.0.1');
  return address.port;
}

/** Asks again and again until the answer is not null, or says what was waited for. */
export async function until<T>(what: string, ms: number, ask: () => Promise<T | null>): Promise<T> {
  const deadline = Date.now() + ms;
  for (;;) {
    const answer = await ask().catch(() => null);
    if (answer !== null) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${ms / 1000} s`);
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

/** When a process started, in clock ticks since boot: with it, a pid names one process for ever. Null where it is gone or this is no Linux. */
export function startTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
