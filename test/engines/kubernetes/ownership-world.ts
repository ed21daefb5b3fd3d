import type { Api, Json } from '../../cluster/api.ts';
import type { Rules, TestCluster } from '../../cluster/suite.ts';
import { neededRules, openPlace, type Place } from './targets.ts';
import { atRevision, makeDeployment, setImage } from './workloads.ts';

/** The rights that suspending, and the steps it goes before, ask for, by the documentation. */
export const ownerRules: Rules = [
  ...neededRules,
  { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'patch'] },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses'], verbs: ['get', 'list', 'patch'] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list'] },
  { apiGroups: ['argoproj.io'], resources: ['applications'], verbs: ['get', 'patch'] },
  { apiGroups: ['argoproj.io'], resources: ['applicationsets'], verbs: ['get'] },
  { apiGroups: ['kustomize.toolkit.fluxcd.io'], resources: ['kustomizations'], verbs: ['get', 'patch'] },
  { apiGroups: ['helm.toolkit.fluxcd.io'], resources: ['helmreleases'], verbs: ['get', 'patch'] },
];

const groups = {
  Application: 'argoproj.io/v1alpha1',
  ApplicationSet: 'argoproj.io/v1alpha1',
  Kustomization: 'kustomize.toolkit.fluxcd.io/v1',
  HelmRelease: 'helm.toolkit.fluxcd.io/v2',
} as const;
type Kind = keyof typeof groups;

const specs: Readonly<Record<Kind, object>> = {
  Application: {
    project: 'default',
    source: { repoURL: 'https://git.invalid/shop.git', path: 'deploy' },
    destination: { server: 'https://kubernetes.default.svc' },
    syncPolicy: { automated: { prune: true, selfHeal: true }, syncOptions: ['CreateNamespace=true'] },
  },
  ApplicationSet: {
    generators: [],
    template: { metadata: { name: 'x' }, spec: { project: 'default', destination: {} } },
  },
  Kustomization: { interval: '1m', prune: true, sourceRef: { kind: 'GitRepository', name: 'shop' } },
  HelmRelease: { interval: '1m', chartRef: { kind: 'OCIRepository', name: 'shop' } },
};

/** The objects of tools in a namespace, by which they say what they render. */
export interface Tools {
  /** Makes an object of a tool; its `spec` is laid over the usual one. */
  make(kind: Kind, name: string, more?: { metadata?: object; spec?: object }, manager?: string): Promise<Json>;
  read(kind: Kind, name: string): Promise<Json>;
  patch(kind: Kind, name: string, patch: object): Promise<Json>;
  remove(kind: Kind, name: string): Promise<Json>;
}

/** One namespace with a Deployment `shop` at 1.1.0, no pods, and tools that render it. */
export interface OwnedShop extends Tools {
  readonly api: Api;
  readonly namespace: string;
  readonly place: Place;
  /** Marks the Deployment as rendered by somebody. */
  mark(metadata: object, manager?: string): Promise<Json>;
}

/** Those of a namespace. */
export function toolsIn(api: Api, namespace: string): Tools {
  const path = (kind: Kind, name = '') =>
    `/apis/${groups[kind]}/namespaces/${namespace}/${kind.toLowerCase()}s${name && `/${name}`}`;
  return {
    make: (kind, name, more = {}, manager = 'person') =>
      api('POST', `${path(kind)}?fieldManager=${manager}`, {
        apiVersion: groups[kind],
        kind,
        metadata: { name, ...more.metadata },
        spec: { ...specs[kind], ...more.spec },
      }),
    read: (kind, name) => api('GET', path(kind, name)),
    patch: (kind, name, patch) => api('PATCH', path(kind, name), patch, 'application/merge-patch+json'),
    remove: (kind, name) => api('DELETE', path(kind, name)),
  };
}

/** Opens one. */
export async function openOwned(cluster: TestCluster): Promise<OwnedShop> {
  const { api } = cluster;
  const place = await openPlace(cluster, ownerRules);
  const { namespace } = place;
  await makeDeployment(api, namespace, 'shop', { replicas: 0, image: 'app:1.0.0' });
  await atRevision(api, namespace, 'shop', 1);
  await setImage(api, namespace, 'shop', 'app:1.1.0');
  await atRevision(api, namespace, 'shop', 2);
  return {
    api,
    namespace,
    place,
    ...toolsIn(api, namespace),
    mark: (metadata, manager = 'person') =>
      api(
        'PATCH',
        `/apis/apps/v1/namespaces/${namespace}/deployments/shop?fieldManager=${manager}`,
        { metadata },
        'application/merge-patch+json',
      ),
  };
}

/** A canary Ingress `shop` with a share of the traffic, its metadata as given, beside one whose Service has an endpoint. */
export async function canaryIngress({ api, namespace }: OwnedShop, metadata: object): Promise<void> {
  const backend = (name: string) => ({ service: { name, port: { number: 80 } } });
  const rules = (name: string) => [
    { host: 'shop.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend: backend(name) }] } },
  ];
  const ingress = (name: string, service: string, more: object) =>
    api('POST', `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`, {
      metadata: { name, ...more },
      spec: { rules: rules(service) },
    });
  const nginx = 'nginx.ingress.kubernetes.io/canary';
  await api('POST', `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, {
    metadata: { name: 'old', labels: { 'kubernetes.io/service-name': 'old' } },
    addressType: 'IPv4',
    endpoints: [
      {
        addresses: ['10.0.0.9'],
        conditions: { ready: true },
        targetRef: { kind: 'Pod', name: 'old', namespace, uid: 'old' },
      },
    ],
    ports: [{ port: 80 }],
  });
  await ingress('shop-old', 'old', {});
  await ingress('shop', 'new', { ...metadata, annotations: { [nginx]: 'true', [`${nginx}-weight`]: '30' } });
}
