import { eventually, useCluster } from '../../cluster/suite.ts';
import { makePod, makeService, podReady, servedBy } from '../../engines/kubernetes/blue-green.ts';
import {
  analysedCanary,
  pausedRollout,
  readCanary,
  readRollout,
  trafficRules,
} from '../../engines/kubernetes/canaries.ts';
import { writesSince } from '../../engines/kubernetes/configuration.ts';
import { openPlace, type Place } from '../../engines/kubernetes/targets.ts';
import { imageOf } from '../../engines/kubernetes/workloads.ts';
import { operationRows, rowsOf } from './rows.ts';
import { crashSuites, type Subject, type World } from './suite.ts';
import { runbooks } from './text.ts';

const cluster = useCluster();
const check = { command: { argv: ['true'] } };
const nameOf = (lane: number) => `shop-${lane}`;

/** One target for each lane, made side by side, and a step for each. */
async function open(
  lanes: number,
  make: (place: Place, name: string) => Promise<void>,
  step: (place: Place, name: string) => object,
  effects: (place: Place, name: string) => Promise<unknown>,
): Promise<World> {
  const place = await openPlace(cluster, trafficRules);
  await Promise.all(Array.from({ length: lanes }, (_, lane) => make(place, nameOf(lane))));
  return {
    service: lane => runbooks(step(place, nameOf(lane)), check),
    effects: lane => effects(place, nameOf(lane)),
    close: async () => {
      await place.close();
      await cluster.api('DELETE', `/api/v1/namespaces/${place.namespace}`).catch(() => undefined);
    },
  };
}

const releases = [
  { image: 'app:1.0.0', env: [{ name: 'MODE', value: 'one' }] },
  { image: 'app:1.1.0', env: [{ name: 'MODE', value: 'two' }] },
] as const;
/** Made once the second release waits; the step writes the template once, and so does its inverse. */
const before = new Map<string, number>();

const generationOf = async (place: Place, name: string) =>
  Number((await readRollout(cluster.api, place.namespace, name)).metadata?.generation);

/** Aborted first and then undone: two operations, each with its way back. */
const argoRollouts: Subject = {
  rows: [...rowsOf(2, [1, 2]), ...operationRows().filter(({ runbook }) => runbook === 'back')],
  open: async lanes => {
    await cluster.startRolloutsController();
    return open(
      lanes,
      async (place, name) => {
        await pausedRollout(cluster, place.namespace, name, releases);
        before.set(name, await generationOf(place, name));
      },
      ({ namespace, kubeconfig }, rollout) => ({
        'kubernetes.argo-rollouts': { namespace, kubeconfig, rollout, action: 'undo' },
      }),
      async (place, name) => {
        const found = await readRollout(cluster.api, place.namespace, name);
        const [app] = found.spec?.template?.spec?.containers ?? [];
        const writes = Number(found.metadata?.generation) - (before.get(name) ?? 0);
        return { writes, image: app?.image, aborted: String(found.status?.abort) === 'true' };
      },
    );
  },
  expected: ({ runbook }) =>
    runbook === 'forth'
      ? { writes: 1, image: 'app:1.0.0', aborted: false }
      : { writes: 2, image: 'app:1.1.0', aborted: false },
};

const ingresses = ({ namespace }: Place) => `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`;
const weight = 'nginx.ingress.kubernetes.io/canary-weight';
const versions = new Map<string, string>();

async function makeIngress(place: Place, name: string): Promise<void> {
  const body = (named: string, service: string, annotations: object) => {
    const backend = { service: { name: service, port: { number: 80 } } };
    const rules = [{ host: `${name}.example.com`, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }];
    return { metadata: { name: named, annotations }, spec: { rules } };
  };
  await cluster.api('POST', ingresses(place), body(`${name}-old`, 'green', {}));
  const marks = { 'nginx.ingress.kubernetes.io/canary': 'true', [weight]: '30' };
  const made = await cluster.api('POST', ingresses(place), body(name, 'blue', marks));
  versions.set(name, String(made.metadata?.resourceVersion));
}

/** The pod of the old release, which must be ready before anything is led to it. */
async function makeOld({ namespace }: Place): Promise<void> {
  const { api } = cluster;
  await makeService(api, namespace, 'green', { app: 'shop', color: 'green' });
  await eventually('service account', () => makePod(api, namespace, 'green').catch(() => undefined));
  await podReady(api, namespace, 'green');
  await eventually('endpoints', async () => (await servedBy(api, namespace, 'green')).length > 0);
}

const canaryIngress: Subject = {
  rows: operationRows(),
  open: async lanes => {
    const ready = new Map<Place, Promise<void>>();
    return open(
      lanes,
      async (place, name) => {
        const old = ready.get(place) ?? makeOld(place);
        ready.set(place, old);
        await Promise.all([old, makeIngress(place, name)]);
      },
      ({ namespace, kubeconfig }, name) => ({ 'kubernetes.traffic-weight': { namespace, kubeconfig, name } }),
      async (place, name) => {
        const { metadata } = await cluster.api('GET', `${ingresses(place)}/${name}`);
        const writes = await writesSince(cluster.api, ingresses(place), name, versions.get(name) ?? '');
        return { writes, weight: String(metadata?.annotations?.[weight]) };
      },
    );
  },
  expected: ({ runbook }) => (runbook === 'forth' ? { writes: 1, weight: '0' } : { writes: 2, weight: '30' }),
};

const flaggerCanary: Subject = {
  // Flagger starts no analysis again by itself: there is no way back, so nothing is killed on it.
  rows: rowsOf(1, [1]),
  open: async lanes => {
    await cluster.startFlagger();
    return open(
      lanes,
      ({ namespace }, name) => analysedCanary(cluster.api, namespace, name),
      ({ namespace, kubeconfig }, name) => ({ 'kubernetes.traffic-weight': { namespace, kubeconfig, name } }),
      async ({ namespace }, name) => {
        const { status } = await readCanary(cluster.api, namespace, name);
        const images = await Promise.all([name, `${name}-primary`].map(one => imageOf(cluster.api, namespace, one)));
        return { phase: String(status?.phase), weight: Number(status?.canaryWeight ?? 0), images };
      },
    );
  },
  expected: () => ({ phase: 'Failed', weight: 0, images: ['app:1.1.0', 'app:1.0.0'] }),
};

crashSuites({
  'kubernetes.argo-rollouts, abort and undo': argoRollouts,
  'kubernetes.traffic-weight, canary Ingress of ingress-nginx': canaryIngress,
  'kubernetes.traffic-weight, Canary of Flagger': flaggerCanary,
});
