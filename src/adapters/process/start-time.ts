import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** What the kernel says of one process; `startTime` in its own unit, only ever compared for equality. */
export interface ProcessEntry {
  readonly pid: number;
  readonly group: number;
  readonly session: number;
  readonly startTime: string;
}

const hasProc = existsSync('/proc/self/stat');

/** Reads a living process; null where it is gone or only waits to be reaped. */
export function readProcess(pid: number): ProcessEntry | null {
  return hasProc ? readProc(pid) : readPs(pid);
}

/** The living processes of the group that a leader of ours began: same group, same session, none older than the leader. */
export function groupMembers(leader: { readonly pid: number; readonly startTime: string }): ProcessEntry[] {
  const pids = hasProc ? readdirSync('/proc').filter(name => /^\d+$/.test(name)) : [String(leader.pid)];
  return pids
    .map(pid => readProcess(Number(pid)))
    .filter(entry => entry !== null)
    .filter(entry => entry.group === leader.pid && entry.session === leader.pid)
    .filter(entry => !hasProc || Number(entry.startTime) >= Number(leader.startTime));
}

function readProc(pid: number): ProcessEntry | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    return { pid, group: Number(fields[2]), session: Number(fields[3]), startTime: fields[19] ?? '' };
  } catch {
    return null;
  }
}

/** Systems without /proc: `ps` knows the start to the second. */
function readPs(pid: number): ProcessEntry | null {
  try {
    const line = execFileSync('/bin/ps', ['-o', 'stat=,pgid=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    const [state = 'Z', group = '', ...started] = line.split(/\s+/);
    return state.startsWith('Z')
      ? null
      : { pid, group: Number(group), session: Number(group), startTime: started.join(' ') };
  } catch {
    return null;
  }
}
