import type { Api, Json } from '../../cluster/api.ts';
import { eventually, type TestCluster } from '../../cluster/suite.ts';
import { deploymentBody, makeDeployment, setImage } from './workloads.ts';

const rollouts = (namespace: string, name = '') =>
  `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/rollouts${name && `/${name}`}`;

/** The rights that the steps on Rollouts need, as the documentation asks for them. */
export const argoRules = [
  { apiGroups: ['argoproj.io'], resources: ['rollouts'], verbs: ['get', 'list', 'patch'] },
  { apiGroups: ['argoproj.io'], resources: ['rollouts/status'], verbs: ['patch'] },
  { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['list'] },
  { apiGroups: [''], resources: ['pods', 'pods/log', 'configmaps', 'secrets'], verbs: ['get', 'list'] },
];

/** A strategy that stops at half the traffic until somebody goes on. */
export const pausing = { canary: { steps: [{ setWeight: 50 }, { pause: {} }] } };

/** Creates a Rollout of the test image. */
export function makeRollout(
  api: Api,
  namespace: string,
  name: string,
  more: {
    readonly image?: string;
    readonly env?: readonly object[];
    readonly strategy?: object;
    readonly spec?: object;
  } = {},
): Promise<Json> {
  const { strategy = pausing, spec: further, ...shape } = more;
  const { spec, ...rest } = JSON.parse(JSON.stringify(deploymentBody(name, { replicas: 1, probe: false, ...shape })));
  return api('POST', rollouts(namespace), {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    ...rest,
    spec: { ...spec, strategy, ...further },
  });
}

/** Reads a Rollout. */
export function readRollout(api: Api, namespace: string, name: string): Promise<Json> {
  return api('GET', rollouts(namespace, name));
}

/** Changes the first container of a Rollout, as another person does. */
export function changeRollout(
  api: Api,
  namespace: string,
  name: string,
  container: Readonly<Record<string, unknown>>,
): Promise<Json> {
  const patch = Object.entries(container).map(([key, value]) => ({
    op: 'add',
    path: `/spec/template/spec/containers/0/${key}`,
    value,
  }));
  return api('PATCH', rollouts(namespace, name), patch, 'application/json-patch+json');
}

/** Waits until a Rollout is in a phase that belongs to its present template. */
export function rolloutIs(api: Api, namespace: string, name: string, phase: string, limit = 90_000): Promise<Json> {
  return eventually(
    `${name} ${phase}`,
    async () => {
      const found = await readRollout(api, namespace, name);
      const observed = String(found.status?.observedGeneration) === String(found.metadata?.generation);
      return String(found.status?.phase) === phase && observed && found;
    },
    limit,
  );
}

/** A Rollout whose second release waits at half the traffic. */
export async function pausedRollout(
  { api }: Pick<TestCluster, 'api'>,
  namespace: string,
  name: string,
  containers: readonly [Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>],
  more: { readonly strategy?: object; readonly spec?: object } = {},
): Promise<void> {
  await eventually('rollout', () =>
    makeRollout(api, namespace, name, { ...more, ...containers[0] }).catch(() => undefined),
  );
  await rolloutIs(api, namespace, name, 'Healthy');
  await changeRollout(api, namespace, name, containers[1]);
  await rolloutIs(api, namespace, name, 'Paused');
}

/** What a step writes of a Rollout; fields that the API server fills in with their defaults aside. */
export async function rolloutState(api: Api, namespace: string, name: string): Promise<object> {
  const found = await readRollout(api, namespace, name);
  const [app] = found.spec?.template?.spec?.containers ?? [];
  return { image: app?.image, env: app?.env, aborted: String(found.status?.abort) === 'true' };
}

const canaries = (namespace: string, name = '') =>
  `/apis/flagger.app/v1beta1/namespaces/${namespace}/canaries${name && `/${name}`}`;

/** The rights that shifting traffic needs, as the documentation asks for them. */
export const trafficRules = [
  ...argoRules,
  { apiGroups: ['flagger.app'], resources: ['canaries'], verbs: ['get', 'list'] },
  { apiGroups: ['flagger.app'], resources: ['canaries/status'], verbs: ['patch'] },
  { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get'] },
  { apiGroups: ['gateway.networking.k8s.io'], resources: ['httproutes'], verbs: ['get', 'patch'] },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses'], verbs: ['get', 'list', 'patch'] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list'] },
];

/** Reads a Canary of Flagger. */
export function readCanary(api: Api, namespace: string, name: string): Promise<Json> {
  return api('GET', canaries(namespace, name));
}

/** Changes a Canary by a merge patch, as another person does. */
export function patchCanary(api: Api, namespace: string, name: string, patch: object): Promise<Json> {
  return api('PATCH', canaries(namespace, name), patch, 'application/merge-patch+json');
}

/** Waits until a Canary is in a phase; Flagger looks every ten seconds at most. */
export function canaryIs(api: Api, namespace: string, name: string, phase: string): Promise<Json> {
  return eventually(
    `canary ${name} ${phase}`,
    async () => {
      const found = await readCanary(api, namespace, name);
      return String(found.status?.phase) === phase && found;
    },
    240_000,
  );
}

/** A Canary whose second release is analysed, for so many rounds; its first one runs as Flagger's primary alone. */
export async function analysedCanary(api: Api, namespace: string, name: string, iterations = 1000): Promise<void> {
  await eventually('deployment', () =>
    makeDeployment(api, namespace, name, { replicas: 0, probe: false }).catch(() => undefined),
  );
  await api('POST', canaries(namespace), {
    apiVersion: 'flagger.app/v1beta1',
    kind: 'Canary',
    metadata: { name },
    spec: {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      service: { port: 80, targetPort: 8080 },
      analysis: { interval: '10s', threshold: 3, iterations },
    },
  });
  await canaryIs(api, namespace, name, 'Initialized');
  await setImage(api, namespace, name, 'app:1.1.0');
  await canaryIs(api, namespace, name, 'Progressing');
}
