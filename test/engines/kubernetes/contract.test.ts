import { kubernetesExecutors } from '../../../src/adapters/kubernetes/entries.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { Api, Json } from '../../cluster/api.ts';
import { useCluster } from '../../cluster/suite.ts';
import { type ExecutorHarness, type ExecutorWorld, executorContract } from '../../contracts/executor.ts';
import { openPlace, pick, statedRules } from './targets.ts';
import { atRevision, makeDeployment, patchDeployment, readDeployment, rolledOut } from './workloads.ts';

const cluster = useCluster();
const canary = 'canary-7Q2vXk91-hunter2';

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

/** Two releases that differ in image and in secrets, the second one live. */
async function twoReleases(api: Api, namespace: string): Promise<void> {
  const shape = { image: 'app:1.0.0', replicas: 1, probe: false, env: environment('one') };
  await makeDeployment(api, namespace, 'shop', { ...shape, annotations: { 'kubernetes.io/change-cause': 'one' } });
  await atRevision(api, namespace, 'shop', 1);
  await patchDeployment(api, namespace, 'shop', {
    ...container('app:1.1.0', 'two'),
    metadata: { annotations: { 'kubernetes.io/change-cause': 'two' } },
  });
  await atRevision(api, namespace, 'shop', 2);
  await rolledOut(api, namespace, 'shop');
}

async function openWorld(kind: string, extra: JsonObject, wanted: (before: Json) => unknown): Promise<ExecutorWorld> {
  const { api } = cluster;
  const place = await openPlace(cluster, statedRules(kind, 'kubernetes.deployment'));
  const { namespace, proxy } = place;
  await twoReleases(api, namespace);
  const where = { namespace, deployment: 'shop' };
  const releases = await place.look(where);
  const before = await readDeployment(api, namespace, 'shop');
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
    state: async () => stateOf(await readDeployment(api, namespace, 'shop')),
    wanted: async () => wanted(before),
    drift: async () => {
      await patchDeployment(api, namespace, 'shop', container('app:1.2.0', 'three'));
    },
    effects: async () => {
      const now = await readDeployment(api, namespace, 'shop');
      return Number(now.metadata?.generation) - Number(before.metadata?.generation);
    },
    started: () => proxy.seen.length,
    close: place.close,
  };
}

const templateOf = (before: Json) => JSON.parse(JSON.stringify(before.spec?.template));

const harness = (kind: string, rest: Pick<ExecutorHarness, 'open' | 'hostile'>): ExecutorHarness => ({
  ...rest,
  entry: entryOf(kind),
  canary,
  reversible: true,
  refusesDrift: true,
  timeoutMs: 90_000,
});

executorContract(
  'kubernetes.rollout-undo',
  harness('kubernetes.rollout-undo', {
    open: () =>
      openWorld('kubernetes.rollout-undo', { graceSeconds: 5 }, before => {
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
    open: () =>
      openWorld(
        'kubernetes.set-env',
        { set: { FEATURE: 'off', MODE: 'degraded' }, remove: ['DATABASE_URL'], graceSeconds: 5 },
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
