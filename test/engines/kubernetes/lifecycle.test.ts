import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { openApi } from '../../cluster/api.ts';
import { podProcesses } from '../../cluster/isolation.ts';
import { isAlive, processesNaming, readProcesses, startProcess } from '../../cluster/processes.ts';
import { bridgeName, cgroupName, containerdSocket } from '../../cluster/settings.ts';
import { joinBeside, joinCluster, stopUnowned } from '../../cluster/shared.ts';
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
    await makeDeployment(api, 'default', 'shop', { replicas: 1, probe: false });
    await rolledOut(api, 'default', 'shop');
    const site = JSON.parse(readFileSync(join(state, 'site.json'), 'utf8'));
    const processes = [...readProcesses(state).values()];
    const bridge = `/sys/class/net/${bridgeName(site)}`;
    expect([processes.every(isAlive), existsSync(bridge), podProcesses(site).length >= 2]).toEqual([true, true, true]);

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

it('a keeper ends what a run that is killed leaves, by itself', { timeout: 60_000 }, async () => {
  const owner = spawn('sleep', ['600'], { stdio: 'ignore' });
  try {
    // It ends a whole cluster as above; here it has a program to end.
    const state = await joinBeside(owner.pid ?? 0);
    startProcess(state, 'program', ['sleep', '600']);
    const processes = [...readProcesses(state).values()];
    expect(processes.every(isAlive) && processes.length > 0).toBe(true);
    owner.kill('SIGKILL');
    await eventually('the end', async () => !existsSync(state) && !processes.some(isAlive));
  } finally {
    owner.kill('SIGKILL');
  }
});
