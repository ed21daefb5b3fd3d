import { kubernetesExecutors } from '../../../src/adapters/kubernetes/entries.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import { useCluster } from '../../cluster/suite.ts';
import { type ExecutorHarness, type ExecutorWorld, executorContract } from '../../contracts/executor.ts';
import {
  type Kind,
  kinds,
  makeWorkload,
  patchShop,
  readShop,
  shopRolledOut,
  templateOf,
  workloadRules,
} from './shops.ts';
import { openPlace } from './targets.ts';

const cluster = useCluster();
const canary = 'canary-7Q2vXk91-hunter2';
const restartedAt = 'kubectl.kubernetes.io/restartedAt';

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

async function stateOf(namespace: string, kind: Kind): Promise<Shown> {
  const found = await readShop(cluster.api, namespace, kind);
  const { metadata, ...template } = templateOf(found);
  const { annotations = {}, ...rest } = metadata;
  const { [restartedAt]: at, ...others } = annotations;
  return {
    template: { ...template, metadata: { ...rest, annotations: others } },
    restarted: at !== undefined,
    paused: String(found.spec?.paused) === 'true',
  };
}

async function openWorld(one: Case): Promise<ExecutorWorld> {
  const { api } = cluster;
  const { step, kind } = one;
  const place = await openPlace(cluster, workloadRules);
  const { namespace, proxy } = place;
  const env = [
    { name: 'DB_PASSWORD', value: canary },
    { name: 'MODE', value: 'full' },
  ];
  await makeWorkload(api, namespace, kind, { image: 'app:1.1.0', replicas: 1, probe: false, env });
  await shopRolledOut(api, namespace, kind);
  if (one.paused) await patchShop(api, namespace, kind, { spec: { paused: true } });
  const before = await stateOf(namespace, kind);
  const generation = async () => Number((await readShop(api, namespace, kind)).metadata?.generation);
  const first = await generation();
  const input = { namespace, [kind]: 'shop', ...one.extra };
  proxy.clear();
  const paused = step.endsWith('pause') || step.endsWith('resume');
  return {
    load: () => place.executor(step),
    input: entryOf(step).input.parse(input),
    from: null,
    to: null,
    state: () => stateOf(namespace, kind),
    wanted: async () => one.wanted(before),
    drift: async () => {
      const container = { name: 'app', image: 'app:1.2.0' };
      const owned = { metadata: { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:x' } } };
      await patchShop(
        api,
        namespace,
        kind,
        paused ? owned : { spec: { template: { spec: { containers: [container] } } } },
      );
    },
    effects: async () => (await generation()) - first,
    started: () => proxy.seen.length,
    close: place.close,
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
    open: () => openWorld(one),
    hostile: ({ input }, text) => [
      ...[kind, 'namespace', 'context', 'kubeconfig'].map(field => ({ ...input, [field]: text })),
      ...(one.hostile?.(input, text) ?? []),
    ],
  };
  executorContract(`${step} of a ${kind}`, harness);
}
