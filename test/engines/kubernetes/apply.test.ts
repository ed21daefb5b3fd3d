import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { StepPlan } from '../../../src/domain/plan.ts';
import { useCluster } from '../../cluster/suite.ts';
import { type ExecutorWorld, executorContract } from '../../contracts/executor.ts';
import { copiesIn, entryOf, makeKeyed, patchKeyed, readKeyed } from './configuration.ts';
import { carryOut, contexts, inverseOf, openPlace, type Place, refusalOf, refusedWith } from './targets.ts';
import { makeDeployment, patchDeployment, readDeployment, rolledOut } from './workloads.ts';

const cluster = useCluster();
const kind = 'kubernetes.apply';
const entry = entryOf(kind);
const canary = 'canary-7Q2vXk91-hunter2';

/** The rights that the step needs for these kinds. */
const rules = [
  { apiGroups: [''], resources: ['configmaps', 'services'], verbs: ['get', 'create', 'patch'] },
  { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'create'] },
  { apiGroups: [''], resources: ['pods', 'events'], verbs: ['list'] },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'create', 'patch'] },
  { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['list'] },
];

let place: Place;
let made = 0;

beforeAll(async () => {
  place = await openPlace(cluster, rules);
}, 60_000);
/** Writes a folder of manifests beside the catalogue; answers its name. */
async function writeFolder(manifests: Readonly<Record<string, unknown>>): Promise<string> {
  made += 1;
  const folder = `apply-${made}`;
  await mkdir(join(place.folder, folder));
  for (const [file, content] of Object.entries(manifests)) {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    await writeFile(join(place.folder, folder, file), text);
  }
  return folder;
}

const configMap = (name: string, data: object, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...more },
  data,
});
const deployment = (name: string, image: string, more: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, labels: { app: name, tier: 'minimal' } },
  spec: {
    ...more,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'app', image, imagePullPolicy: 'Never', env: [{ name: 'MODE', value: 'minimal' }] }],
      },
    },
  },
});

async function openWorld(): Promise<ExecutorWorld> {
  const { api } = cluster;
  const { namespace, proxy } = place;
  made += 1;
  const name = `shop-${made}`;
  await makeKeyed(api, namespace, 'configmap', name, { data: { MODE: 'full', KEEP: 'as it is' } });
  const env = [
    { name: 'MODE', value: 'full' },
    { name: 'DB_PASSWORD', value: canary },
  ];
  const shape = { image: 'app:1.1.0', replicas: 0, probe: false, env, labels: { app: name } };
  await makeDeployment(api, namespace, name, shape);
  const before = await rolledOut(api, namespace, name);
  const folder = await writeFolder({
    '10-settings.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  MODE: minimal\n  NEW: 'on'\n`,
    '20-workload.json': deployment(name, 'app:1.0.0'),
  });
  const state = async () => {
    const { data } = await readKeyed(api, namespace, 'configmap', name);
    const { metadata, spec } = await readDeployment(api, namespace, name);
    return { data, labels: metadata?.labels, replicas: spec?.replicas, containers: spec?.template?.spec?.containers };
  };
  const now = await state();
  proxy.clear();
  return {
    load: () => place.executor(kind),
    input: entry.input.parse({ namespace, folder, force: true }),
    from: null,
    to: null,
    state,
    wanted: async () => ({
      data: { MODE: 'minimal', NEW: 'on', KEEP: 'as it is' },
      labels: { app: name, tier: 'minimal' },
      replicas: 0,
      containers: [
        {
          ...now.containers?.[0],
          image: 'app:1.0.0',
          env: [env[1], { name: 'MODE', value: 'minimal' }].sort((a, b) =>
            (a?.name ?? '') > (b?.name ?? '') ? -1 : 1,
          ),
        },
      ],
    }),
    drift: async () => {
      await patchKeyed(api, namespace, 'configmap', name, { data: { MODE: 'of somebody else' } });
    },
    effects: async () => {
      const { metadata } = await readDeployment(api, namespace, name);
      return Number(metadata?.generation) - Number(before.metadata?.generation);
    },
    started: () => proxy.seen.length,
    close: async () => {
      await api('DELETE', `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`);
    },
  };
}

executorContract(kind, {
  entry,
  open: openWorld,
  hostile: (world, text) => [
    ...['folder', 'namespace', 'context', 'kubeconfig'].map(field => ({ ...world.input, [field]: text })),
    { ...world.input, alsoNamespaces: [text] },
  ],
  canary,
  reversible: true,
  refusesDrift: true,
  killAfterMs: [0, 80],
  timeoutMs: 90_000,
});

