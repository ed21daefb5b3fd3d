import { podExecutors } from '../../../src/adapters/kubernetes/pods-entries.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import { useCluster } from '../../cluster/suite.ts';
import { type ExecutorHarness, type ExecutorWorld, executorContract } from '../../contracts/executor.ts';
import { limitsOf, makeAutoscaler, podRules, podsReady, setMost, setReplicas, uidOf } from './pods.ts';
import { openPlace } from './targets.ts';
import { makeDeployment, podsOf, readDeployment } from './workloads.ts';

const cluster = useCluster();
const canary = 'canary-7Q2vXk91-hunter2';

const entryOf = (kind: string) => {
  const entry = podExecutors.find(row => row.kind === kind);
  if (!entry) throw new Error(`no executor ${kind}`);
  return entry;
};

/** A Deployment `shop` whose pods run, with a secret in its template. */
async function openShop(kind: string, replicas: number, extra: JsonObject) {
  const { api } = cluster;
  const place = await openPlace(cluster, podRules);
  const { namespace, proxy } = place;
  const env = [{ name: 'DB_PASSWORD', value: canary }];
  await makeDeployment(api, namespace, 'shop', { replicas, probe: false, env });
  await podsReady(api, namespace, 'shop', replicas);
  const input = entryOf(kind).input.parse({ namespace, deployment: 'shop', graceSeconds: 5, ...extra });
  proxy.clear();
  return {
    namespace,
    shared: {
      load: () => place.executor(kind),
      input,
      from: null,
      to: null,
      started: () => proxy.seen.length,
      close: async () => {
        await place.close();
        await api('DELETE', `/api/v1/namespaces/${namespace}`).catch(() => undefined);
      },
    },
  };
}

/** One pod that becomes two; `limits` are those of its autoscaler, where it has one. */
async function openScale(limits: readonly [number, number] | null): Promise<ExecutorWorld> {
  const { api } = cluster;
  const extra = { replicas: 2, ...(limits ? { hpa: 'suspend' } : {}) };
  const { namespace, shared } = await openShop('kubernetes.scale', 1, extra);
  if (limits) await makeAutoscaler(api, namespace, 'shop', limits);
  const before = await readDeployment(api, namespace, 'shop');
  return {
    ...shared,
    state: async () => {
      const now = await readDeployment(api, namespace, 'shop');
      return {
        replicas: Number(now.spec?.replicas),
        limits: limits && (await limitsOf(api, namespace, 'shop')),
        template: now.spec?.template,
      };
    },
    wanted: async () => ({ replicas: 2, limits: limits && [2, 2], template: before.spec?.template }),
    drift: async () => {
      if (limits) await setMost(api, namespace, 'shop', 7);
      else await setReplicas(api, namespace, 'deployments', 'shop', 3);
    },
    effects: async () => {
      const now = await readDeployment(api, namespace, 'shop');
      return Number(now.metadata?.generation) - Number(before.metadata?.generation);
    },
  };
}

/** Two pods that are both to be replaced. */
async function openDeletion(): Promise<ExecutorWorld> {
  const { api } = cluster;
  const { namespace, shared } = await openShop('kubernetes.delete-pods', 2, { selector: { app: 'shop' } });
  const before = await podsOf(api, namespace, 'shop');
  const old = before.map(uidOf).sort();
  const all = async () => [...((await api('GET', `/api/v1/namespaces/${namespace}/pods`)).items ?? [])].map(uidOf);
  return {
    ...shared,
    state: async () => (await all()).filter(uid => old.includes(uid)).sort(),
    wanted: async () => [],
    drift: async () => {
      for (const { metadata } of before) {
        const path = `/api/v1/namespaces/${namespace}/pods/${metadata?.name}`;
        await api('PATCH', path, { metadata: { labels: { app: null } } }, 'application/merge-patch+json');
      }
    },
    effects: async () => (await all()).filter(uid => !old.includes(uid)).length,
  };
}

const places = ['deployment', 'namespace', 'context', 'kubeconfig'];

const harness = (kind: string, rest: Pick<ExecutorHarness, 'open' | 'hostile' | 'reversible'>): ExecutorHarness => ({
  ...rest,
  entry: entryOf(kind),
  canary,
  refusesDrift: true,
  timeoutMs: 90_000,
});

const hostileScale = (world: ExecutorWorld, text: string): JsonObject[] => {
  const { deployment: _, ...where } = world.input;
  return [
    ...places.map(field => ({ ...world.input, [field]: text })),
    { ...where, statefulSet: text },
    { ...where, workloads: [{ deployment: text }] },
    { ...where, workloads: [{ statefulSet: text }] },
    { ...where, selector: { [`${text}=`]: 'shop' } },
    ...(text === 'all' ? [] : [{ ...where, selector: { app: text } }]),
    { ...world.input, replicas: text },
  ];
};

executorContract(
  'kubernetes.scale',
  harness('kubernetes.scale', { reversible: true, open: () => openScale(null), hostile: hostileScale }),
);

executorContract(
  'kubernetes.scale, with an autoscaler to suspend',
  harness('kubernetes.scale', { reversible: true, open: () => openScale([1, 3]), hostile: hostileScale }),
);

executorContract(
  'kubernetes.delete-pods',
  harness('kubernetes.delete-pods', {
    reversible: false,
    open: openDeletion,
    hostile: (world, text) => {
      const { selector: _, ...rest } = world.input;
      return [
        ...places.map(field => ({ ...world.input, [field]: text })),
        { ...rest, pods: [text] },
        { ...rest, selector: { [`${text}=`]: 'shop' } },
        ...(text === 'all' ? [] : [{ ...rest, selector: { app: text } }]),
      ];
    },
  }),
);
