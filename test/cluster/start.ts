import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Api, openApi } from './api.ts';
import { writeFrontProxyCertificates } from './certificates.ts';
import type { ClusterEnvironment } from './environment.ts';
import { writeImages } from './images.ts';
import { makeCgroup, openMountNamespace } from './isolation.ts';
import { freePorts } from './ports.ts';
import { isAlive, type ProcessId, readProcesses, startProcess } from './processes.ts';
import { requireProgram } from './programs.ts';
import {
  audit,
  auditPolicy,
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

/** A number that no other cluster of this machine uses: any cluster has a cgroup of its own from its first moment. */
function freeNumber(): number {
  const taken = new Set(readdirSync('/sys/class/net'));
  const free = Array.from({ length: 200 }, (_, number) => number).filter(number => !taken.has(`backout${number}`));
  const chosen = free[randomBytes(2).readUInt16BE() % free.length];
  if (chosen === undefined) throw new Error('200 test clusters run on this machine: end some by npm run cluster:down');
  return chosen;
}

async function chooseSite(state: string, audited: boolean): Promise<Site> {
  const [etcd = 0, etcdPeer = 0, api = 0, controllers = 0, scheduler = 0, kubelet = 0] = await freePorts(6);
  return {
    state,
    number: freeNumber(),
    token: randomBytes(16).toString('hex'),
    audited,
    ports: { etcd, etcdPeer, api, controllers, scheduler, kubelet },
  };
}

async function writeControlPlaneFiles(site: Site): Promise<void> {
  const file = (name: string) => join(site.state, name);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(file('site.json'), JSON.stringify(site), { mode: 0o600 });
  writeFileSync(file('service-account.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
  writeFileSync(file('tokens.csv'), `${site.token},admin,1,"system:masters"\n`, { mode: 0o600 });
  if (site.audited) writeFileSync(file(audit.policy), auditPolicy);
  await writeFrontProxyCertificates(site.state);
}

function writeNodeFiles(site: Site): void {
  const file = (name: string) => join(site.state, name);
  mkdirSync(file('cni'));
  writeFileSync(file('containerd.toml'), containerdConfig(site));
  writeFileSync(file('cni/10-backout.conflist'), cniConfig(site));
  writeFileSync(file('kubelet.json'), kubeletConfig(site));
  writeFileSync(file('resolv.conf'), 'nameserver 127.0.0.1\n');
  writeImages(file('images.tar'));
}

const isUp = (id: ProcessId | undefined) => id !== undefined && isAlive(id);

/** Polls until a condition about a process holds; that one (or the etcd behind it) ended meanwhile, or too long a wait, throws with the end of its log. */
export async function until(
  state: string,
  what: string,
  process: string,
  holds: () => Promise<boolean> | boolean,
): Promise<void> {
  const deadline = Date.now() + patience;
  for (;;) {
    if (await Promise.resolve(holds()).catch(() => false)) return;
    const noted = readProcesses(state);
    const ended = [process, 'etcd'].find(name => (noted.has(name) || name === process) && !isUp(noted.get(name)));
    if (ended || Date.now() > deadline) {
      const log = readFileSync(join(state, `${ended ?? process}.log`), 'utf8')
        .split('\n')
        .slice(-15)
        .join('\n');
      throw new Error(`${what}: ${ended ? `${ended} ended` : `${process} did not get ready in time`}\n${log}`);
    }
    await delay(50);
  }
}

type PartName = keyof ReturnType<typeof controlPlaneArguments>;

/** Starts one part of a control plane; a part that has ended may be started again on the same files. */
export function startPart(site: Site, name: PartName, environment: ClusterEnvironment): void {
  startProcess(site.state, name, [requireProgram(name, environment), ...controlPlaneArguments(site)[name]]);
}

/** Starts what every cluster has; one without a node has nothing to schedule. */
async function startControlPlane(site: Site, environment: ClusterEnvironment): Promise<Api> {
  const start = (name: PartName) => startPart(site, name, environment);
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
  const site = await chooseSite(state, false);
  for (const name of Object.keys(controlPlaneArguments(site))) requireProgram(name, environment);
  await writeControlPlaneFiles(site);
  writeNodeFiles(site);
  makeCgroup(site);
  const enter = await openMountNamespace(state);
  const [api] = await Promise.all([startControlPlane(site, environment), startContainerd(site, enter)]);
  startPart(site, 'kube-scheduler', environment);
  const kubelet = requireProgram('kubelet', environment);
  startProcess(state, 'kubelet', [...enter, kubelet, ...controlPlaneArguments(site).kubelet]);
  await until(state, 'node', 'kubelet', () => isReady(api));
  writeFileSync(join(state, 'ready'), '');
}

/** Starts a control plane that has no node: its objects are real, its pods stay pending. */
export async function startPlaneIn(state: string, environment: ClusterEnvironment, audited = false): Promise<void> {
  const site = await chooseSite(state, audited);
  await writeControlPlaneFiles(site);
  const api = await startControlPlane(site, environment);
  await until(state, 'default account', 'kube-controller-manager', async () => {
    await api('GET', '/api/v1/namespaces/default/serviceaccounts/default');
    return true;
  });
}
