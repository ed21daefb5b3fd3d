import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { makePod, makeService, podReady, selectorOf, servedBy } from '../../engines/kubernetes/blue-green.ts';
import { copiesIn, makeKeyed, readKeyed, writesSince } from '../../engines/kubernetes/configuration.ts';
import { openPlace } from '../../engines/kubernetes/targets.ts';
import { operationRows } from './rows.ts';
import { crashSuite, type World } from './suite.ts';
import { runbooks } from './text.ts';

const cluster = useCluster();
const base64 = (text: string) => Buffer.from(text).toString('base64');
const works = { command: { argv: ['true'] } };
const nameOf = (lane: number) => `shop-${lane}`;

const rules = [
  { apiGroups: [''], resources: ['configmaps', 'secrets', 'services'], verbs: ['get', 'patch'] },
  { apiGroups: [''], resources: ['secrets', 'configmaps'], verbs: ['create'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
  { apiGroups: ['apps'], resources: ['deployments', 'statefulsets', 'daemonsets'], verbs: ['list'] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list'] },
];

type Kind = 'configmap' | 'secret';

/** One object for each lane, changed by a step; what it holds and how often it was written is counted. */
async function openKeyed(
  lanes: number,
  kind: Kind,
  stepOf: (lane: number, place: { readonly namespace: string; readonly folder: string }) => object,
): Promise<World> {
  const { api } = cluster;
  const place = await openPlace(cluster, rules);
  const { namespace, folder } = place;
  const data = kind === 'secret' ? { MODE: base64('one') } : { MODE: 'one' };
  const made = await Promise.all(
    Array.from({ length: lanes }, (_, lane) => makeKeyed(api, namespace, kind, nameOf(lane), { data })),
  );
  writeFileSync(join(folder, 'value'), 'two', { mode: 0o600 });
  return {
    env: { KUBECONFIG: place.kubeconfig, BACKOUT_CATALOG: join(folder, 'backout.yaml') },
    service: lane => runbooks(stepOf(lane, place), works),
    effects: async lane => {
      const version = String(made[lane]?.metadata?.resourceVersion);
      const collection = `/api/v1/namespaces/${namespace}/${kind}s`;
      const writes = await writesSince(api, collection, nameOf(lane), version);
      const { data: held } = await readKeyed(api, namespace, kind, nameOf(lane));
      const all = await copiesIn(api, namespace);
      const copies = all.filter(
        ({ metadata }) => String(metadata?.annotations?.['backout.dev/copy-of']) === nameOf(lane),
      );
      return { writes, mode: held?.MODE, copies: copies.length };
    },
    close: place.close,
  };
}

const rows = operationRows();
const lanes = rows.length;
const forth = { writes: 1, mode: 'two', copies: 0 };
const back = { writes: 2, mode: 'one', copies: 0 };

crashSuite('kubernetes.configmap', {
  rows,
  open: () =>
    openKeyed(lanes, 'configmap', (lane, { namespace }) => ({
      'kubernetes.configmap': { namespace, configMap: nameOf(lane), set: { MODE: 'two' } },
    })),
  expected: ({ runbook }) => (runbook === 'forth' ? forth : back),
});

crashSuite('kubernetes.secret', {
  rows,
  open: () =>
    openKeyed(lanes, 'secret', (lane, { namespace, folder }) => ({
      'kubernetes.secret': { namespace, secret: nameOf(lane), set: { MODE: { file: join(folder, 'value') } } },
    })),
  expected: ({ runbook }) => {
    const counted = runbook === 'forth' ? forth : back;
    return { ...counted, mode: base64(counted.mode), copies: 1 };
  },
});

crashSuite('kubernetes.apply', {
  rows,
  open: () =>
    openKeyed(lanes, 'configmap', (lane, { namespace, folder }) => {
      const name = nameOf(lane);
      const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { MODE: 'two' } };
      mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, name, 'settings.json'), JSON.stringify(manifest));
      return { 'kubernetes.apply': { namespace, folder: name, force: true } };
    }),
  expected: ({ runbook }) => (runbook === 'forth' ? forth : back),
});

crashSuite('kubernetes.service-selector', {
  rows,
  open: async (): Promise<World> => {
    const { api } = cluster;
    const place = await openPlace(cluster, rules);
    const { namespace } = place;
    for (const color of ['green', 'blue'])
      await eventually('service account', () => makePod(api, namespace, color).catch(() => undefined));
    await Promise.all(['green', 'blue'].map(color => podReady(api, namespace, color)));
    const selector = { app: 'shop', color: 'green' };
    const made = await Promise.all(rows.map((_, lane) => makeService(api, namespace, nameOf(lane), selector)));
    const served = async (lane: number) => (await servedBy(api, namespace, nameOf(lane))).includes('shop-green');
    for (const lane of rows.keys()) await eventually('endpoints', () => served(lane));
    return {
      env: { KUBECONFIG: place.kubeconfig },
      service: lane => {
        const step = { namespace, service: nameOf(lane), selector: { color: 'blue' } };
        return runbooks({ 'kubernetes.service-selector': step }, works);
      },
      effects: async lane => {
        const version = String(made[lane]?.metadata?.resourceVersion);
        const writes = await writesSince(api, `/api/v1/namespaces/${namespace}/services`, nameOf(lane), version);
        return { writes, selector: await selectorOf(api, namespace, nameOf(lane)) };
      },
      close: place.close,
    };
  },
  expected: ({ runbook }) => ({
    writes: runbook === 'forth' ? 1 : 2,
    selector: { app: 'shop', color: runbook === 'forth' ? 'blue' : 'green' },
  }),
});
