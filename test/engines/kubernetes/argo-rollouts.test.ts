import { beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { StepPlan } from '../../../src/domain/plan.ts';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { type ExecutorWorld, executorContract, type Wish } from '../../contracts/executor.ts';
import { argoRules, changeRollout, pausedRollout, pausing, readRollout, rolloutIs, rolloutState } from './canaries.ts';
import { entryOf } from './configuration.ts';
import { atNextWrite, carryOut, contexts, openPlace, type Place, refusalOf, refusedWith } from './targets.ts';
import { deploymentBody, makeDeployment, podsOf } from './workloads.ts';

const cluster = useCluster();
const kind = 'kubernetes.argo-rollouts';
const entry = entryOf(kind);
const canary = 'canary-7Q2vXk91-hunter2';
const rules = [
  ...argoRules,
  { apiGroups: ['argoproj.io'], resources: ['applications'], verbs: ['get', 'patch'] },
  { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'patch'] },
];

let place: Place;
let made = 0;

const releases = [
  { image: 'app:1.0.0', env: [{ name: 'DB_PASSWORD', value: `${canary}one` }] },
  { image: 'app:1.1.0', env: [{ name: 'DB_PASSWORD', value: `${canary}two` }] },
] as const;

/** The name of a Rollout of its own whose second release waits at half the traffic; without pods where nobody looks at them. */
async function paused(replicas: 0 | 1 = 1): Promise<string> {
  made += 1;
  const name = `shop-${made}`;
  await pausedRollout(cluster, place.namespace, name, releases, { spec: { replicas } });
  return name;
}

beforeAll(async () => {
  await cluster.startRolloutsController();
  place = await openPlace(cluster, rules);
}, 300_000);

const rolloutPath = (name: string) => `/apis/argoproj.io/v1alpha1/namespaces/${place.namespace}/rollouts/${name}`;

async function openWorld(action: 'abort' | 'undo', wanted: object, wish: Wish): Promise<ExecutorWorld> {
  const { api } = cluster;
  const own = await place.beside();
  const { namespace, proxy } = own;
  const rollout = await paused(wish === 'settling' ? 1 : 0);
  const before = JSON.parse(JSON.stringify(await readRollout(api, namespace, rollout)));
  proxy.clear();
  return {
    load: () => own.executor(kind),
    input: entry.input.parse({ namespace, rollout, action, graceSeconds: 5 }),
    from: null,
    to: null,
    state: () => rolloutState(api, namespace, rollout),
    wanted: async () => wanted,
    drift: async () => {
      await changeRollout(api, namespace, rollout, { image: 'app:1.2.0' });
    },
    effects: async () => {
      const now = await readRollout(api, namespace, rollout);
      return Number(now.metadata?.generation) - Number(before.metadata.generation);
    },
    started: () => proxy.seen.length,
    close: async () => {
      await own.close();
      await api('DELETE', rolloutPath(rollout));
    },
  };
}

const harness = {
  entry,
  hostile: (world: ExecutorWorld, text: string) =>
    ['rollout', 'namespace', 'context', 'kubeconfig', 'action', 'to'].map(field => ({ ...world.input, [field]: text })),
  canary,
  reversible: true,
  refusesDrift: true,
  concurrent: true,
  killAfterMs: [60],
  timeoutMs: 120_000,
};

executorContract(`${kind}, abort`, {
  ...harness,
  open: wish => openWorld('abort', { ...releases[1], aborted: true }, wish),
});

executorContract(`${kind}, undo to the stable release`, {
  ...harness,
  open: wish => openWorld('undo', { ...releases[0], aborted: false }, wish),
});

