import { kubernetesExecutors } from '../../../src/adapters/kubernetes/entries.ts';
import { useCluster } from '../../cluster/suite.ts';
import { type ExecutorWorld, executorContract } from '../../contracts/executor.ts';
import { atNumber, deployTo, kindRules, makeWorkload, readWorkload, rolledOutAs } from './kinds.ts';
import { openPlace, pick } from './targets.ts';

const cluster = useCluster();
const canary = 'canary-7Q2vXk91-hunter2';
const entry = entryOf('kubernetes.rollout-undo');

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
async function openWorkload(kind: 'statefulSet' | 'daemonSet'): Promise<ExecutorWorld> {
  const { api } = cluster;
  const place = await openPlace(cluster, kindRules);
  const { namespace, proxy } = place;
  const shape = { image: 'app:1.0.0', replicas: 1, probe: false, env: environment('one') };
  await makeWorkload(api, kind, namespace, 'shop', shape);
  await atNumber(api, kind, namespace, 'shop', 1);
  await deployTo(api, kind, namespace, 'shop', { image: 'app:1.1.0', env: environment('two') });
  await atNumber(api, kind, namespace, 'shop', 2);
  await rolledOutAs(api, kind, namespace, 'shop');
  const where = { namespace, [kind]: 'shop' };
  const releases = await place.look(where);
  const before = await readWorkload(api, kind, namespace, 'shop');
  proxy.clear();
  const template = JSON.parse(JSON.stringify(before.spec?.template));
  Object.assign(template.spec.containers[0], { image: 'app:1.0.0', env: environment('one') });
  return {
    load: () => place.executor(entry.kind),
    input: entry.input.parse({ ...where, graceSeconds: 5 }),
    from: pick(releases, '1.1.0'),
    to: pick(releases, '1.0.0'),
    state: async () => (await readWorkload(api, kind, namespace, 'shop')).spec?.template,
    wanted: async () => template,
    drift: async () => {
      await deployTo(api, kind, namespace, 'shop', { image: 'app:1.2.0' });
    },
    effects: async () => {
      const now = await readWorkload(api, kind, namespace, 'shop');
      return Number(now.metadata?.generation) - Number(before.metadata?.generation);
    },
    started: () => proxy.seen.length,
    close: place.close,
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
    open: () => openWorkload(kind),
    hostile: (world, text) => [kind, 'namespace'].map(field => ({ ...world.input, [field]: text })),
  });
