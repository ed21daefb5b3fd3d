import { podExecutors } from '../../../src/adapters/kubernetes/pods-entries.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import { useCluster } from '../../cluster/suite.ts';
import { type ExecutorHarness, type ExecutorWorld, executorContract } from '../../contracts/executor.ts';
import { limitsOf, makeAutoscaler, podRules, podsReady, setMost, setReplicas, uidOf } from './pods.ts';
import { type Kind, makeWorkload, readShop } from './shops.ts';
import { openPlace } from './targets.ts';
import { podsOf } from './workloads.ts';

const cluster = useCluster();
const canary = 'canary-7Q2vXk91-hunter2';

const entryOf = (kind: string) => {
  const entry = podExecutors.find(row => row.kind === kind);
  if (!entry) throw new Error(`no executor ${kind}`);
  return entry;
};

/** A workload `shop` whose pods run, with a secret in its template. */
async function openShop(step: string, kind: Kind, replicas: number, extra: JsonObject) {
  const { api } = cluster;
  const place = await openPlace(cluster, podRules);
  const { namespace, proxy } = place;
  const env = [{ name: 'DB_PASSWORD', value: canary }];
  await makeWorkload(api, namespace, kind, { replicas, probe: false, env });
  await podsReady(api, namespace, 'shop', kind === 'daemonSet' ? 1 : replicas);
  const input = entryOf(step).input.parse({ namespace, [kind]: 'shop', graceSeconds: 5, ...extra });
  proxy.clear();
  return {
    namespace,
    shared: {
      load: () => place.executor(step),
      input,
      from: null,
      to: null,
      started: () => proxy.seen.length,
      close: place.close,
    },
  };
}

/** One pod that becomes two; `limits` are those of its autoscaler, where it has one. */
async function openScale(kind: Kind, limits: readonly [number, number] | null): Promise<ExecutorWorld> {
  const { api } = cluster;
  const extra = { replicas: 2, ...(limits ? { hpa: 'suspend' } : {}) };
  const { namespace, shared } = await openShop('kubernetes.scale', kind, 1, extra);
  if (limits) await makeAutoscaler(api, namespace, 'shop', limits);
  const before = await readShop(api, namespace, kind);
  return {
    ...shared,
    state: async () => {
      const now = await readShop(api, namespace, kind);
      return {
        replicas: Number(now.spec?.replicas),
        limits: limits && (await limitsOf(api, namespace, 'shop')),
        template: now.spec?.template,
      };
    },
    wanted: async () => ({ replicas: 2, limits: limits && [2, 2], template: before.spec?.template }),
    drift: async () => {
      if (limits) await setMost(api, namespace, 'shop', 7);
      else await setReplicas(api, namespace, `${kind.toLowerCase()}s`, 'shop', 3);
    },
    effects: async () => {
      const now = await readShop(api, namespace, kind);
      return Number(now.metadata?.generation) - Number(before.metadata?.generation);
    },
  };
}

/** All pods of a workload, which are to be replaced: two, but for a DaemonSet's. */
async function openDeletion(kind: Kind): Promise<ExecutorWorld> {
  const { api } = cluster;
  const { namespace, shared } = await openShop('kubernetes.delete-pods', kind, 2, { selector: { app: 'shop' } });
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

const harness = (step: string, rest: Pick<ExecutorHarness, 'open' | 'hostile' | 'reversible'>): ExecutorHarness => ({
  ...rest,
  entry: entryOf(step),
  canary,
  refusesDrift: true,
  concurrent: true,
  timeoutMs: 120_000,
  killAfterMs: [40],
});

const placesOf = (kind: Kind) => [kind, 'namespace', 'context', 'kubeconfig'];

const hostileScale =
  (kind: Kind) =>
  (world: ExecutorWorld, text: string): JsonObject[] => {
    const { [kind]: _, ...where } = world.input;
    return [
      ...placesOf(kind).map(field => ({ ...world.input, [field]: text })),
      { ...where, statefulSet: text },
      { ...where, workloads: [{ deployment: text }] },
      { ...where, workloads: [{ statefulSet: text }] },
      { ...where, selector: { [`${text}=`]: 'shop' } },
      ...(text === 'all' ? [] : [{ ...where, selector: { app: text } }]),
      { ...world.input, replicas: text },
    ];
  };

executorContract(
  'kubernetes.scale of a statefulSet',
  harness('kubernetes.scale', {
    reversible: true,
    open: () => openScale('statefulSet', null),
    hostile: hostileScale('statefulSet'),
  }),
);

executorContract(
  'kubernetes.scale, with an autoscaler to suspend',
  harness('kubernetes.scale', {
    reversible: true,
    open: () => openScale('deployment', [1, 3]),
    hostile: hostileScale('deployment'),
  }),
);

for (const kind of ['deployment', 'statefulSet'] as const) {
  executorContract(
    `kubernetes.delete-pods of a ${kind}`,
    harness('kubernetes.delete-pods', {
      reversible: false,
      open: () => openDeletion(kind),
      hostile: (world, text) => {
        const { selector: _, ...rest } = world.input;
        return [
          ...placesOf(kind).map(field => ({ ...world.input, [field]: text })),
          { ...rest, pods: [text] },
          { ...rest, selector: { [`${text}=`]: 'shop' } },
          ...(text === 'all' ? [] : [{ ...rest, selector: { app: text } }]),
        ];
      },
    }),
  );
}
