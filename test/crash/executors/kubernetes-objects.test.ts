import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { makePod, makeService, podReady, selectorOf, servedBy } from '../../engines/kubernetes/blue-green.ts';
import { copiesIn, makeKeyed, readKeyed, writesSince } from '../../engines/kubernetes/configuration.ts';
import { openPlace, type Place } from '../../engines/kubernetes/targets.ts';
import { operationRows, type Row, siblingRows } from './rows.ts';
import { crashSuites, type World } from './suite.ts';
import { runbooks } from './text.ts';

const cluster = useCluster();
const base64 = (text: string) => Buffer.from(text).toString('base64');
const works = { command: { argv: ['true'] } };

const rules = [
  { apiGroups: [''], resources: ['configmaps', 'secrets', 'services'], verbs: ['get', 'patch'] },
  { apiGroups: [''], resources: ['secrets', 'configmaps'], verbs: ['create'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
  { apiGroups: ['apps'], resources: ['deployments', 'statefulsets', 'daemonsets'], verbs: ['list'] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list'] },
];

type Kind = 'configmap' | 'secret';

let opened: Promise<Place> | undefined;
/** The one place of all lanes. */
const openOnce = () => {
  opened ??= openPlace(cluster, rules);
  return opened;
};

/** One object for each lane, changed by a step; what it holds and how often it was written is counted. */
async function openKeyed(
  prefix: string,
  lanes: number,
  kind: Kind,
  stepOf: (name: string, place: Place) => object,
): Promise<World> {
  const { api } = cluster;
  const place = await openOnce();
  const { namespace, folder } = place;
  const nameOf = (lane: number) => `${prefix}-${lane}`;
  const data = kind === 'secret' ? { MODE: base64('one') } : { MODE: 'one' };
  const made = await Promise.all(
    Array.from({ length: lanes }, (_, lane) => makeKeyed(api, namespace, kind, nameOf(lane), { data })),
  );
  writeFileSync(join(folder, 'value'), 'two', { mode: 0o600 });
  return {
    env: { KUBECONFIG: place.kubeconfig, BACKOUT_CATALOG: join(folder, 'backout.yaml') },
    service: lane => runbooks(stepOf(nameOf(lane), place), works),
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

const forth = { writes: 1, mode: 'two', copies: 0 };
const back = { writes: 2, mode: 'one', copies: 0 };
const counted = ({ runbook }: Row) => (runbook === 'forth' ? forth : back);

crashSuites({
  'kubernetes.configmap': {
    rows: operationRows(),
    open: lanes =>
      openKeyed('mapped', lanes, 'configmap', (configMap, { namespace }) => ({
        'kubernetes.configmap': { namespace, configMap, set: { MODE: 'two' } },
      })),
    expected: counted,
  },
  'kubernetes.secret': {
    rows: siblingRows(),
    open: lanes =>
      openKeyed('secret', lanes, 'secret', (secret, { namespace, folder }) => ({
        'kubernetes.secret': { namespace, secret, set: { MODE: { file: join(folder, 'value') } } },
      })),
    expected: row => ({ ...counted(row), mode: base64(counted(row).mode), copies: 1 }),
  },
  'kubernetes.apply': {
    rows: siblingRows(),
    open: lanes =>
      openKeyed('applied', lanes, 'configmap', (name, { namespace, folder }) => {
        const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { MODE: 'two' } };
        mkdirSync(join(folder, name), { recursive: true });
        writeFileSync(join(folder, name, 'settings.json'), JSON.stringify(manifest));
        return { 'kubernetes.apply': { namespace, folder: name, force: true } };
      }),
    expected: counted,
  },
  'kubernetes.service-selector': {
    rows: siblingRows(),
    open: openServices,
    expected: ({ runbook }) => ({
      writes: runbook === 'forth' ? 1 : 2,
      selector: { app: 'shop', color: runbook === 'forth' ? 'blue' : 'green' },
    }),
  },
});

/** A Service for each lane that leads to the one of two pods, and is to lead to the other. */
async function openServices(lanes: number): Promise<World> {
  const { api } = cluster;
  const { kubeconfig, namespace, close } = await openOnce();
  const nameOf = (lane: number) => `served-${lane}`;
  for (const color of ['green', 'blue'])
    await eventually('service account', () => makePod(api, namespace, color).catch(() => undefined));
  await Promise.all(['green', 'blue'].map(color => podReady(api, namespace, color)));
  const selector = { app: 'shop', color: 'green' };
  const all = Array.from({ length: lanes }, (_, lane) => lane);
  const made = await Promise.all(all.map(lane => makeService(api, namespace, nameOf(lane), selector)));
  const served = async (lane: number) => (await servedBy(api, namespace, nameOf(lane))).includes('shop-green');
  for (const lane of all) await eventually('endpoints', () => served(lane));
  return {
    env: { KUBECONFIG: kubeconfig },
    service: lane => {
      const step = { namespace, service: nameOf(lane), selector: { color: 'blue' } };
      return runbooks({ 'kubernetes.service-selector': step }, works);
    },
    effects: async lane => {
      const version = String(made[lane]?.metadata?.resourceVersion);
      const writes = await writesSince(api, `/api/v1/namespaces/${namespace}/services`, nameOf(lane), version);
      return { writes, selector: await selectorOf(api, namespace, nameOf(lane)) };
    },
    close,
  };
}
