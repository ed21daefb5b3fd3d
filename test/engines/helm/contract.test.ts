import { executors } from '../../../src/adapters/helm/table.ts';
import { useCluster } from '../../cluster/suite.ts';
import { type ExecutorWorld, executorContract } from '../../contracts/executor.ts';
import { pick } from '../kubernetes/targets.ts';
import { readDeployment } from '../kubernetes/workloads.ts';
import { type Helm, helms, openHelm } from './world.ts';

const cluster = useCluster();
const canary = 'canary-9Zk3vQx71-hunter2';

async function openWorld(program: Helm): Promise<ExecutorWorld> {
  const { api } = cluster;
  const place = await openHelm(cluster, program);
  const { namespace } = place;
  // Without pods helm has nothing to wait for, and a case takes seconds.
  const replicas = 0;
  await place.deploy({ image: 'app:1.0.0', replicas, mode: 'one', password: `${canary}one` });
  await place.deploy({ image: 'app:1.1.0', replicas, mode: 'two', password: `${canary}two` });
  const releases = await place.look();
  const read = (path: string) => api('GET', `/api/v1/namespaces/${namespace}/${path}`);
  const state = async () => {
    const [found, config, secret] = await Promise.all([
      readDeployment(api, namespace, 'shop'),
      read('configmaps/shop'),
      read('secrets/shop'),
    ]);
    return { spec: found.spec, config: config.data, secret: secret.data };
  };
  const before = await state();
  const generation = (await readDeployment(api, namespace, 'shop')).metadata?.generation;
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
      await place.deploy({ image: 'app:1.2.0', replicas, mode: 'three' });
    },
    effects: async () => {
      const now = await readDeployment(api, namespace, 'shop');
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
    killAfterMs: [40, 300],
    timeoutMs: 120_000,
    open: () => openWorld(program),
    hostile: (world, text) =>
      ['release', 'namespace', 'context', 'kubeconfig', 'binary'].map(field => ({ ...world.input, [field]: text })),
  });
}
