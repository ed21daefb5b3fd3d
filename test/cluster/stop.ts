import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { namespaceHolder, podProcesses, removeCgroup } from './isolation.ts';
import { endProcesses, processesNaming, readProcesses } from './processes.ts';
import { bridgeName, containerdSocket, planeFolder, type Site } from './settings.ts';

const run = promisify(execFile);

/**
 * Ends all that a state folder notes and what grew out of it: processes, pods, mounts, cgroup, bridge and the folder.
 * Works as well after the one who started it was killed, and on a folder whose start got only half way.
 */
export async function stopCluster(state: string): Promise<void> {
  if (!existsSync(state)) return;
  for (const plane of planesIn(state)) await stopCluster(plane);
  const processes = readProcesses(state);
  const holder = namespaceHolder(state);
  processes.delete('mounts');
  processes.delete('keeper');
  await endProcesses([...processes.values()], 0);
  const site = siteOf(state);
  if (site) {
    await endPods(site);
    const bridge = bridgeName(site);
    if (existsSync(`/sys/class/net/${bridge}`)) await run('ip', ['link', 'delete', bridge]).catch(() => {});
  }
  if (holder) await endProcesses([holder], 0);
  await removeFolder(state);
}

/** State folders of the further control planes of a cluster. */
function planesIn(state: string): string[] {
  const folder = planeFolder(state);
  return existsSync(folder) ? readdirSync(folder).map(name => join(folder, name)) : [];
}

/** What a state folder tells of the cluster in it. */
export function siteOf(state: string): Site | undefined {
  try {
    return JSON.parse(readFileSync(join(state, 'site.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

/** The shims go first: one that sees its container end would tell a containerd that is gone. */
async function endPods(site: Site): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    const left = [...processesNaming(containerdSocket(site.state)), ...podProcesses(site)];
    if (left.length === 0) break;
    await endProcesses(left, 0);
  }
  while (Date.now() < deadline) {
    try {
      return removeCgroup(site);
    } catch {
      await delay(50);
    }
  }
}

/** Mounts of an ending namespace are let go a moment after its last process; until then folders are busy. */
async function removeFolder(state: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      return rmSync(state, { recursive: true, force: true });
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(100);
    }
  }
}
