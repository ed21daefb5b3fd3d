import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll } from 'vitest';
import { type Api, openApi } from './api.ts';
import { readClusterEnvironment } from './environment.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { kubeconfigText } from './settings.ts';
import { joinCluster } from './shared.ts';

/** What a ServiceAccount may do in its namespace. */
export type Rules = readonly {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}[];

/** A running cluster as a suite sees it. */
export type TestCluster = {
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfigPath: string;
  readonly kubeconfig: string;
  readonly api: Api;
  /** Makes a namespace that is deleted after the suite. */
  namespace(): Promise<string>;
  /** Makes a ServiceAccount with these rights in a namespace; answers its kubeconfig, for `server` where given (a fault proxy). */
  account(namespace: string, rules: Rules, server?: string): Promise<string>;
  /** Starts a proxy in front of the API server; closed after the suite. */
  faultProxy(): Promise<FaultProxy>;
};

/** Asks again until the answer is neither undefined nor false; throws with `what` after `limit` milliseconds. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  limit = 60_000,
): Promise<T> {
  const deadline = Date.now() + limit;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: not seen in ${limit} ms`);
    await delay(50);
  }
}

/** Opens a cluster outside vitest's hooks; the caller deletes what it made. */
export async function openCluster(): Promise<TestCluster & { readonly cleanUp: () => Promise<void> }> {
  const environment = readClusterEnvironment();
  const kubeconfigPath = environment.kubeconfig ?? (await joinCluster(process.ppid));
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
    account: async (namespace, rules, through) => {
      const token = await makeAccount(api, namespace, rules);
      return kubeconfigText(through ?? server, { token }, through || !ca ? 'plain-http' : { pem: ca });
    },
    faultProxy: async () => {
      const proxy = await startFaultProxy({ server, ca });
      proxies.push(proxy);
      return proxy;
    },
    cleanUp: async () => {
      await Promise.all(proxies.map(proxy => proxy.close()));
      await Promise.all(namespaces.map(name => api('DELETE', `/api/v1/namespaces/${name}`).catch(() => undefined)));
    },
  };
}

async function makeAccount(api: Api, namespace: string, rules: Rules): Promise<string> {
  const name = `account-${randomBytes(3).toString('hex')}`;
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  await api('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name } });
  await api('POST', `${rbac}/roles`, { metadata: { name }, rules });
  await api('POST', `${rbac}/rolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  });
  const answer = await api('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, {
    spec: { expirationSeconds: 3600 },
  });
  return String(answer.status?.token);
}

/** The cluster of this run of the suites, started by the first suite that asks and ended after the run. */
export function useCluster(): TestCluster {
  let opened: Awaited<ReturnType<typeof openCluster>> | undefined;
  const cluster = () => {
    if (!opened) throw new Error('the cluster can be used inside tests and hooks only');
    return opened;
  };
  beforeAll(async () => {
    opened = await openCluster();
  }, 200_000);
  afterAll(() => opened?.cleanUp());
  return {
    get kubeconfigPath() {
      return cluster().kubeconfigPath;
    },
    get kubeconfig() {
      return cluster().kubeconfig;
    },
    get api() {
      return cluster().api;
    },
    namespace: () => cluster().namespace(),
    account: (namespace, rules, server) => cluster().account(namespace, rules, server),
    faultProxy: () => cluster().faultProxy(),
  };
}
