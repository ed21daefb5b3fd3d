import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type ProcessId, readProcesses, startProcess, startTime } from './processes.ts';
import { cgroupName, type Site } from './settings.ts';

const run = promisify(execFile);
const cgroups = '/sys/fs/cgroup';
const unified = existsSync(join(cgroups, 'cgroup.controllers'));

/** Host folders that containerd and the kubelet insist on writing to; they see folders of ours in their place. */
const hidden = ['/run', '/var/lib', '/var/log'];

/**
 * Opens a mount namespace, held by a sleeping process, for containerd and the kubelet: every mount they and their pods
 * make is gone when the last of them has ended, however it ended. Answers the words to put before a command line.
 */
export async function openMountNamespace(state: string): Promise<string[]> {
  const holder = startProcess(state, 'mounts', ['unshare', '--mount', '--propagation', 'private', 'sleep', 'infinity']);
  const own = (pid: number) => readlinkOrEmpty(`/proc/${pid}/ns/mnt`);
  const deadline = Date.now() + 5_000;
  while (!holder.pid || own(holder.pid) === own(process.pid) || commandOf(holder.pid) !== 'sleep') {
    if (Date.now() > deadline) throw new Error('no mount namespace could be opened: the test cluster needs root');
    await delay(10);
  }
  const enter = ['nsenter', `--mount=/proc/${holder.pid}/ns/mnt`];
  for (const folder of hidden) {
    const own = join(state, 'hidden', folder);
    mkdirSync(own, { recursive: true });
    await run('nsenter', [...enter.slice(1), 'mount', '--bind', own, folder]);
  }
  return enter;
}

function readlinkOrEmpty(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}

/** Folders of the cluster's own cgroup: one in each hierarchy of version 1, one in all of version 2. */
function cgroupFolders(site: Pick<Site, 'number'>): string[] {
  if (unified) return [join(cgroups, cgroupName(site))];
  return readdirSync(cgroups, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => join(cgroups, entry.name, cgroupName(site)));
}

/** Makes the cgroup under which the kubelet puts its pods. */
export function makeCgroup(site: Pick<Site, 'number'>): void {
  for (const folder of cgroupFolders(site)) mkdirSync(folder, { recursive: true });
  if (!unified) return;
  const controllers = readFileSync(join(cgroups, 'cgroup.controllers'), 'utf8').trim().split(' ');
  const enable = controllers.map(name => `+${name}`).join(' ');
  writeFileSync(join(cgroups, 'cgroup.subtree_control'), enable);
  writeFileSync(join(cgroups, cgroupName(site), 'cgroup.subtree_control'), enable);
}

function subfolders(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .flatMap(entry => subfolders(join(folder, entry.name)))
    .concat(folder);
}

/** Living processes of the cluster's pods. */
export function podProcesses(site: Pick<Site, 'number'>): ProcessId[] {
  const pids = new Set<number>();
  for (const folder of cgroupFolders(site).flatMap(subfolders)) {
    const listed = existsSync(join(folder, 'cgroup.procs')) ? readFileSync(join(folder, 'cgroup.procs'), 'utf8') : '';
    for (const pid of listed.split('\n').filter(Boolean)) pids.add(Number(pid));
  }
  return [...pids].flatMap(pid => {
    const started = startTime(pid);
    return started ? [{ pid, started }] : [];
  });
}

/** Removes the cluster's cgroup, whose processes have ended. */
export function removeCgroup(site: Pick<Site, 'number'>): void {
  for (const folder of cgroupFolders(site).flatMap(subfolders)) rmdirSync(folder);
}

/** The holder of a state folder's mount namespace, to be ended last. */
export function namespaceHolder(state: string): ProcessId | undefined {
  return readProcesses(state).get('mounts');
}
