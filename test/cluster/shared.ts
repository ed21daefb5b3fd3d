import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, type ProcessId, readProcesses, startTime } from './processes.ts';
import { stopCluster } from './stop.ts';

const prefix = 'backout-cluster-';

/** State folder of the cluster that `cluster:up` starts. */
export const standingState = join(tmpdir(), `${prefix}standing`);

/** State folder of the cluster that belongs to one process and ends with it. */
function ownedState(owner: ProcessId): string {
  return join(tmpdir(), `${prefix}${owner.pid}-${owner.started}`);
}

/** The owner that a state folder is named after; undefined for the standing one. */
function ownerOf(state: string): ProcessId | undefined {
  const named = /(\d+)-(\d+)$/.exec(state);
  return named ? { pid: Number(named[1]), started: String(named[2]) } : undefined;
}

function allStates(): string[] {
  return readdirSync(tmpdir())
    .filter(entry => entry.startsWith(prefix))
    .map(entry => join(tmpdir(), entry));
}

/** Ends the clusters whose owner is gone and, where asked, the standing one; one that a living run of the suites uses is left alone. */
export async function stopUnowned(standing: boolean): Promise<string[]> {
  const unowned = allStates().filter(state => {
    const owner = ownerOf(state);
    return owner ? !isAlive(owner) : standing;
  });
  for (const state of unowned) await stopCluster(state);
  return unowned;
}

/**
 * The kubeconfig of an owner's cluster, started by the first who asks and shared by the rest; a keeper ends it soon
 * after the owner has ended, however it ended.
 */
export async function joinCluster(ownerPid: number): Promise<string> {
  return join(await joinState(ownerPid, false), 'kubeconfig');
}

/** The state folder of an owner for what it starts beside a cluster that is not the suites' own; ended like a cluster. */
export function joinBeside(ownerPid: number): Promise<string> {
  return joinState(ownerPid, true);
}

async function joinState(ownerPid: number, beside: boolean): Promise<string> {
  const owner = { pid: ownerPid, started: startTime(ownerPid) ?? '' };
  const state = ownedState(owner);
  if (makeFolder(state)) startKeeper(state, owner, beside);
  const deadline = Date.now() + 180_000;
  while (!existsSync(join(state, 'ready'))) {
    if (existsSync(join(state, 'failed'))) throw new Error(readFileSync(join(state, 'failed'), 'utf8'));
    if (Date.now() > deadline) throw new Error('the test cluster did not get ready in three minutes');
    await delay(50);
  }
  return state;
}

function makeFolder(state: string): boolean {
  try {
    mkdirSync(state, { mode: 0o711 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function startKeeper(state: string, owner: ProcessId, beside: boolean): void {
  const keeper = spawn(
    process.execPath,
    [join(import.meta.dirname, 'keeper.ts'), state, String(owner.pid), owner.started, ...(beside ? ['beside'] : [])],
    { detached: true, stdio: 'ignore' },
  );
  keeper.unref();
}

/** Whether a state folder holds a cluster that has got ready and whose API server lives. */
export function isRunning(state: string): boolean {
  const server = existsSync(state) && readProcesses(state).get('kube-apiserver');
  return Boolean(server && isAlive(server) && existsSync(join(state, 'ready')));
}
