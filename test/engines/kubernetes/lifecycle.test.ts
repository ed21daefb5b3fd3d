import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { openApi } from '../../cluster/api.ts';
import { podProcesses } from '../../cluster/isolation.ts';
import { isAlive, processesNaming, readProcesses } from '../../cluster/processes.ts';
import { bridgeName, cgroupName, containerdSocket } from '../../cluster/settings.ts';
import { joinCluster, stopUnowned } from '../../cluster/shared.ts';
import { eventually } from '../../cluster/suite.ts';
import { makeDeployment, rolledOut } from './workloads.ts';

it('a run that is killed, and its keeper with it, leaves nothing once the next one has cleaned up', {
  timeout: 240_000,
}, async () => {
  const owner = spawn('sleep', ['600'], { stdio: 'ignore' });
  const ended = new Promise(resolve => owner.on('exit', resolve));
  try {
    const state = dirname(await joinCluster(owner.pid ?? 0));
    const api = await openApi(readFileSync(join(state, 'kubeconfig'), 'utf8'));
    await makeDeployment(api, 'default', 'shop', { replicas: 2 });
    await rolledOut(api, 'default', 'shop');
    const site = JSON.parse(readFileSync(join(state, 'site.json'), 'utf8'));
    const processes = [...readProcesses(state).values()];
    const bridge = `/sys/class/net/${bridgeName(site)}`;
    expect([processes.every(isAlive), existsSync(bridge), podProcesses(site).length >= 4]).toEqual([true, true, true]);

    for (const keeper of processesNaming(state)) process.kill(keeper.pid, 'SIGKILL');
    owner.kill('SIGKILL');
    await ended;
    expect(await stopUnowned(false)).toContain(state);
    expect([existsSync(state), existsSync(bridge), processes.some(isAlive)]).toEqual([false, false, false]);
    expect([podProcesses(site), processesNaming(containerdSocket(state))]).toEqual([[], []]);
    expect(['memory', 'pids', ''].map(name => existsSync(join('/sys/fs/cgroup', name, cgroupName(site))))).toEqual([
      false,
      false,
      false,
    ]);
    expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(state);
  } finally {
    owner.kill('SIGKILL');
  }
});

it('a keeper ends the cluster of a run that is killed, by itself', { timeout: 240_000 }, async () => {
  const owner = spawn('sleep', ['600'], { stdio: 'ignore' });
  try {
    const state = dirname(await joinCluster(owner.pid ?? 0));
    const processes = [...readProcesses(state).values()];
    owner.kill('SIGKILL');
    await eventually('the end of the cluster', async () => !existsSync(state) && !processes.some(isAlive));
  } finally {
    owner.kill('SIGKILL');
  }
});
