import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A process by its id and its start time, so that a reused id is never taken for it. */
export type ProcessId = { readonly pid: number; readonly started: string };

/** Start time of a living process in clock ticks since boot, or undefined when it is gone (or a zombie). */
export function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Whether this very process still lives. */
export function isAlive(id: ProcessId): boolean {
  return startTime(id.pid) === id.started;
}

/** Memory is at hand, processor time is not: Go collects a fourth as often, up to a GB. */
const surroundings = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  GOGC: '400',
  GOMEMLIMIT: '1GiB',
};

/** Starts a program in its own session with its output in STATE/NAME.log and its id in STATE/NAME.pid. */
export function startProcess(
  state: string,
  name: string,
  argv: readonly string[],
  more: Readonly<Record<string, string>> = {},
): ChildProcess {
  const [program = '', ...rest] = argv;
  const log = openSync(join(state, `${name}.log`), 'a');
  const child = spawn(program, rest, {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...surroundings, HOME: state, ...more },
  });
  closeSync(log);
  child.on('error', () => {});
  child.unref();
  if (child.pid) writeFileSync(join(state, `${name}.pid`), `${child.pid} ${startTime(child.pid) ?? ''}`);
  return child;
}

/** The processes noted in a state folder. */
export function readProcesses(state: string): Map<string, ProcessId> {
  const found = new Map<string, ProcessId>();
  try {
    for (const file of readdirSync(state).filter(entry => entry.endsWith('.pid'))) {
      const [pid = '', started = ''] = readFileSync(join(state, file), 'utf8').split(' ');
      found.set(file.slice(0, -'.pid'.length), { pid: Number(pid), started });
    }
  } catch {
    // Somebody else has just removed the folder: what it named has ended.
  }
  return found;
}

/** Living processes whose command line names this text: the shims that containerd leaves to themselves. */
export function processesNaming(text: string): ProcessId[] {
  return readdirSync('/proc')
    .filter(entry => /^\d+$/.test(entry))
    .flatMap(entry => {
      try {
        const named = readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0').includes(text);
        const started = named ? startTime(Number(entry)) : undefined;
        return started ? [{ pid: Number(entry), started }] : [];
      } catch {
        return [];
      }
    });
}

/** Ends processes: SIGTERM, a grace time in milliseconds, then SIGKILL; only the very processes given, never a reused id. */
export async function endProcesses(ids: readonly ProcessId[], grace: number): Promise<void> {
  const signal = (kind: NodeJS.Signals) => {
    for (const id of ids) {
      try {
        if (isAlive(id)) process.kill(id.pid, kind);
      } catch {}
    }
  };
  const gone = async (limit: number) => {
    const deadline = Date.now() + limit;
    while (ids.some(isAlive) && Date.now() < deadline) await delay(20);
  };
  if (grace > 0) {
    signal('SIGTERM');
    await gone(grace);
  }
  signal('SIGKILL');
  await gone(5_000);
}
