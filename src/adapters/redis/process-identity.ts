import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** One process: a pid alone may be somebody else's by now, so its start time goes along. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
}

/** Reads when a process started, in the system's own words; null where no such process lives. */
export async function startTimeOf(pid: number): Promise<string | null> {
  if (process.platform === 'linux') {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
    return !fields || fields[0] === 'Z' ? null : (fields[19] ?? null);
  }
  const argv = ['-o', 'lstart=', '-p', String(pid)];
  const listed = await promisify(execFile)('ps', argv, { env: { LC_ALL: 'C' }, timeout: 5_000 }).catch(() => null);
  return listed?.stdout.trim() || null;
}

/** Whether exactly this process still lives. */
export async function lives(process: ProcessIdentity): Promise<boolean> {
  return (await startTimeOf(process.pid)) === process.startTime;
}

/** Reads an identity that was written as JSON; null where the file is missing or damaged. */
export async function readIdentity(file: string): Promise<ProcessIdentity | null> {
  try {
    const read: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof read !== 'object' || read === null || !('pid' in read) || !('startTime' in read)) return null;
    const { pid, startTime } = read;
    return typeof pid === 'number' && typeof startTime === 'string' ? { pid, startTime } : null;
  } catch {
    return null;
  }
}