describe('a folder of manifests', { timeout: 90_000 }, () => {
  const planOf = async (folder: string, more: JsonObject = {}): Promise<StepPlan> => {
    const input = entry.input.parse({ namespace: place.namespace, folder, ...more });
    return (await place.executor(kind)).plan(contexts().plan(null), input);
  };
  const refused = async (manifests: Readonly<Record<string, unknown>>, more: JsonObject = {}) =>
    refusedWith(planOf(await writeFolder(manifests), more));
  const name = (of: string): string => {
    made += 1;
    return `${of}-${made}`;
  };

  it('makes what is missing, lists it as staying, and deletes nothing on the way back', async () => {
    const { namespace } = place;
    const there = name('there');
    const fresh = name('fresh');
    await makeKeyed(cluster.api, namespace, 'configmap', there, { data: { MODE: 'full' } });
    const folder = await writeFolder({
      'a.yaml': configMap(there, { MODE: 'minimal' }),
      'b.yaml': configMap(fresh, { MODE: 'minimal' }),
    });
    const plan = await planOf(folder, { force: true });
    const object = `configmap ${namespace}/${fresh}`;
    expect(plan.notRolledBack).toMatchObject([{ code: 'objects-stay', facts: { names: [object] } }]);
    expect(plan.operations.map(({ preview }) => preview.summary.code)).toEqual(['object-applies', 'object-made']);
    expect(plan.operations[0]?.preview.diff).toContain('-  MODE: full\n+  MODE: minimal');
    const executor = await place.executor(kind);
    await carryOut(executor, plan.operations);
    expect((await planOf(folder)).operations).toEqual([]);
    for (const { inverse } of [...plan.operations].reverse()) {
      if (!inverse) throw new Error('there is no way back');
      await executor.apply(contexts().apply, inverse);
      expect((await executor.settle(contexts().apply, inverse)).state).toBe('settled');
      expect((await executor.observe(contexts().apply, inverse)).state).toBe('applied');
    }
    expect((await readKeyed(cluster.api, namespace, 'configmap', there)).data).toEqual({ MODE: 'full' });
    expect((await readKeyed(cluster.api, namespace, 'configmap', fresh)).data).toEqual({ MODE: 'minimal' });
    expect(place.proxy.seen.filter(({ method }) => method === 'DELETE')).toEqual([]);
  });

  it('names the manager and the fields of a conflict, and takes them only where the step says so (trap 22)', async () => {
    const { namespace } = place;
    const one = name('shared');
    const query = '?fieldManager=team-a&force=true';
    const path = `/api/v1/namespaces/${namespace}/configmaps/${one}${query}`;
    await cluster.api('PATCH', path, configMap(one, { MODE: 'full' }), 'application/apply-patch+yaml');
    const folder = await writeFolder({ 'a.yaml': configMap(one, { MODE: 'minimal' }) });
    const { code, detail, facts } = await refusalOf(planOf(folder));
    expect({ code, why: facts?.why }).toEqual({ code: 'plan-failed', why: 'conflict' });
    expect(detail).toMatch(/conflict with "team-a".*\.data\.MODE/);
    const beside = await planOf(await writeFolder({ 'a.yaml': configMap(one, { OTHER: 'new' }) }));
    expect(beside.warnings).toMatchObject([{ code: 'applied-by-others', facts: { names: ['team-a'] } }]);
    const plan = await planOf(folder, { force: true });
    expect(plan.warnings).toMatchObject([{ code: 'takes-fields', detail: expect.stringContaining('"team-a"') }]);
    await carryOut(await place.executor(kind), plan.operations);
    expect((await readKeyed(cluster.api, namespace, 'configmap', one)).data).toEqual({ MODE: 'minimal' });
  });

  it('keeps old values that look secret inside the cluster, and puts them back from there', async () => {
    const { namespace } = place;
    const one = name('secretive');
    const env = [{ name: 'DB_PASSWORD', value: canary }];
    await makeDeployment(cluster.api, namespace, one, { replicas: 0, probe: false, env });
    const folder = await writeFolder({ 'a.yaml': deployment(one, 'app:1.0.0') });
    const before = await copiesIn(cluster.api, namespace);
    const plan = await planOf(folder, { force: true });
    expect(JSON.stringify(plan)).not.toContain(canary);
    expect(await copiesIn(cluster.api, namespace)).toHaveLength(before.length);
    const executor = await place.executor(kind);
    await carryOut(executor, plan.operations);
    expect(await copiesIn(cluster.api, namespace)).toHaveLength(before.length + 1);
    await executor.apply(contexts().apply, inverseOf(plan));
    const found = await readDeployment(cluster.api, namespace, one);
    expect(found.spec?.template?.spec?.containers?.[0]?.env).toEqual(env);
  });

  it('is refused whole, in plain words, before anything is asked of the cluster or by its own judgement', async () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, stringData: { a: canary } };
    const wrong = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { DB_PASSWORD: canary } };
    const other = configMap('x', {}, { namespace: 'kube-system' });
    const whole = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } };
    const unknown = { apiVersion: 'shop.example/v1', kind: 'Till', metadata: { name: 'x' } };
    const labels = { 'app.kubernetes.io/name': 'backout' };
    const own = configMap('x', {}, { labels });
    const unfit = { ...configMap('x', {}), colour: 'blue' };
    const rows: readonly (readonly [unknown, RegExp])[] = [
      [secret, /a\.yaml: a Secret is not applied/],
      [wrong, /a\.yaml: data\.DB_PASSWORD looks secret/],
      [other, /namespace kube-system is none of the step's/],
      [whole, /Namespace x: it belongs to the whole cluster/],
      [unknown, /the cluster knows no Till \(shop\.example\/v1\)/],
      [own, /it is part of Backout itself/],
      [unfit, /colour: field not declared/],
      ['kind: [', /a\.yaml cannot be read: “Flow sequence/],
      ['hello: world', /no manifest of one named object/],
      ['', /it holds no manifest/],
    ];
    for (const [content, says] of rows) {
      const detail = await refused({ 'a.yaml': content });
      expect(detail).toMatch(says);
      expect(detail).not.toContain(canary);
    }
    expect(await refusedWith(planOf('nowhere'))).toMatch(/nowhere is not there on this worker/);
    const fine = await writeFolder({ 'a.yaml': configMap('x', { MODE: 'full' }) });
    expect((await refusalOf(planOf(fine, { namespace: 'default' }))).code).toBe('permission-missing');
  });

  it('is refused for an object of another tool, and for a paused Deployment (traps 4, 12)', async () => {
    const { namespace } = place;
    const owned = name('owned');
    const labels = { 'argocd.argoproj.io/instance': 'shop' };
    await makeKeyed(cluster.api, namespace, 'configmap', owned, { data: { MODE: 'full' } }, labels);
    const folder = await writeFolder({ 'a.yaml': configMap(owned, { MODE: 'minimal' }) });
    const { code, facts } = await refusalOf(planOf(folder, { force: true }));
    expect({ code, owner: facts?.owner }).toEqual({ code: 'owned-by-other', owner: ['Argo CD'] });
    const paused = name('paused');
    await makeDeployment(cluster.api, namespace, paused, { replicas: 0, spec: { paused: true } });
    expect(await refused({ 'a.yaml': deployment(paused, 'app:1.0.0') }, { force: true })).toMatch(/it is paused/);
  });

  it('has come to rest with the rollout of its workloads, and fails at once where that cannot succeed', async () => {
    const { namespace } = place;
    const one = name('rolls');
    const executor = await place.executor(kind);
    const good = await planOf(await writeFolder({ 'a.yaml': deployment(one, 'app:1.0.0', { replicas: 1 }) }));
    expect(await carryOut(executor, good.operations)).toMatchObject({ state: 'settled', served: true });
    const folder = await writeFolder({ 'a.yaml': deployment(one, 'app:gone', { replicas: 1 }) });
    const bad = await planOf(folder, { graceSeconds: 0 });
    expect(bad.blastRadius).toMatchObject([{ code: 'pods-replaced', facts: { pods: 1 } }]);
    const failed = await carryOut(executor, bad.operations);
    expect(failed).toMatchObject({ state: 'failed', served: false, reason: { code: 'not-settled' } });
    expect(await carryOut(executor, [inverseOf(bad)])).toMatchObject({ state: 'settled' });
    const found = await readDeployment(cluster.api, namespace, one);
    expect(found.spec?.template?.spec?.containers?.[0]?.image).toBe('app:1.0.0');
  });

  it('leaves what others change beside it meanwhile, and loses where they change the same (trap 6)', async () => {
    const { namespace } = place;
    const one = name('busy');
    await makeDeployment(cluster.api, namespace, one, { replicas: 0, probe: false });
    const plan = await planOf(await writeFolder({ 'a.yaml': deployment(one, 'app:1.1.0') }), { force: true });
    await patchDeployment(cluster.api, namespace, one, { spec: { revisionHistoryLimit: 3 } });
    const executor = await place.executor(kind);
    await carryOut(executor, plan.operations);
    const found = await readDeployment(cluster.api, namespace, one);
    expect(String(found.spec?.revisionHistoryLimit)).toBe('3');
    await patchDeployment(cluster.api, namespace, one, { metadata: { labels: { tier: 'other' } } });
    const back = carryOut(executor, [inverseOf(plan)]);
    expect((await refusalOf(back)).code).toBe('target-changed');
  });

  it('goes on after a lost answer, a busy and a failing API server', async () => {
    const { namespace, proxy } = place;
    const one = name('lossy');
    await makeKeyed(cluster.api, namespace, 'configmap', one, { data: { MODE: 'full' } });
    const plan = await planOf(await writeFolder({ 'a.yaml': configMap(one, { MODE: 'minimal' }) }), { force: true });
    proxy.clear();
    const patch = { method: 'PATCH', times: 1 };
    proxy.inject({ ...patch, fault: { kind: 'answer', status: 429, retryAfter: 0 } });
    proxy.inject({ ...patch, fault: { kind: 'answer', status: 500 } });
    proxy.inject({ ...patch, fault: { kind: 'cut-after' } });
    expect((await carryOut(await place.executor(kind), plan.operations)).state).toBe('settled');
    proxy.clear();
    expect((await readKeyed(cluster.api, namespace, 'configmap', one)).data).toEqual({ MODE: 'minimal' });
  });
});
