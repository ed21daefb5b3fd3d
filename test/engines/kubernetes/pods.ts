import type { Api, Json } from '../../cluster/api.ts';
import { eventually, type Rules } from '../../cluster/suite.ts';
import { statedRules } from './targets.ts';
import { deploymentBody, type Shape } from './workloads.ts';

/** The rights that the documentation states for scaling and deleting pods. */
export const podRules: Rules = statedRules('kubernetes.deployment', 'kubernetes.scale', 'kubernetes.delete-pods');

const pathOf = (namespace: string, plural: string) => `/apis/apps/v1/namespaces/${namespace}/${plural}`;

/** Creates a StatefulSet of the test image; its pods come one after the other unless told otherwise. */
export function makeStatefulSet(api: Api, namespace: string, name: string, shape: Shape): Promise<Json> {
  return api('POST', pathOf(namespace, 'statefulsets'), deploymentBody(name, shape));
}

/** Reads a workload. */
export function readWorkload(api: Api, namespace: string, plural: string, name: string): Promise<Json> {
  return api('GET', `${pathOf(namespace, plural)}/${name}`);
}

/** Gives a StatefulSet's pods another image. */
export function setStatefulImage(api: Api, namespace: string, name: string, image: string): Promise<Json> {
  const patch = { spec: { template: { spec: { containers: [{ name: 'app', image }] } } } };
  const path = `${pathOf(namespace, 'statefulsets')}/${name}`;
  return api('PATCH', path, patch, 'application/strategic-merge-patch+json');
}

/** Sets the count of a workload, as a person or an autoscaler does. */
export function setReplicas(api: Api, namespace: string, plural: string, name: string, replicas: number) {
  const path = `${pathOf(namespace, plural)}/${name}/scale`;
  return api('PATCH', path, { spec: { replicas } }, 'application/merge-patch+json');
}

/** Waits until so many pods of a workload are ready and no other is there. */
export function podsReady(api: Api, namespace: string, name: string, wanted: number): Promise<Json[]> {
  return eventually(`${wanted} ready pods of ${name}`, async () => {
    const list = await api('GET', `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${name}`);
    const pods = [...(list.items ?? [])];
    return pods.length === wanted && pods.every(isReady) && pods;
  });
}

/** Whether a pod is ready. */
export const isReady = (pod: Json) =>
  [...(pod.status?.conditions ?? [])].some(({ type, status }) => String(type) === 'Ready' && String(status) === 'True');

/** Uid of a pod. */
export const uidOf = (pod: Json) => String(pod.metadata?.uid);

/** Creates an autoscaler of a Deployment. Without metrics it moves the count only into its limits. */
export function makeAutoscaler(
  api: Api,
  namespace: string,
  name: string,
  [minReplicas, maxReplicas]: readonly [number, number],
  metadata: object = {},
): Promise<Json> {
  return api('POST', `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`, {
    metadata: { name, ...metadata },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas,
      maxReplicas,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
      ],
    },
  });
}

const autoscalerPath = (namespace: string, name: string) =>
  `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers/${name}`;

/** The limits of an autoscaler. */
export async function limitsOf(api: Api, namespace: string, name: string): Promise<[number, number]> {
  const { spec } = await api('GET', autoscalerPath(namespace, name));
  return [Number(spec?.minReplicas), Number(spec?.maxReplicas)];
}

/** Changes an autoscaler's upper limit, as somebody else does. */
export function setMost(api: Api, namespace: string, name: string, maxReplicas: number): Promise<Json> {
  return api('PATCH', autoscalerPath(namespace, name), { spec: { maxReplicas } }, 'application/merge-patch+json');
}

/** Lets none of a workload's pods be evicted. */
export function makeBudget(api: Api, namespace: string, name: string, minAvailable: number): Promise<Json> {
  return api('POST', `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`, {
    metadata: { name },
    spec: { minAvailable, selector: { matchLabels: { app: name } } },
  });
}
