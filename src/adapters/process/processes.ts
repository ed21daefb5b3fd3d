import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import type { Processes, ProcessRequest, ProcessResult } from '../../ports/processes.ts';
import { findProgram, type GateMessage, gateProgram } from './gate.ts';
import { createOutput } from './output.ts';
import { groupMembers, readProcess } from './start-time.ts';

/** What every child gets: search path, home, language; and how long TERM may take before KILL, in ms. */
export interface ProcessSettings {
  readonly path: string;
  readonly home: string;
  readonly lang?: string;
  readonly graceMs?: number;
}

/** How long after a program's end its output may still come, in ms: a daemon it left behind may hold the pipe for ever. */
const drainMs = 500;
/** A killed process is gone within this, in ms, or the kernel holds it. */
const killedMs = 3_000;

/** Runs programs in process groups of their own; see `Processes`. */
export function createProcesses(settings: ProcessSettings): Processes {
  const graceMs = settings.graceMs ?? 2_000;
  return {
    run: request => runOne(settings, graceMs, request),
    find: (program, cwd) => findProgram(program, settings.path, cwd ?? settings.home),
    end: leader => endGroup(leader, graceMs),
  };
}

async function runOne(settings: ProcessSettings, graceMs: number, request: ProcessRequest): Promise<ProcessResult> {
  const began = performance.now();
  const env = { PATH: settings.path, HOME: settings.home, LANG: settings.lang ?? 'C.UTF-8', ...request.env };
  const cwd = request.cwd ?? settings.home;
  const ended = (part: Partial<ProcessResult>): ProcessResult => ({
    exitCode: null,
    signal: null,
    timedOut: false,
    aborted: false,
    stdout: '',
    stderr: '',
    ...part,
    ms: Math.round(performance.now() - began),
  });
  if (request.signal.aborted) return ended({ aborted: true });
  const file = findProgram(request.argv[0], env.PATH, cwd);
  if (!file) return ended({ exitCode: 127, stderr: `${request.argv[0]}: no such program` });
  const stdout = createOutput(request.secrets ?? []);
  const stderr = createOutput(request.secrets ?? []);
  let child: ChildProcess;
  try {
    child = await begin(request, { file, argv: request.argv, env }, cwd);
  } catch (failure) {
    if (failure instanceof NotStarted) return ended({ exitCode: 126, stderr: failure.message });
    throw failure;
  }
  child.stdout?.on('data', chunk => stdout.add(chunk));
  child.stderr?.on('data', chunk => stderr.add(chunk));
  const end = await waitFor(child, request, graceMs);
  return ended({ ...end, stdout: stdout.end(), stderr: stderr.end() });
}

/** The kernel refused to start it (working folder gone, out of processes, …). */
class NotStarted extends Error {}

/** Starts the program; where somebody wants to journal it first, behind the gate. */
async function begin(request: ProcessRequest, program: GateMessage, cwd: string): Promise<ChildProcess> {
  const { onStart } = request;
  const input = request.stdin === undefined ? 'ignore' : 'pipe';
  const stdio: StdioOptions = [input, 'pipe', 'pipe', ...(onStart ? ['pipe' as const] : [])];
  const [file, argv, env] = onStart
    ? [process.execPath, ['--no-warnings', '-e', gateProgram], {}]
    : [program.file, program.argv.slice(1), program.env];
  const child = spawn(file, argv, { cwd, env, stdio, detached: true });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', failure => reject(new NotStarted(failure.message)));
  });
  child.on('error', () => {});
  child.stdin?.on('error', () => {});
  child.stdin?.end(request.stdin);
  if (onStart) await openGate(child, onStart, program);
  return child;
}

async function openGate(
  child: ChildProcess,
  onStart: NonNullable<ProcessRequest['onStart']>,
  program: GateMessage,
): Promise<void> {
  const gate = child.stdio[3];
  const pid = child.pid ?? 0;
  if (!gate || !('end' in gate)) throw new NotStarted('the gate has no pipe');
  gate.on('error', () => {});
  try {
    await onStart({ pid, startTime: readProcess(pid)?.startTime ?? '' });
  } catch (failure) {
    signalGroup(pid, 'SIGKILL');
    throw failure;
  }
  gate.end(JSON.stringify(program));
}

type End = Pick<ProcessResult, 'exitCode' | 'signal' | 'timedOut' | 'aborted'>;

async function waitFor(child: ChildProcess, request: ProcessRequest, graceMs: number): Promise<End> {
  const pid = child.pid ?? 0;
  let why: 'timedOut' | 'aborted' | null = null;
  let killing: Promise<void> | null = null;
  const stop = (cause: 'timedOut' | 'aborted'): void => {
    if (why) return;
    why = cause;
    killing = killGroup(pid, graceMs);
  };
  const onAbort = (): void => stop('aborted');
  const timer = setTimeout(stop, request.timeoutMs, 'timedOut');
  request.signal.addEventListener('abort', onAbort, { once: true });
  if (request.signal.aborted) onAbort();
  const closed = new Promise<void>(resolve => child.once('close', () => resolve()));
  const { exitCode, signal } = await new Promise<{ exitCode: number | null; signal: string | null }>(resolve => {
    if (child.exitCode !== null || child.signalCode !== null)
      return resolve({ exitCode: child.exitCode, signal: child.signalCode });
    return child.once('exit', (code, by) => resolve({ exitCode: code, signal: by }));
  });
  clearTimeout(timer);
  request.signal.removeEventListener('abort', onAbort);
  await killing;
  await Promise.race([closed, delay(drainMs)]);
  // A busy process hears of that time before it hears what the program said: what lies in the pipe by then is read in one turn of the loop.
  await turn();
  for (const stream of [child.stdout, child.stderr]) drop(stream);
  return { exitCode, signal, timedOut: why === 'timedOut', aborted: why === 'aborted' };
}

function drop(stream: Readable | null): void {
  stream?.removeAllListeners('data');
  stream?.destroy();
}

/** TERM to the group, KILL after the grace time to whatever of it still lives. */
async function killGroup(pid: number, graceMs: number): Promise<void> {
  signalGroup(pid, 'SIGTERM');
  if (await groupGone(pid, graceMs)) return;
  signalGroup(pid, 'SIGKILL');
  await groupGone(pid, killedMs);
}

async function groupGone(pid: number, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  while (groupMembers({ pid, startTime: '0' }).length > 0) {
    if (performance.now() > until) return false;
    await delay(20);
  }
  return true;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    if (pid > 1) process.kill(-pid, signal);
  } catch {
    // Gone already.
  }
}

/**
 * Ends the group of a dead worker's child. Where its leader is gone but others of the group live, they are ours by session and age:
 * the kernel gives no process the number of a group that still has members.
 */
async function endGroup(
  leader: { readonly pid: number; readonly startTime: string },
  graceMs: number,
): Promise<boolean> {
  const found = readProcess(leader.pid);
  if (found && found.startTime !== leader.startTime) return true;
  if (groupMembers(leader).length === 0) return true;
  await killGroup(leader.pid, graceMs);
  return groupMembers(leader).length === 0;
}
