import type { Api, Json } from '../../cluster/api.ts';
import { eventually, type Rules } from '../../cluster/suite.ts';
import { nowhere } from './shops.ts';
import { neededRules } from './targets.ts';
import { deploymentBody, type Shape } from './workloads.ts';

/** The kinds of workload by the key that names one in a catalogue. */
export const plurals = { deployment: 'deployments', statefulSet: 'statefulsets', daemonSet: 'daemonsets' } as const;

/** A kind of workload. */
export type Kind = keyof typeof plurals;

/** The rights that going back takes for every kind, recovery of a StatefulSet included. */
export const kindRules: Rules = [
  ...neededRules,
  { apiGroups: ['apps'], resources: ['statefulsets', 'daemonsets'], verbs: ['get', 'patch'] },
  { apiGroups: ['apps'], resources: ['controllerrevisions'], verbs: ['list'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['delete'] },
];

const collection = (kind: Kind, namespace: string) => `/apis/apps/v1/namespaces/${namespace}/${plurals[kind]}`;

/** A shape without pods; a DaemonSet has none while it asks for a node that there is not. */
export const withoutPods = (kind: Kind): Shape => (kind === 'daemonSet' ? { podSpec: nowhere } : { replicas: 0 });

/** A workload of the test image. */
function workloadBody(kind: Kind, name: string, shape: Shape): Record<string, unknown> {
  const body = JSON.parse(JSON.stringify(deploymentBody(name, shape)));
  if (kind === 'statefulSet') body.spec.serviceName = name;
  if (kind === 'daemonSet') delete body.spec.replicas;
  return body;
}

/** Creates one. */
export function makeWorkload(api: Api, kind: Kind, namespace: string, name: string, shape: Shape): Promise<Json> {
  return api('POST', collection(kind, namespace), workloadBody(kind, name, shape));
}

/** Reads one. */
export function readWorkload(api: Api, kind: Kind, namespace: string, name: string): Promise<Json> {
  return api('GET', `${collection(kind, namespace)}/${name}`);
}

/** Changes one by a strategic merge patch, as kubectl does. */
export function patchWorkload(api: Api, kind: Kind, namespace: string, name: string, patch: object): Promise<Json> {
  return api('PATCH', `${collection(kind, namespace)}/${name}`, patch, 'application/strategic-merge-patch+json');
}

/** Changes the first container of the template. */
export function deployTo(api: Api, kind: Kind, namespace: string, name: string, container: object): Promise<Json> {
  const containers = [{ name: 'app', ...container }];
  return patchWorkload(api, kind, namespace, name, { spec: { template: { spec: { containers } } } });
}

/** The history of one: ReplicaSets or ControllerRevisions that it controls, by their number. */
export async function historyOf(api: Api, kind: Kind, namespace: string, name: string): Promise<Json[]> {
  const plural = kind === 'deployment' ? 'replicasets' : 'controllerrevisions';
  const list = await api('GET', `/apis/apps/v1/namespaces/${namespace}/${plural}?labelSelector=app%3D${name}`);
  return [...(list.items ?? [])].sort((a, b) => numberOf(a) - numberOf(b));
}

const numberOf = (item: Json) =>
  Number(item.revision ?? item.metadata?.annotations?.['deployment.kubernetes.io/revision'] ?? 0);

/** Waits until the newest entry of the history has this number and the controller has seen the workload as it is. */
export function atNumber(api: Api, kind: Kind, namespace: string, name: string, number: number): Promise<Json> {
  return eventually(`revision ${number} of ${kind} ${name}`, async () => {
    const found = await readWorkload(api, kind, namespace, name);
    const newest = (await historyOf(api, kind, namespace, name)).at(-1);
    const observed = Number(found.status?.observedGeneration ?? 0) >= Number(found.metadata?.generation);
    return observed && newest !== undefined && numberOf(newest) === number && found;
  });
}

/** Waits until all pods are of the newest template and ready. */
export function rolledOutAs(api: Api, kind: Kind, namespace: string, name: string): Promise<Json> {
  return eventually(
    `rollout of ${kind} ${name}`,
    async () => {
      const found = await readWorkload(api, kind, namespace, name);
      const { status } = found;
      const count = (value: Json | undefined) => Number(value ?? 0);
      if (count(status?.observedGeneration) < count(found.metadata?.generation)) return false;
      const daemons = [status?.updatedNumberScheduled, status?.numberAvailable, status?.currentNumberScheduled];
      const others = [status?.updatedReplicas, status?.availableReplicas, status?.replicas];
      const wanted = kind === 'daemonSet' ? count(status?.desiredNumberScheduled) : count(found.spec?.replicas);
      const all = (kind === 'daemonSet' ? daemons : others).every(value => count(value) === wanted);
      const settled = kind !== 'statefulSet' || String(status?.currentRevision) === String(status?.updateRevision);
      return all && settled && (kind !== 'daemonSet' || wanted > 0) && found;
    },
    60_000,
  );
}
