import type { Api, Json } from '../../cluster/api.ts';
import { eventually, type Rules, type TestCluster } from '../../cluster/suite.ts';
import { openPlace, statedRules } from './targets.ts';
import { atRevision, makeDeployment, patchDeployment, podsOf, rolledOut } from './workloads.ts';

/** The rights that the documentation states for going back with the configuration. */
export const closureRules: Rules = statedRules('kubernetes.deployment', 'kubernetes.rollout-undo');

const merge = 'application/merge-patch+json';

/** What the containers of the shop read: a variable of each object, and a folder of files. */
const podSpec = (flags: string) => ({
  containers: [
    {
      name: 'app',
      env: [
        { name: 'MODE', valueFrom: { configMapKeyRef: { name: flags, key: 'mode' } } },
        { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'login', key: 'password' } } },
      ],
      volumeMounts: [{ name: 'conf', mountPath: '/www/conf' }],
    },
  ],
  volumes: [{ name: 'conf', configMap: { name: flags } }],
});

/** The Secret's value in a release: a canary that may be seen nowhere outside the cluster. */
export const passwordOf = (release: string) => `canary-hunter2-${release}`;

/** A Deployment that reads a ConfigMap and a Secret, with its first release live and seen. */
export async function openShop(cluster: TestCluster, options: { rules?: Rules; flags?: string; more?: object } = {}) {
  const { api } = cluster;
  const place = await openPlace(cluster, options.rules ?? closureRules);
  const { namespace } = place;
  const core = `/api/v1/namespaces/${namespace}`;
  const flags = options.flags ?? 'flags';
  await api('POST', `${core}/configmaps`, {
    metadata: { name: flags },
    data: { mode: 'one', colour: 'blue', ...options.more },
  });
  await api('POST', `${core}/secrets`, { metadata: { name: 'login' }, stringData: { password: passwordOf('one') } });
  const spec = podSpec(flags);
  await makeDeployment(api, namespace, 'shop', {
    replicas: 1,
    podSpec: {
      ...spec,
      containers: [{ image: 'app:1.0.0', imagePullPolicy: 'Never', ...spec.containers[0], readinessProbe: probe }],
    },
  });
  await rolledOut(api, namespace, 'shop');
  const where = { namespace, deployment: 'shop' };
  const input = { ...where, context: null, kubeconfig: null, graceSeconds: 5, replaceImmutable: false };
  const shop = {
    api,
    place,
    namespace,
    core,
    where,
    input,
    look: () => place.look(where),
    undo: () => place.executor('kubernetes.rollout-undo'),
    configure: async (release: string) => {
      await api('PATCH', `${core}/configmaps/${flags}`, { data: { mode: release } }, merge);
      const secret = { stringData: { password: passwordOf(release) } };
      await api('PATCH', `${core}/secrets/login`, secret, merge);
    },
    /** Deploys another image of which no pod is started: the row looks at what is planned and written. */
    deployWithoutPods: async (image: string, more: object = {}) => {
      const spec = { containers: [{ name: 'app', image }], ...more };
      await patchDeployment(api, namespace, 'shop', { spec: { replicas: 0, template: { spec } } });
      await atRevision(api, namespace, 'shop', 2);
    },
    /** Deploys another image, or restarts. */
    deploy: async (image: string | null, more: object = {}) => {
      const restart = { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': new Date().toISOString() } } };
      const change = image === null ? restart : { spec: { containers: [{ name: 'app', image }], ...more } };
      await patchDeployment(api, namespace, 'shop', { spec: { template: change } });
    },
    served: (name?: string) => servedBy(api, namespace, name),
    scale: async (replicas: number) => {
      await patchDeployment(api, namespace, 'shop', { spec: { replicas } });
      await rolledOut(api, namespace, 'shop');
      await eventually('so many pods', async () => (await podsOf(api, namespace, 'shop')).length === replicas);
    },
    /** Another Deployment that reads the ConfigMap when it starts. */
    reader: async (name: string) => {
      const env = [{ name: 'MODE', valueFrom: { configMapKeyRef: { name: flags, key: 'mode' } } }];
      await makeDeployment(api, namespace, name, { replicas: 1, probe: false, env });
      await rolledOut(api, namespace, name);
    },
    /** Refuses the next such request as a role does that lacks the right. */
    refuse: (method: string, path: RegExp) =>
      place.proxy.inject({ method, path, times: 1, fault: { kind: 'answer', status: 403 } }),
  };
  await nextSecond();
  return shop;
}

const probe = { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1 };

/** Kubernetes tells times in whole seconds: what is changed now is later than what was started before. */
export async function nextSecond(): Promise<void> {
  const until = (Math.floor(Date.now() / 1000) + 1) * 1000;
  await eventually('the next second', async () => Date.now() > until + 50);
}

/** What the one pod that runs answers: its version, what it was started with, what is in its files. */
export async function servedBy(api: Api, namespace: string, name = 'shop') {
  await rolledOut(api, namespace, name);
  const pod = await eventually('one pod', async () => {
    const alive = (await podsOf(api, namespace, name)).filter(one => !one.metadata?.deletionTimestamp);
    return alive.length === 1 && alive[0];
  });
  const base = `/api/v1/namespaces/${namespace}/pods/${pod.metadata?.name}:8080/proxy`;
  const env = String(await api('GET', `${base}/env`));
  const variable = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(env)?.[1] ?? null;
  return {
    version: variable('APP_VERSION'),
    mode: variable('MODE'),
    password: variable('PASSWORD'),
    file: await api('GET', `${base}/conf/mode`).then(String, () => null),
  };
}

/** The copies of Secrets in a namespace. */
export async function copiesIn(api: Api, namespace: string): Promise<Json[]> {
  const selector = encodeURIComponent('backout.dev/copy=true');
  const list = await api('GET', `/api/v1/namespaces/${namespace}/secrets?labelSelector=${selector}`);
  return [...(list.items ?? [])];
}
