import type { Api, Json } from '../../cluster/api.ts';
import { eventually, type Rules } from '../../cluster/suite.ts';
import { neededRules } from './targets.ts';
import { deploymentBody, type Shape } from './workloads.ts';

/** Keys that name a workload in an input. */
export const kinds = ['deployment', 'statefulSet', 'daemonSet'] as const;
/** A kind of workload as an input names it. */
export type Kind = (typeof kinds)[number];

const plurals = { deployment: 'deployments', statefulSet: 'statefulsets', daemonSet: 'daemonsets' } as const;

/** The rights that changing templates of all three kinds needs, by the documentation, and no more. */
export const workloadRules: Rules = [
  ...neededRules,
  { apiGroups: ['apps'], resources: ['statefulsets', 'daemonsets'], verbs: ['get', 'patch'] },
  { apiGroups: ['apps'], resources: ['controllerrevisions'], verbs: ['list'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['delete'] },
  { apiGroups: [''], resources: ['events'], verbs: ['list'] },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
];

/** Where a workload of a kind is. */
export const pathOf = (namespace: string, kind: Kind, name = '/shop') =>
  `/apis/apps/v1/namespaces/${namespace}/${plurals[kind]}${name}`;

/** Creates a workload. */
export function makeWorkload(api: Api, namespace: string, kind: Kind, shape: Shape, name = 'shop'): Promise<Json> {
  const body = JSON.parse(JSON.stringify(deploymentBody(name, shape)));
  if (kind === 'daemonSet') delete body.spec.replicas;
  return api('POST', pathOf(namespace, kind, ''), body);
}

/** What keeps every node from a pod: of a DaemonSet there is none then, the others' pods wait unscheduled. */
export const nowhere = { nodeSelector: { 'example.com/node': 'none' } };

/** Reads a workload. */
export function readShop(api: Api, namespace: string, kind: Kind, name = 'shop'): Promise<Json> {
  return api('GET', pathOf(namespace, kind, `/${name}`));
}

/** Changes a workload by a strategic merge patch, as kubectl does. */
export function patchShop(api: Api, namespace: string, kind: Kind, patch: object, name = 'shop'): Promise<Json> {
  return api('PATCH', pathOf(namespace, kind, `/${name}`), patch, 'application/strategic-merge-patch+json');
}

/** Waits until its controller has seen a workload as it is, whatever becomes of its pods. */
export function shopSeen(api: Api, namespace: string, kind: Kind, name = 'shop'): Promise<Json> {
  return eventually(`${kind} ${name} seen`, async () => {
    const found = await readShop(api, namespace, kind, name);
    return Number(found.status?.observedGeneration ?? 0) >= Number(found.metadata?.generation) && found;
  });
}

/** Waits until a workload has rolled out fully. */
export function shopRolledOut(api: Api, namespace: string, kind: Kind, name = 'shop'): Promise<Json> {
  return eventually(`rollout of ${kind} ${name}`, async () => {
    const found = await readShop(api, namespace, kind, name);
    const { spec, status } = found;
    const daemon = kind === 'daemonSet';
    const wanted = Number((daemon ? status?.desiredNumberScheduled : spec?.replicas) ?? 0);
    const counts = daemon
      ? [status?.updatedNumberScheduled, status?.numberAvailable]
      : [status?.updatedReplicas, status?.replicas, status?.readyReplicas];
    const observed = Number(status?.observedGeneration ?? 0) >= Number(found.metadata?.generation);
    const settled = kind !== 'statefulSet' || String(status?.updateRevision) === String(status?.currentRevision);
    return (
      observed && settled && (wanted > 0 || !daemon) && counts.every(count => Number(count ?? 0) === wanted) && found
    );
  });
}

/** The workload's template as plain JSON. */
export const templateOf = (found: Json) => JSON.parse(JSON.stringify(found.spec?.template));