describe('a Rollout of Argo Rollouts', { timeout: 180_000 }, () => {
  const planOf = async (rollout: string, action: string, more: JsonObject = {}): Promise<StepPlan> => {
    const input = { namespace: place.namespace, rollout, action, graceSeconds: 3, ...more };
    return (await place.executor(kind)).plan(contexts().plan(null), entry.input.parse(input));
  };
  const doIt = async (rollout: string, action: string, more: JsonObject = {}) => {
    const plan = await planOf(rollout, action, more);
    return carryOut(await place.executor(kind), plan.operations);
  };
  const imagesOf = async (name: string) =>
    (await podsOf(cluster.api, place.namespace, name))
      .filter(pod => !pod.metadata?.deletionTimestamp)
      .map(pod => String(pod.spec?.containers?.[0]?.image));

  it('is aborted: only pods of the stable release are left; aborted again, there is nothing to do', async () => {
    const name = await paused();
    const plan = await planOf(name, 'abort');
    expect(plan.notRolledBack).toMatchObject([{ code: 'template-stays', facts: { version: '1.1.0' } }]);
    const settled = await carryOut(await place.executor(kind), plan.operations);
    expect(settled).toMatchObject({ state: 'settled', served: true });
    await eventually('pods of the stable release', async () => (await imagesOf(name)).join() === 'app:1.0.0');
    expect((await planOf(name, 'abort')).operations).toEqual([]);
  });

  it('goes back to its stable release without a step, traffic first; a retry would have brought the bad one back', async () => {
    const name = await paused();
    expect(await doIt(name, 'abort')).toMatchObject({ state: 'settled' });
    const retry = await planOf(name, 'retry');
    expect(retry.warnings).toMatchObject([{ code: 'retry-brings-back', facts: { version: '1.1.0' } }]);
    const plan = await planOf(name, 'undo');
    expect(plan.operations.map(({ body }) => body.action)).toEqual(['template']);
    expect(plan.warnings).toEqual([]);
    expect(await carryOut(await place.executor(kind), plan.operations)).toMatchObject({
      state: 'settled',
      served: true,
    });
    const found = await readRollout(cluster.api, place.namespace, name);
    expect([String(found.status?.phase), String(found.status?.abort ?? 'false')]).toEqual(['Healthy', 'false']);
    expect((await planOf(name, 'undo').catch(() => ({ operations: [] }))).operations).toEqual([]);
  });

  it('is retried after an abort, and promoted in full only where that is asked for', async () => {
    const name = await paused();
    await doIt(name, 'abort');
    expect(await refusalOf(planOf(name, 'promote-full'))).toMatchObject({
      code: 'plan-failed',
      facts: { why: 'aborted' },
    });
    expect(await doIt(name, 'retry')).toMatchObject({ state: 'settled' });
    await rolloutIs(cluster.api, place.namespace, name, 'Paused');
    expect(await doIt(name, 'promote-full')).toMatchObject({ state: 'settled', served: true });
    expect(await imagesOf(name)).toContain('app:1.1.0');
    expect((await planOf(name, 'promote-full')).operations).toEqual([]);
  });

  it('that is fully promoted has no release to go back to by itself; a revision goes through its steps, or past them', async () => {
    const name = await paused();
    await doIt(name, 'promote-full');
    expect((await refusalOf(planOf(name, 'undo'))).code).toBe('no-good-release');
    expect((await refusalOf(planOf(name, 'undo', { to: 9 }))).code).toBe('release-not-eligible');
    const steps = await planOf(name, 'undo', { to: 1 });
    expect(steps.warnings).toMatchObject([{ code: 'steps-again', facts: { steps: 2 } }]);
    const waits = await carryOut(await place.executor(kind), steps.operations);
    expect(waits).toMatchObject({
      state: 'failed',
      reason: { code: 'not-settled', facts: { cause: 'waits-for-promotion', step: '1/2' } },
    });
    await changeRollout(cluster.api, place.namespace, name, releases[1]);
    await rolloutIs(cluster.api, place.namespace, name, 'Healthy');
    const past = await planOf(name, 'undo', { to: 3, promoteFull: true });
    expect(past.operations.map(({ body }) => body.action)).toEqual(['template', 'promote-full']);
    expect(await carryOut(await place.executor(kind), past.operations)).toMatchObject({
      state: 'settled',
      served: true,
    });
    expect(await imagesOf(name)).toContain('app:1.0.0');
  });

  it('that never had a stable release, is paused by a person, or is not there, is refused with why', async () => {
    const { api } = cluster;
    const { namespace } = place;
    expect(await refusedWith(planOf('nobody', 'abort'))).toContain('there is no Rollout of that name');
    const name = await paused(0);
    await api('PATCH', rolloutPath(name), { spec: { paused: true } }, 'application/merge-patch+json');
    expect(await refusalOf(planOf(name, 'abort'))).toMatchObject({ facts: { why: 'paused' } });
    expect(await rolloutState(api, namespace, name)).toMatchObject({ aborted: false });
  });

  it('of Argo CD may be aborted, as Git knows no status; its template is refused (trap 12)', async () => {
    const name = await paused(0);
    const mark = { metadata: { labels: { 'argocd.argoproj.io/instance': 'shop' } } };
    await cluster.api('PATCH', rolloutPath(name), mark, 'application/merge-patch+json');
    expect(await refusalOf(planOf(name, 'undo'))).toMatchObject({
      code: 'owned-by-other',
      facts: { owner: ['Argo CD'] },
    });
    expect(await doIt(name, 'abort')).toMatchObject({ state: 'settled' });
  });

  it('of Argo CD is undone where the catalogue has its sync suspended first', async () => {
    const { api } = cluster;
    const { namespace } = place;
    await cluster.installCrds('argo-cd');
    const name = await paused(0);
    const mark = { metadata: { labels: { 'argocd.argoproj.io/instance': name } } };
    await api('PATCH', rolloutPath(name), mark, 'application/merge-patch+json');
    const applications = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/applications`;
    const made = () =>
      api('POST', applications, {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Application',
        metadata: { name },
        spec: { project: 'default', destination: {}, syncPolicy: { automated: {} } },
      });
    await eventually('application', () => made().catch(() => undefined));
    const plan = await planOf(name, 'undo', { owner: 'suspend', argocd: namespace });
    const rollout = `rollout ${namespace}/${name}`;
    expect(plan.operations.map(({ object }) => object)).toEqual([`application ${namespace}/${name}`, rollout, rollout]);
    expect(await carryOut(await place.executor(kind), plan.operations)).toMatchObject({ state: 'settled' });
    const { spec } = await api('GET', `${applications}/${name}`);
    expect(spec?.syncPolicy?.automated).toBeUndefined();
  });

  it('that takes its template from a Deployment is undone there', async () => {
    const { api } = cluster;
    const { namespace } = place;
    made += 1;
    const name = `shop-${made}`;
    await makeDeployment(api, namespace, name, { replicas: 0, probe: false });
    const { spec } = JSON.parse(JSON.stringify(deploymentBody(name, {})));
    await api('POST', rolloutPath(''), {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata: { name },
      spec: {
        replicas: 1,
        selector: spec.selector,
        workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
        strategy: pausing,
      },
    });
    await rolloutIs(api, namespace, name, 'Healthy');
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
    const patch = [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'app:1.1.0' }];
    await api('PATCH', path, patch, 'application/json-patch+json');
    await rolloutIs(api, namespace, name, 'Paused');
    expect(await doIt(name, 'undo')).toMatchObject({ state: 'settled', served: true });
    const { spec: back } = await api('GET', path);
    expect(String(back?.template?.spec?.containers?.[0]?.image)).toBe('app:1.0.0');
  });

  it('is looked at anew where its template went there and back since a worker, held up, had read it', async () => {
    const { api } = cluster;
    const { namespace } = place;
    const name = await paused(0);
    const { operations } = await planOf(name, 'undo');
    const operation = operations.find(({ body }) => body.action === 'template');
    if (!operation) throw new Error('nothing planned');
    const writes = atNextWrite(place.proxy, async () => {
      for (const image of ['app:1.2.0', 'app:1.1.0']) await changeRollout(api, namespace, name, { image });
    });
    await (await place.executor(kind)).apply(contexts().apply, operation);
    expect(writes()).toBe(2);
    expect(await rolloutState(api, namespace, name)).toMatchObject({ image: 'app:1.0.0' });
  });

  it('loses to another operator at the same moment, and gets through a lost answer and a failing API server (trap 6)', async () => {
    const name = await paused(0);
    const plan = await planOf(name, 'abort');
    place.proxy.before(async ({ method }) => {
      if (method !== 'PATCH') return;
      place.proxy.before(undefined);
      await changeRollout(cluster.api, place.namespace, name, { image: 'app:1.2.0' });
    });
    expect((await refusalOf(carryOut(await place.executor(kind), plan.operations))).code).toBe('target-changed');

    const other = await paused(0);
    const sound = await planOf(other, 'abort');
    for (const fault of [{ kind: 'cut-after' }, { kind: 'answer', status: 500 }, { kind: 'cut-before' }] as const)
      place.proxy.inject({ method: 'PATCH', times: 1, fault });
    expect(await carryOut(await place.executor(kind), sound.operations)).toMatchObject({ state: 'settled' });
    place.proxy.clear();
  });
});
