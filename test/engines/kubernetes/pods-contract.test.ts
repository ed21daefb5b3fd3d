import { beforeAll } from 'vitest';
import { podExecutors } from '../../../src/adapters/kubernetes/pods-entries.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { type ExecutorHarness, type ExecutorWorld, executorContract, type Wish } from '../../contracts/executor.ts';
import { limitsOf, makeAutoscaler, podRules, podsReady, setMost, setReplicas, uidOf } from './pods.ts';
import { type Kind, makeWorkload, nowhere, pathOf, readShop, shopSeen } from './shops.ts';
import { openPlace, type Place } from './targets.ts';
import { podsOf } from './workloads.ts';

const cluster = useCluster();
const canary = 'canary-7Q2vXk91-hunter2';

let shared: Place;
let made = 0;

beforeAll(async () => {
  shared = await openPlace(cluster, podRules);
});

const entryOf = (kind: string) => {
  const entry = podExecutors.find(row => row.kind === kind);
  if (!entry) throw new Error(`no executor ${kind}`);
  return entry;
};

/** A workload with a secret in its template; its pods run, but wait unscheduled where they are only looked at. */
async function openShop(step: string, kind: Kind, replicas: number, wish: Wish, extra: (name: string) => JsonObject) {
  const { api } = cluster;
  const place = await shared.beside();
  const { namespace, proxy } = place;
  made += 1;
  const name = `shop-${made}`;
  const env = [{ name: 'DB_PASSWORD', value: canary }];
  const shape = { replicas, probe: false, env, ...(wish === 'reading' ? { podSpec: nowhere } : {}) };
  await makeWorkload(api, namespace, kind, shape, name);
  const there = async () => (await podsOf(api, namespace, name)).length === replicas;
  if (wish === 'reading') await eventually('the pods', there);
  else await podsReady(api, namespace, name, replicas);
  await shopSeen(api, namespace, kind, name);
  const input = entryOf(step).input.parse({ namespace, [kind]: name, graceSeconds: 5, ...extra(name) });
  proxy.clear();
  return {
    namespace,
    name,
    shared: {
      load: () => place.executor(step),
      input,
      from: null,
      to: null,
      started: () => proxy.seen.length,
      close: async () => {
        await place.close();
        await api('DELETE', pathOf(namespace, kind, `/${name}`));
      },
    },
  };
}

/**
 * A pod more than there is; `limits` are those of its autoscaler, where it has one. What has none yet gets its first pod where only what is
 * written counts; an autoscaler rests while there is none.
 */
async function openScale(kind: Kind, limits: readonly [number, number] | null, wish: Wish): Promise<ExecutorWorld> {
  const { api } = cluster;
  const replicas = limits || wish !== 'writing' ? 1 : 0;
  const extra = () => ({ replicas: replicas + 1, ...(limits ? { hpa: 'suspend' } : {}) });
  const { namespace, name, shared } = await openShop('kubernetes.scale', kind, replicas, wish, extra);
  if (limits) await makeAutoscaler(api, namespace, name, limits);
  const before = await readShop(api, namespace, kind, name);
  return {
    ...shared,
    state: async () => {
      const now = await readShop(api, namespace, kind, name);
      return {
        replicas: Number(now.spec?.replicas),
        limits: limits && (await limitsOf(api, namespace, name)),
        template: now.spec?.template,
      };
    },
    wanted: async () => ({ replicas: replicas + 1, limits: limits && [2, 2], template: before.spec?.template }),
    drift: async () => {
      if (limits) await setMost(api, namespace, name, 7);
      else await setReplicas(api, namespace, `${kind.toLowerCase()}s`, name, 3);
    },
    effects: async () => {
      const now = await readShop(api, namespace, kind, name);
      return Number(now.metadata?.generation) - Number(before.metadata?.generation);
    },
  };
}

/** All pods of a workload, which are to be replaced: two where that is waited for. */
async function openDeletion(kind: Kind, wish: Wish): Promise<ExecutorWorld> {
  const { api } = cluster;
  const extra = (name: string) => ({ selector: { app: name } });
  const replicas = wish === 'settling' ? 2 : 1;
  const { namespace, name, shared } = await openShop('kubernetes.delete-pods', kind, replicas, wish, extra);
  const before = await podsOf(api, namespace, name);
  const old = before.map(uidOf).sort();
  const all = async () =>
    [...((await api('GET', `/api/v1/namespaces/${namespace}/pods`)).items ?? [])]
      .filter(({ metadata }) => String(metadata?.name).startsWith(`${name}-`))
      .map(uidOf);
  return {
    ...shared,
    state: async () => (await all()).filter(uid => old.includes(uid)).sort(),
    wanted: async () => [],
    drift: async () => {
      for (const { metadata } of before) {
        const path = `/api/v1/namespaces/${namespace}/pods/${metadata?.name}`;
        await api('PATCH', path, { metadata: { labels: { app: null } } }, 'application/merge-patch+json');
        await eventually('the pod let go', async () => !(await api('GET', path)).metadata?.ownerReferences);
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
    open: wish => openScale('statefulSet', null, wish),
    hostile: hostileScale('statefulSet'),
  }),
);

executorContract(
  'kubernetes.scale, with an autoscaler to suspend',
  harness('kubernetes.scale', {
    reversible: true,
    open: wish => openScale('deployment', [1, 3], wish),
    hostile: hostileScale('deployment'),
  }),
);

for (const kind of ['deployment', 'statefulSet'] as const) {
  executorContract(
    `kubernetes.delete-pods of a ${kind}`,
    harness('kubernetes.delete-pods', {
      reversible: false,
      open: wish => openDeletion(kind, wish),
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
