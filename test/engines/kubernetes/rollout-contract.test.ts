import { beforeAll } from 'vitest';
import { kubernetesExecutors } from '../../../src/adapters/kubernetes/entries.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import { useCluster } from '../../cluster/suite.ts';
import { type ExecutorHarness, type ExecutorWorld, executorContract, type Wish } from '../../contracts/executor.ts';
import {
  type Kind,
  kinds,
  makeWorkload,
  nowhere,
  patchShop,
  pathOf,
  readShop,
  shopRolledOut,
  shopSeen,
  templateOf,
  workloadRules,
} from './shops.ts';
import { openPlace, type Place } from './targets.ts';

const cluster = useCluster();
const canary = 'canary-7Q2vXk91-hunter2';
const restartedAt = 'kubectl.kubernetes.io/restartedAt';

let shared: Place;
let made = 0;

beforeAll(async () => {
  shared = await openPlace(cluster, workloadRules);
});

const entryOf = (kind: string) => {
  const entry = kubernetesExecutors.find(row => row.kind === kind);
  if (!entry) throw new Error(`no executor ${kind}`);
  return entry;
};

/** What a step of these does to a workload whose pods run 1.1.0, with a secret in its template. */
interface Case {
  readonly step: string;
  readonly kind: Kind;
  readonly extra: JsonObject;
  readonly paused?: boolean;
  wanted(before: Shown): Shown;
  hostile?(input: JsonObject, text: string): readonly JsonObject[];
}

/** What the steps write: a restart bears a time that differs from plan to plan. */
interface Shown {
  readonly template: ReturnType<typeof templateOf>;
  readonly restarted: boolean;
  readonly paused: boolean;
}

async function stateOf(namespace: string, kind: Kind, name: string): Promise<Shown> {
  const found = await readShop(cluster.api, namespace, kind, name);
  const { metadata, ...template } = templateOf(found);
  const { annotations = {}, ...rest } = metadata;
  const { [restartedAt]: at, ...others } = annotations;
  return {
    template: { ...template, metadata: { ...rest, annotations: others } },
    restarted: at !== undefined,
    paused: String(found.spec?.paused) === 'true',
  };
}

async function openWorld(one: Case, wish: Wish): Promise<ExecutorWorld> {
  const { api } = cluster;
  const { step, kind } = one;
  const place = await shared.beside();
  const { namespace, proxy } = place;
  made += 1;
  const name = `shop-${made}`;
  const env = [
    { name: 'DB_PASSWORD', value: canary },
    { name: 'MODE', value: 'full' },
  ];
  // A pause starts and ends no pod, and where only what is written counts there need be none.
  const paused = step.endsWith('pause') || step.endsWith('resume');
  const empty = paused || wish !== 'settling';
  const pods = empty ? { replicas: 0, podSpec: nowhere } : { replicas: 1 };
  await makeWorkload(api, namespace, kind, { image: 'app:1.1.0', probe: false, env, ...pods }, name);
  await (empty ? shopSeen : shopRolledOut)(api, namespace, kind, name);
  if (one.paused) await patchShop(api, namespace, kind, { spec: { paused: true } }, name);
  const before = await stateOf(namespace, kind, name);
  const generation = async () => Number((await readShop(api, namespace, kind, name)).metadata?.generation);
  const first = await generation();
  const input = { namespace, [kind]: name, ...one.extra };
  proxy.clear();
  return {
    load: () => place.executor(step),
    input: entryOf(step).input.parse(input),
    from: null,
    to: null,
    state: () => stateOf(namespace, kind, name),
    wanted: async () => one.wanted(before),
    drift: async () => {
      const container = { name: 'app', image: 'app:1.2.0' };
      const owned = { metadata: { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:x' } } };
      const moved = { spec: { template: { spec: { containers: [container] } } } };
      await patchShop(api, namespace, kind, paused ? owned : moved, name);
    },
    effects: async () => (await generation()) - first,
    started: () => proxy.seen.length,
    close: async () => {
      await place.close();
      await api('DELETE', pathOf(namespace, kind, `/${name}`));
    },
  };
}

const withContainer = (shown: Shown, change: object): Shown => {
  const [container] = shown.template.spec.containers;
  const containers = [{ ...container, ...change }];
  return { ...shown, template: { ...shown.template, spec: { ...shown.template.spec, containers } } };
};

const images = kinds.map(
  (kind): Case => ({
    step: 'kubernetes.set-image',
    kind,
    extra: { images: { app: 'app:1.0.0' }, graceSeconds: 5 },
    wanted: now => withContainer(now, { image: 'app:1.0.0' }),
    hostile: (input, text) => [
      { ...input, images: { [text]: 'app:1.0.0' } },
      ...(text === 'all' ? [] : [{ ...input, images: { app: text } }]),
    ],
  }),
);
/** Every change of a template goes the same way, so each of the others is put to the contract on one more kind. */
const ofOtherKinds: readonly Case[] = [
  {
    step: 'kubernetes.rollout-restart',
    kind: 'statefulSet',
    extra: { graceSeconds: 5 },
    wanted: now => ({ ...now, restarted: true }),
  },
  {
    step: 'kubernetes.set-env',
    kind: 'daemonSet',
    extra: { set: { MODE: 'degraded' }, remove: ['DB_PASSWORD'], graceSeconds: 5 },
    wanted: now => withContainer(now, { env: [{ name: 'MODE', value: 'degraded' }] }),
  },
];
const ofDeployments: readonly Case[] = [
  {
    step: 'kubernetes.rollout-pause',
    kind: 'deployment',
    extra: {},
    wanted: now => ({ ...now, paused: true }),
  },
  {
    step: 'kubernetes.rollout-resume',
    kind: 'deployment',
    extra: {},
    paused: true,
    wanted: now => ({ ...now, paused: false }),
  },
];

for (const one of [...ofDeployments, ...images, ...ofOtherKinds]) {
  const { step, kind } = one;
  const harness: ExecutorHarness = {
    entry: entryOf(step),
    canary,
    reversible: true,
    refusesDrift: true,
    concurrent: true,
    killAfterMs: [40],
    timeoutMs: 120_000,
    open: wish => openWorld(one, wish),
    hostile: ({ input }, text) => [
      ...[kind, 'namespace', 'context', 'kubeconfig'].map(field => ({ ...input, [field]: text })),
      ...(one.hostile?.(input, text) ?? []),
    ],
  };
  executorContract(`${step} of a ${kind}`, harness);
}
