import type { Api, Json } from '../../cluster/api.ts';
import { eventually } from '../../cluster/suite.ts';

/** What a suite varies in a Deployment. */
export type Shape = {
  readonly image?: string;
  readonly replicas?: number;
  readonly env?: readonly object[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly spec?: object;
  readonly podSpec?: object;
  readonly probe?: boolean;
};

const deployments = (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/deployments`;

/** A Deployment of the test image: quick to get ready, quick to end. */
export function deploymentBody(name: string, shape: Shape): object {
  const probe = { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1 };
  return {
    metadata: { name, annotations: shape.annotations ?? {}, labels: shape.labels ?? {} },
    spec: {
      replicas: shape.replicas ?? 2,
      selector: { matchLabels: { app: name } },
      ...shape.spec,
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 1,
          // A token is a request and a mount for each pod, and nothing in the image reads one.
          automountServiceAccountToken: false,
          containers: [
            {
              name: 'app',
              image: shape.image ?? 'app:1.0.0',
              imagePullPolicy: 'Never',
              ...(shape.env ? { env: shape.env } : {}),
              ...(shape.probe === false ? {} : { readinessProbe: probe }),
            },
          ],
          ...shape.podSpec,
        },
      },
    },
  };
}

/** Creates a Deployment of the test image. */
export function makeDeployment(api: Api, namespace: string, name: string, shape: Shape): Promise<Json> {
  return api('POST', deployments(namespace), deploymentBody(name, shape));
}

/** Reads a Deployment. */
export function readDeployment(api: Api, namespace: string, name: string): Promise<Json> {
  return api('GET', `${deployments(namespace)}/${name}`);
}

/** Changes a Deployment by a strategic merge patch, as kubectl does. */
export function patchDeployment(api: Api, namespace: string, name: string, patch: object): Promise<Json> {
  return api('PATCH', `${deployments(namespace)}/${name}`, patch, 'application/strategic-merge-patch+json');
}

/** Deploys another image. */
export function setImage(api: Api, namespace: string, name: string, image: string): Promise<Json> {
  return patchDeployment(api, namespace, name, {
    spec: { template: { spec: { containers: [{ name: 'app', image }] } } },
  });
}

/** The first container's image of a Deployment as it is now. */
export async function imageOf(api: Api, namespace: string, name: string): Promise<string> {
  const found = await readDeployment(api, namespace, name);
  return String(found.spec?.template?.spec?.containers?.[0]?.image);
}

/** Waits until a Deployment has rolled out fully. */
export function rolledOut(api: Api, namespace: string, name: string, limit = 60_000): Promise<Json> {
  return eventually(
    `rollout of ${name}`,
    async () => {
      const found = await readDeployment(api, namespace, name);
      const wanted = Number(found.spec?.replicas);
      const status = found.status;
      const counts = [status?.updatedReplicas, status?.replicas, status?.availableReplicas].map(n => Number(n ?? 0));
      const observed = Number(status?.observedGeneration ?? 0) >= Number(found.metadata?.generation);
      return observed && counts.every(count => count === wanted) && found;
    },
    limit,
  );
}

/** The pods of a Deployment. */
export async function podsOf(api: Api, namespace: string, name: string): Promise<Json[]> {
  const list = await api('GET', `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${name}`);
  return [...(list.items ?? [])];
}

/** Waits until the Deployment's revision annotation says this number. */
export function atRevision(api: Api, namespace: string, name: string, revision: number): Promise<Json> {
  return eventually(`revision ${revision} of ${name}`, async () => {
    const found = await readDeployment(api, namespace, name);
    return String(found.metadata?.annotations?.['deployment.kubernetes.io/revision']) === String(revision) && found;
  });
}
