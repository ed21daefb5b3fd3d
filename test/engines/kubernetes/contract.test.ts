import { beforeAll } from 'vitest';
import { kubernetesExecutors } from '../../../src/adapters/kubernetes/entries.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { Json } from '../../cluster/api.ts';
import { useCluster } from '../../cluster/suite.ts';
import { type ExecutorHarness, type ExecutorWorld, executorContract, type Wish } from '../../contracts/executor.ts';
import { openPlace, type Place, pick, statedRules } from './targets.ts';
import { atRevision, makeDeployment, patchDeployment, readDeployment, rolledOut } from './workloads.ts';

const cluster = useCluster();
const canary = 'canary-7Q2vXk91-hunter2';
const kinds = ['kubernetes.rollout-undo', 'kubernetes.set-env'] as const;
type Kind = (typeof kinds)[number];

/** A place for each kind, with the rights that are stated for it alone. */
const places = new Map<Kind, Place>();
let made = 0;

beforeAll(async () => {
  for (const kind of kinds) places.set(kind, await openPlace(cluster, statedRules(kind, 'kubernetes.deployment')));
});

const entryOf = (kind: string) => {
  const entry = kubernetesExecutors.find(row => row.kind === kind);
  if (!entry) throw new Error(`no executor ${kind}`);
  return entry;
};

const container = (image: string, suffix: string) => ({
  spec: { template: { spec: { containers: [{ name: 'app', image, env: environment(suffix) }] } } },
});

const environment = (suffix: string) => [
  { name: 'DB_PASSWORD', value: `${canary}${suffix}` },
  { name: 'DATABASE_URL', value: `postgres://shop:${canary}${suffix}@db/shop` },
  { name: 'FEATURE', value: suffix },
];

/** Two releases that differ in image and in secrets, the second one live; of the first one no pod was started. */
async function twoReleases(namespace: string, name: string, replicas: 0 | 1): Promise<Json> {
  const { api } = cluster;
  const shape = { image: 'app:1.0.0', replicas: 0, probe: false, env: environment('one') };
  await makeDeployment(api, namespace, name, { ...shape, annotations: { 'kubernetes.io/change-cause': 'one' } });
  await atRevision(api, namespace, name, 1);
  const { spec } = container('app:1.1.0', 'two');
  await patchDeployment(api, namespace, name, {
    spec: { ...spec, replicas },
    metadata: { annotations: { 'kubernetes.io/change-cause': 'two' } },
  });
  await atRevision(api, namespace, name, 2);
  return rolledOut(api, namespace, name);
}

async function openWorld(
  kind: Kind,
  extra: JsonObject,
  wish: Wish,
  wanted: (before: Json) => unknown,
): Promise<ExecutorWorld> {
  const { api } = cluster;
  const place = await places.get(kind)?.beside();
  if (!place) throw new Error(`no place for ${kind}`);
  const { namespace, proxy } = place;
  made += 1;
  const name = `shop-${made}`;
  const before = await twoReleases(namespace, name, wish === 'settling' ? 1 : 0);
  const where = { namespace, deployment: name };
  const releases = await place.look(where);
  const stateOf = (found: Json) => ({
    template: found.spec?.template,
    cause: found.metadata?.annotations?.['kubernetes.io/change-cause'],
  });
  proxy.clear();
  return {
    load: () => place.executor(kind),
    input: entryOf(kind).input.parse({ ...where, ...extra }),
    from: pick(releases, '1.1.0'),
    to: pick(releases, '1.0.0'),
    state: async () => stateOf(await readDeployment(api, namespace, name)),
    wanted: async () => wanted(before),
    drift: async () => {
      await patchDeployment(api, namespace, name, container('app:1.2.0', 'three'));
    },
    effects: async () => {
      const now = await readDeployment(api, namespace, name);
      return Number(now.metadata?.generation) - Number(before.metadata?.generation);
    },
    started: () => proxy.seen.length,
    close: async () => {
      await place.close();
      await api('DELETE', `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`);
    },
  };
}

const templateOf = (before: Json) => JSON.parse(JSON.stringify(before.spec?.template));

const harness = (kind: Kind, rest: Pick<ExecutorHarness, 'open' | 'hostile' | 'killAfterMs'>): ExecutorHarness => ({
  ...rest,
  entry: entryOf(kind),
  canary,
  reversible: true,
  refusesDrift: true,
  concurrent: true,
  timeoutMs: 90_000,
});

executorContract(
  'kubernetes.rollout-undo',
  harness('kubernetes.rollout-undo', {
    open: wish =>
      openWorld('kubernetes.rollout-undo', { graceSeconds: 5 }, wish, before => {
        const template = templateOf(before);
        Object.assign(template.spec.containers[0], { image: 'app:1.0.0', env: environment('one') });
        return { template, cause: 'one' };
      }),
    hostile: (world, text) =>
      ['deployment', 'namespace', 'context', 'kubeconfig'].map(field => ({ ...world.input, [field]: text })),
  }),
);

executorContract(
  'kubernetes.set-env',
  harness('kubernetes.set-env', {
    // It is written and waited for as a rollback is, which is killed at more moments.
    killAfterMs: [40],
    open: wish =>
      openWorld(
        'kubernetes.set-env',
        { set: { FEATURE: 'off', MODE: 'degraded' }, remove: ['DATABASE_URL'], graceSeconds: 5 },
        wish,
        before => {
          const template = templateOf(before);
          const [password] = environment('two');
          template.spec.containers[0].env = [
            password,
            { name: 'FEATURE', value: 'off' },
            { name: 'MODE', value: 'degraded' },
          ];
          return { template, cause: 'two' };
        },
      ),
    hostile: (world, text) => [
      ...['deployment', 'namespace', 'context', 'kubeconfig'].map(field => ({ ...world.input, [field]: text })),
      { ...world.input, containers: [text] },
      ...(text === 'all'
        ? []
        : [
            { ...world.input, remove: [text] },
            { ...world.input, set: { [text]: 'x' } },
          ]),
    ],
  }),
);
