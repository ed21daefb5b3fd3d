import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Api, openApi } from './api.ts';
import type { ClusterEnvironment } from './environment.ts';
import { writeImages } from './images.ts';
import { makeCgroup, openMountNamespace } from './isolation.ts';
import { isAlive, readProcesses, startProcess } from './processes.ts';
import { requireProgram } from './programs.ts';
import {
  cniConfig,
  containerdConfig,
  containerdSocket,
  controlPlaneArguments,
  kubeconfigText,
  kubeletConfig,
  type Site,
} from './settings.ts';

const run = promisify(execFile);

/** How long each part may take to get ready, in milliseconds: seconds on an idle machine, more on a busy one. */
const patience = 120_000;

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer().on('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map(server => {
    const address = server.address();
    return typeof address === 'object' && address ? address.port : 0;
  });
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
  return ports;
}

/** A number that no other cluster of this machine uses: any cluster has a cgroup of its own from its first moment. */
function freeNumber(): number {
  const taken = new Set(readdirSync('/sys/class/net'));
  const free = Array.from({ length: 200 }, (_, number) => number).filter(number => !taken.has(`backout${number}`));
  const chosen = free[randomBytes(2).readUInt16BE() % free.length];
  if (chosen === undefined) throw new Error('200 test clusters run on this machine: end some by npm run cluster:down');
  return chosen;
}

async function chooseSite(state: string): Promise<Site> {
  const [etcd = 0, etcdPeer = 0, api = 0, controllers = 0, scheduler = 0, kubelet = 0] = await freePorts(6);
  return {
    state,
    number: freeNumber(),
    token: randomBytes(16).toString('hex'),
    ports: { etcd, etcdPeer, api, controllers, scheduler, kubelet },
  };
}

function writeFiles(site: Site): void {
  const file = (name: string) => join(site.state, name);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  mkdirSync(file('cni'));
  writeFileSync(file('service-account.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
  writeFileSync(file('tokens.csv'), `${site.token},admin,1,"system:masters"\n`, { mode: 0o600 });
  writeFileSync(file('containerd.toml'), containerdConfig(site));
  writeFileSync(file('cni/10-backout.conflist'), cniConfig(site));
  writeFileSync(file('kubelet.json'), kubeletConfig(site));
  writeFileSync(file('resolv.conf'), 'nameserver 127.0.0.1\n');
  writeImages(file('images.tar'));
}

/** Polls until a condition holds; a process that ended meanwhile, or too long a wait, throws with the end of its log. */
async function until(state: string, what: string, process: string, holds: () => Promise<boolean> | boolean) {
  const deadline = Date.now() + patience;
  for (;;) {
    if (await Promise.resolve(holds()).catch(() => false)) return;
    const id = readProcesses(state).get(process);
    const dead = !id || !isAlive(id);
    if (dead || Date.now() > deadline) {
      const log = readFileSync(join(state, `${process}.log`), 'utf8')
        .split('\n')
        .slice(-15)
        .join('\n');
      throw new Error(`${what}: ${process} ${dead ? 'ended' : 'did not get ready in time'}\n${log}`);
    }
    await delay(50);
  }
}

async function startControlPlane(site: Site, environment: ClusterEnvironment): Promise<Api> {
  const argv = controlPlaneArguments(site);
  const start = (name: keyof typeof argv) =>
    startProcess(site.state, name, [requireProgram(name, environment), ...argv[name]]);
  const certificate = join(site.state, 'certificates/apiserver.crt');
  start('etcd');
  start('kube-apiserver');
  await until(site.state, 'certificate of the API server', 'kube-apiserver', () => existsSync(certificate));
  const server = `https://127.0.0.1:${site.ports.api}`;
  const kubeconfig = kubeconfigText(server, site, { pem: readFileSync(certificate) });
  writeFileSync(join(site.state, 'kubeconfig'), kubeconfig, { mode: 0o600 });
  const api = await openApi(kubeconfig);
  await until(site.state, 'API server', 'kube-apiserver', async () => {
    await api('GET', '/readyz');
    return true;
  });
  start('kube-controller-manager');
  start('kube-scheduler');
  return api;
}

async function startContainerd(site: Site, enter: readonly string[]): Promise<void> {
  const { state } = site;
  startProcess(state, 'containerd', [...enter, 'containerd', '--config', join(state, 'containerd.toml')]);
  const ctr = (...words: string[]) => run('ctr', ['--address', containerdSocket(state), '-n', 'k8s.io', ...words]);
  await until(state, 'containerd', 'containerd', async () => {
    await ctr('version');
    return true;
  });
  await ctr('images', 'import', join(state, 'images.tar'));
}

async function isReady(api: Api): Promise<boolean> {
  const node = await api('GET', '/api/v1/nodes/localhost');
  const ready = [...(node.status?.conditions ?? [])].some(
    condition => String(condition.type) === 'Ready' && String(condition.status) === 'True',
  );
  await api('GET', '/api/v1/namespaces/default/serviceaccounts/default');
  return ready;
}

/**
 * Starts a whole cluster whose every file lies in the (empty) state folder, and waits until its node is ready.
 * What was started stays noted there, also when this throws: stopCluster ends it.
 */
export async function startClusterIn(state: string, environment: ClusterEnvironment): Promise<void> {
  const site = await chooseSite(state);
  for (const name of Object.keys(controlPlaneArguments(site))) requireProgram(name, environment);
  writeFileSync(join(state, 'site.json'), JSON.stringify(site), { mode: 0o600 });
  writeFiles(site);
  makeCgroup(site);
  const enter = await openMountNamespace(state);
  const [api] = await Promise.all([startControlPlane(site, environment), startContainerd(site, enter)]);
  const kubelet = requireProgram('kubelet', environment);
  startProcess(state, 'kubelet', [...enter, kubelet, ...controlPlaneArguments(site).kubelet]);
  await until(state, 'node', 'kubelet', () => isReady(api));
  writeFileSync(join(state, 'ready'), '');
}
