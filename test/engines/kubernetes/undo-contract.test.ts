import { beforeAll } from 'vitest';
import { kubernetesExecutors } from '../../../src/adapters/kubernetes/entries.ts';
import { useCluster } from '../../cluster/suite.ts';
import { type ExecutorWorld, executorContract, type Wish } from '../../contracts/executor.ts';
import { atNumber, deployTo, kindRules, makeWorkload, patchWorkload, readWorkload, rolledOutAs } from './kinds.ts';
import { nowhere, pathOf } from './shops.ts';
import { openPlace, type Place, pick } from './targets.ts';

const cluster = useCluster();
const canary = 'canary-7Q2vXk91-hunter2';
const entry = entryOf('kubernetes.rollout-undo');

let shared: Place;
let made = 0;

beforeAll(async () => {
  shared = await openPlace(cluster, kindRules);
});

function entryOf(kind: string) {
  const found = kubernetesExecutors.find(row => row.kind === kind);
  if (!found) throw new Error(`no executor ${kind}`);
  return found;
}

const environment = (suffix: string) => [
  { name: 'DB_PASSWORD', value: `${canary}${suffix}` },
  { name: 'FEATURE', value: suffix },
];

/** A StatefulSet or DaemonSet with two releases that differ in image and in secrets, the second one live. */
async function openWorkload(kind: 'statefulSet' | 'daemonSet', wish: Wish): Promise<ExecutorWorld> {
  const { api } = cluster;
  const place = await shared.beside();
  const { namespace, proxy } = place;
  made += 1;
  const name = `shop-${made}`;
  const settles = wish === 'settling';
  const shape = { image: 'app:1.0.0', replicas: 0, probe: false, env: environment('one') };
  await makeWorkload(api, kind, namespace, name, settles ? shape : { ...shape, podSpec: nowhere });
  await atNumber(api, kind, namespace, name, 1);
  await deployTo(api, kind, namespace, name, { image: 'app:1.1.0', env: environment('two') });
  await atNumber(api, kind, namespace, name, 2);
  if (settles && kind === 'statefulSet') await patchWorkload(api, kind, namespace, name, { spec: { replicas: 1 } });
  if (settles) await rolledOutAs(api, kind, namespace, name);
  const where = { namespace, [kind]: name };
  const releases = await place.look(where);
  const before = await readWorkload(api, kind, namespace, name);
  proxy.clear();
  const template = JSON.parse(JSON.stringify(before.spec?.template));
  Object.assign(template.spec.containers[0], { image: 'app:1.0.0', env: environment('one') });
  return {
    load: () => place.executor(entry.kind),
    input: entry.input.parse({ ...where, graceSeconds: 5 }),
    from: pick(releases, '1.1.0'),
    to: pick(releases, '1.0.0'),
    state: async () => (await readWorkload(api, kind, namespace, name)).spec?.template,
    wanted: async () => template,
    drift: async () => {
      await deployTo(api, kind, namespace, name, { image: 'app:1.2.0' });
    },
    effects: async () => {
      const now = await readWorkload(api, kind, namespace, name);
      return Number(now.metadata?.generation) - Number(before.metadata?.generation);
    },
    started: () => proxy.seen.length,
    close: async () => {
      await place.close();
      await api('DELETE', pathOf(namespace, kind, `/${name}`));
    },
  };
}

for (const kind of ['statefulSet', 'daemonSet'] as const)
  executorContract(`${entry.kind} of a ${kind}`, {
    entry,
    canary,
    reversible: true,
    refusesDrift: true,
    concurrent: true,
    killAfterMs: [40],
    timeoutMs: 120_000,
    open: wish => openWorkload(kind, wish),
    hostile: (world, text) => [kind, 'namespace'].map(field => ({ ...world.input, [field]: text })),
  });
