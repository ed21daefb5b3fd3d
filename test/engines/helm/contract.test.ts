import { beforeAll } from 'vitest';
import { executors } from '../../../src/adapters/helm/table.ts';
import { useCluster } from '../../cluster/suite.ts';
import { type ExecutorWorld, executorContract, type Wish } from '../../contracts/executor.ts';
import { pick } from '../kubernetes/targets.ts';
import { readDeployment } from '../kubernetes/workloads.ts';
import { copyRelease, type Original, readOriginal } from './copies.ts';
import { type Helm, type HelmPlace, helms, openHelm } from './world.ts';

const cluster = useCluster();
const canary = 'canary-9Zk3vQx71-hunter2';

// Without pods helm has nothing to wait for, and a case takes seconds.
const replicas = 0;

/** One place for each Helm, and a release that it made there. */
const made = new Map<Helm, { readonly place: HelmPlace; readonly original: Original }>();
let copies = 0;

/** Two releases, the second one live. */
async function twoReleases(place: HelmPlace, name: string): Promise<void> {
  await place.deployAs(name, { image: 'app:1.0.0', replicas, mode: 'one', password: `${canary}one` });
  await place.deployAs(name, { image: 'app:1.1.0', replicas, mode: 'two', password: `${canary}two` });
}

beforeAll(async () => {
  for (const program of helms) {
    const place = await openHelm(cluster, program);
    await twoReleases(place, 'made-by-helm');
    made.set(program, { place, original: await readOriginal(cluster.api, place.namespace, 'made-by-helm') });
  }
}, 120_000);

/** A release of its own: made by helm where all of it is gone through, else copied from what helm made. */
async function openWorld(program: Helm, wish: Wish): Promise<ExecutorWorld> {
  const { api } = cluster;
  const found = made.get(program);
  if (!found) throw new Error(`${program} made nothing`);
  copies += 1;
  const name = `shop-${copies}`;
  const place = await found.place.beside(name);
  const { namespace } = place;
  if (wish === 'settling') await twoReleases(place, name);
  else await copyRelease(api, found.original, name);
  const releases = await place.look(name);
  const read = (path: string) => api('GET', `/api/v1/namespaces/${namespace}/${path}`);
  const state = async () => {
    const [found, config, secret] = await Promise.all([
      readDeployment(api, namespace, name),
      read(`configmaps/${name}`),
      read(`secrets/${name}`),
    ]);
    return { spec: found.spec, config: config.data, secret: secret.data };
  };
  const before = await state();
  const generation = (await readDeployment(api, namespace, name)).metadata?.generation;
  const wanted = JSON.parse(JSON.stringify(before));
  const { template } = wanted.spec;
  template.spec.containers[0].image = 'app:1.0.0';
  wanted.config.MODE = 'one';
  wanted.secret.PASSWORD = Buffer.from(`${canary}one`).toString('base64');
  delete template.metadata.annotations.config;
  const withoutHash = async () => {
    const found = JSON.parse(JSON.stringify(await state()));
    delete found.spec.template.metadata.annotations.config;
    return found;
  };
  return {
    load: async () => place.executor(),
    input: place.input,
    from: pick(releases, '1.1.0'),
    to: pick(releases, '1.0.0'),
    state: withoutHash,
    wanted: async () => wanted,
    drift: async () => {
      await place.deployAs(name, { image: 'app:1.2.0', replicas, mode: 'three' });
    },
    effects: async () => {
      const now = await readDeployment(api, namespace, name);
      return Number(now.metadata?.generation) - Number(generation);
    },
    started: () => place.asked.length + place.started.length,
    endChildren: async children => {
      for (const child of children) await place.endChild(child);
    },
    traces: async () => place.started,
    close: place.close,
  };
}

const [entry] = executors;
if (!entry) throw new Error('no executor');

for (const program of helms) {
  executorContract(`helm.rollback by ${program}`, {
    entry,
    canary,
    reversible: true,
    refusesDrift: true,
    concurrent: true,
    killAfterMs: [40, 300],
    settleKillAfterMs: [40],
    programAlone: program === 'helm3',
    timeoutMs: 120_000,
    open: wish => openWorld(program, wish),
    hostile: (world, text) =>
      ['release', 'namespace', 'context', 'kubeconfig', 'binary'].map(field => ({ ...world.input, [field]: text })),
  });
}
