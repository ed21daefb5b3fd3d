import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';
import { type Api, openApi } from './api.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { kubeconfigText } from './settings.ts';

/** What a ServiceAccount may do. */
export type Rules = readonly {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}[];

/** A running API server with its controllers as a suite sees it. */
export type TestPlane = {
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfigPath: string;
  readonly kubeconfig: string;
  readonly api: Api;
  /** Makes a namespace that is deleted after the suite. */
  namespace(): Promise<string>;
  /** Deletes what keeps programs and controllers busy in a namespace. */
  empty(namespace: string): Promise<void>;
  /**
   * Makes a ServiceAccount with these rights in a namespace, and with `wide` rights in the whole cluster; answers its
   * kubeconfig, for `server` where given (a fault proxy).
   */
  account(namespace: string, rules: Rules, server?: string, wide?: Rules): Promise<string>;
  /** Starts a proxy in front of the API server; closed after the suite. */
  faultProxy(): Promise<FaultProxy>;
};

const rbac = '/apis/rbac.authorization.k8s.io/v1';

/** Paths of all objects of a namespace that keep programs and controllers busy: deleting these is a handful of requests, the namespace itself hundreds. */
function working(namespace: string): string[] {
  const of = (api: string, plural: string) => `/apis/${api}/namespaces/${namespace}/${plural}`;
  return [
    of('flagger.app/v1beta1', 'canaries'),
    of('argoproj.io/v1alpha1', 'rollouts'),
    ...['deployments', 'statefulsets', 'daemonsets', 'replicasets'].map(plural => of('apps/v1', plural)),
    of('batch/v1', 'jobs'),
    `/api/v1/namespaces/${namespace}/pods`,
  ];
}

/** Opens what a kubeconfig names; `cleanUp` deletes what was made there, or, of a cluster that is thrown away, what still works. */
export async function openPlane(
  kubeconfigPath: string,
  thrownAway: boolean,
): Promise<TestPlane & { readonly cleanUp: () => Promise<void> }> {
  const kubeconfig = readFileSync(kubeconfigPath, 'utf8');
  const api = await openApi(kubeconfig);
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const current = config.getCurrentCluster();
  const server = current?.server ?? '';
  const ca = current?.caData
    ? Buffer.from(current.caData, 'base64')
    : current?.caFile
      ? readFileSync(current.caFile)
      : undefined;
  const made: string[] = [];
  const namespaces: string[] = [];
  const proxies: FaultProxy[] = [];
  return {
    kubeconfigPath,
    kubeconfig,
    api,
    namespace: async () => {
      const name = `backout-${randomBytes(4).toString('hex')}`;
      await api('POST', '/api/v1/namespaces', { metadata: { name } });
      namespaces.push(name);
      return name;
    },
    empty: async namespace => {
      await Promise.all(working(namespace).map(path => api('DELETE', path).catch(() => undefined)));
    },
    account: async (namespace, rules, through, wide) => {
      const name = `account-${randomBytes(3).toString('hex')}`;
      if (wide) made.push(...(await makeWide(api, namespace, name, wide)));
      const token = await makeAccount(api, namespace, name, rules);
      return kubeconfigText(through ?? server, { token }, through || !ca ? 'plain-http' : { pem: ca });
    },
    faultProxy: async () => {
      const proxy = await startFaultProxy({ server, ca });
      proxies.push(proxy);
      return proxy;
    },
    cleanUp: async () => {
      await Promise.all(proxies.map(proxy => proxy.close()));
      const gone = thrownAway ? namespaces.flatMap(working) : namespaces.map(name => `/api/v1/namespaces/${name}`);
      for (const paths of [gone, made]) {
        await Promise.all(paths.map(path => api('DELETE', path).catch(() => undefined)));
      }
    },
  };
}

async function makeAccount(api: Api, namespace: string, name: string, rules: Rules): Promise<string> {
  const place = `${rbac}/namespaces/${namespace}`;
  await api('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name } });
  await api('POST', `${place}/roles`, { metadata: { name }, rules });
  await api('POST', `${place}/rolebindings`, bindingOf('Role', namespace, name));
  const answer = await api('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, {
    spec: { expirationSeconds: 3600 },
  });
  return String(answer.status?.token);
}

/** Rights that no namespace holds; answers the paths of what was made. */
async function makeWide(api: Api, namespace: string, account: string, rules: Rules): Promise<string[]> {
  await api('POST', `${rbac}/clusterroles`, { metadata: { name: account }, rules });
  await api('POST', `${rbac}/clusterrolebindings`, bindingOf('ClusterRole', namespace, account));
  return [`${rbac}/clusterrolebindings/${account}`, `${rbac}/clusterroles/${account}`];
}

function bindingOf(kind: 'Role' | 'ClusterRole', namespace: string, name: string): object {
  return {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  };
}
