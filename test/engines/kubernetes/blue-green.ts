import type { Api, Json } from '../../cluster/api.ts';
import { eventually } from '../../cluster/suite.ts';

const core = (namespace: string, plural: string, name = '') =>
  `/api/v1/namespaces/${namespace}/${plural}${name && `/${name}`}`;

/** Makes one pod of a colour; with `ready` false its probe never passes. */
export function makePod(api: Api, namespace: string, color: string, ready = true): Promise<Json> {
  const probe = { httpGet: { path: ready ? '/healthz' : '/nowhere', port: 'http' }, periodSeconds: 1 };
  return api('POST', core(namespace, 'pods'), {
    metadata: { name: `shop-${color}`, labels: { app: 'shop', color } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'app',
          image: 'app:1.0.0',
          imagePullPolicy: 'Never',
          ports: [{ name: 'http', containerPort: 8080 }],
          readinessProbe: probe,
        },
      ],
    },
  });
}

/** Waits until a colour's pod is ready. */
export function podReady(api: Api, namespace: string, color: string): Promise<Json> {
  const look = async () => {
    const pod = await api('GET', core(namespace, 'pods', `shop-${color}`));
    const conditions = [...(pod.status?.conditions ?? [])];
    return conditions.some(({ type, status }) => String(type) === 'Ready' && String(status) === 'True') && pod;
  };
  return eventually(`pod ${color}`, look, 150_000);
}

/** Makes a Service that leads to a colour. */
export function makeService(
  api: Api,
  namespace: string,
  name: string,
  selector: object | null,
  more = {},
): Promise<Json> {
  return api('POST', core(namespace, 'services'), {
    metadata: { name },
    spec: { ...(selector ? { selector } : {}), ports: [{ port: 80, targetPort: 'http' }], ...more },
  });
}

/** The selector of a Service as it is. */
export async function selectorOf(api: Api, namespace: string, name: string): Promise<Json> {
  const service = await api('GET', core(namespace, 'services', name));
  return service.spec?.selector as Json;
}

/** Sets labels in a Service's selector, as another person does. */
export function setSelector(api: Api, namespace: string, name: string, selector: object): Promise<Json> {
  return api('PATCH', core(namespace, 'services', name), { spec: { selector } }, 'application/merge-patch+json');
}

/** Names of the pods that a Service leads to, by its EndpointSlices. */
export async function servedBy(api: Api, namespace: string, name: string): Promise<string[]> {
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  const list = await api('GET', `${slices}?labelSelector=kubernetes.io%2Fservice-name%3D${name}`);
  const endpoints = [...(list.items ?? [])].flatMap(slice => [...(slice.endpoints ?? [])]);
  return endpoints.map(endpoint => String(endpoint.targetRef?.name)).sort();
}
