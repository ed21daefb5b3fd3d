import { beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { StepPlan } from '../../../src/domain/plan.ts';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { type ExecutorWorld, executorContract } from '../../contracts/executor.ts';
import { makePod, makeService, podReady, selectorOf, servedBy, setSelector } from './blue-green.ts';
import { entryOf, writesSince } from './configuration.ts';
import {
  atNextWrite,
  carryOut,
  contexts,
  openPlace,
  type Place,
  refusalOf,
  refusedWith,
  statedRules,
} from './targets.ts';

const cluster = useCluster();
const kind = 'kubernetes.service-selector';
const entry = entryOf(kind);

/** The rights that the documentation states for the step. */
const rules = statedRules(kind);

let place: Place;
let made = 0;

beforeAll(async () => {
  place = await openPlace(cluster, rules);
  const { namespace } = place;
  const { api } = cluster;
  await Promise.all([
    eventually('service account', () => makePod(api, namespace, 'green').catch(() => undefined)),
    eventually('service account', () => makePod(api, namespace, 'blue').catch(() => undefined)),
    eventually('service account', () => makePod(api, namespace, 'red', false).catch(() => undefined)),
  ]);
  await Promise.all([podReady(api, namespace, 'green'), podReady(api, namespace, 'blue')]);
}, 200_000);

/** A Service of its own that leads to green. */
async function greenService(selector: object | null = { app: 'shop', color: 'green' }, more = {}): Promise<string> {
  made += 1;
  const name = `shop-${made}`;
  await makeService(cluster.api, place.namespace, name, selector, more);
  const isServed = async () => (await servedBy(cluster.api, place.namespace, name)).includes('shop-green');
  if (selector) await eventually('endpoints', isServed);
  return name;
}

async function openWorld(): Promise<ExecutorWorld> {
  const { api } = cluster;
  const own = await place.beside();
  const { namespace, proxy } = own;
  const service = await greenService();
  const { metadata } = await api('GET', `/api/v1/namespaces/${namespace}/services/${service}`);
  const version = String(metadata?.resourceVersion);
  const read = () => selectorOf(api, namespace, service);
  proxy.clear();
  return {
    load: () => own.executor(kind),
    input: entry.input.parse({ namespace, service, selector: { color: 'blue' } }),
    from: null,
    to: null,
    state: read,
    wanted: async () => ({ app: 'shop', color: 'blue' }),
    drift: async () => {
      await setSelector(api, namespace, service, { color: 'red' });
    },
    effects: () => writesSince(api, `/api/v1/namespaces/${namespace}/services`, service, version),
    started: () => proxy.seen.length,
    close: async () => {
      await own.close();
      await api('DELETE', `/api/v1/namespaces/${namespace}/services/${service}`);
    },
  };
}

executorContract(kind, {
  entry,
  open: openWorld,
  hostile: (world, text) => [
    ...['service', 'namespace', 'context', 'kubeconfig'].map(field => ({ ...world.input, [field]: text })),
    ...(text === 'all'
      ? []
      : [
          { ...world.input, selector: { color: text } },
          { ...world.input, selector: { [text]: 'blue' } },
        ]),
  ],
  canary: 'canary-7Q2vXk91-hunter2',
  reversible: true,
  refusesDrift: true,
  concurrent: true,
  killAfterMs: [0, 20],
  timeoutMs: 90_000,
});

describe('a switch of a Service', { timeout: 90_000 }, () => {
  const planOf = async (service: string, more: JsonObject = {}): Promise<StepPlan> => {
    const input = { namespace: place.namespace, service, selector: { color: 'blue' }, ...more };
    return (await place.executor(kind)).plan(contexts().plan(null), entry.input.parse(input));
  };

  it('is settled when the endpoints are those of the new pods alone', async () => {
    const service = await greenService();
    const plan = await planOf(service);
    expect(plan.blastRadius).toMatchObject([{ code: 'endpoints-replaced', facts: { before: 1, after: 1 } }]);
    expect(plan.operations[0]?.preview.diff).toContain('-color: green\n+color: blue');
    const settled = await carryOut(await place.executor(kind), plan.operations);
    expect(settled).toMatchObject({ state: 'settled', served: true });
    expect(await servedBy(cluster.api, place.namespace, service)).toEqual(['shop-blue']);
    expect((await planOf(service)).operations).toEqual([]);
  });

  it('is refused while too few pods would take over: none, none that is ready, fewer than stated', async () => {
    const service = await greenService();
    const refused = (more: JsonObject) => refusedWith(planOf(service, more));
    expect(await refused({ selector: { color: 'grey' } })).toMatch(/: 0 of 0 pods with app=shop,color=grey are ready/);
    expect(await refused({ selector: { color: 'red' } })).toMatch(/: 0 of 1 pods/);
    expect(await refused({ minReady: 2 })).toMatch(
      /: 1 of 1 pods with app=shop,color=blue are ready, and 2 must be first$/,
    );
  });

  it('is refused where no ready pod has the port that the Service names', async () => {
    const service = await greenService({ app: 'shop', color: 'green' }, { ports: [{ port: 80, targetPort: 'admin' }] });
    expect(await refusedWith(planOf(service))).toMatch(/: 0 of 1 pods/);
  });

  it('is refused again when applied, where the pods were lost after the plan', async () => {
    const { namespace } = place;
    const { api } = cluster;
    await eventually('pod', () => makePod(api, namespace, 'brown').catch(() => undefined));
    await podReady(api, namespace, 'brown');
    const service = await greenService();
    const plan = await planOf(service, { selector: { color: 'brown' } });
    await api('DELETE', `/api/v1/namespaces/${namespace}/pods/shop-brown`);
    const refused = await refusalOf(carryOut(await place.executor(kind), plan.operations));
    expect(refused).toMatchObject({ code: 'plan-failed', facts: { why: 'pods-not-ready' } });
    expect(await selectorOf(api, namespace, service)).toEqual({ app: 'shop', color: 'green' });
  });

  it('loses to another operator who switched at the same moment (trap 6)', async () => {
    const service = await greenService();
    const plan = await planOf(service);
    place.proxy.before(async ({ method }) => {
      if (method !== 'PATCH') return;
      place.proxy.before(undefined);
      await setSelector(cluster.api, place.namespace, service, { color: 'red' });
    });
    const refused = await refusalOf(carryOut(await place.executor(kind), plan.operations));
    expect(refused.code).toBe('target-changed');
    expect(await selectorOf(cluster.api, place.namespace, service)).toEqual({ app: 'shop', color: 'red' });
  });

  it('is looked at anew where others switched there and back since a worker, held up, had read it', async () => {
    const service = await greenService();
    const { operations } = await planOf(service);
    const writes = atNextWrite(place.proxy, async () => {
      for (const color of ['blue', 'green']) await setSelector(cluster.api, place.namespace, service, { color });
    });
    await carryOut(await place.executor(kind), operations);
    expect(writes()).toBe(2);
  });

  it('is refused for a Service without a selector, and for one of another tool (trap 12)', async () => {
    const service = await greenService(null);
    expect(await refusedWith(planOf(service))).toMatch(/: it selects no pods/);
    const owned = await greenService();
    const path = `/api/v1/namespaces/${place.namespace}/services/${owned}`;
    const mark = { metadata: { labels: { 'argocd.argoproj.io/instance': 'shop' } } };
    await cluster.api('PATCH', path, mark, 'application/merge-patch+json');
    expect(await refusalOf(planOf(owned))).toMatchObject({ code: 'owned-by-other', facts: { owner: ['Argo CD'] } });
  });

  it('goes on after a lost answer, a busy and a failing API server', async () => {
    const service = await greenService();
    const plan = await planOf(service);
    for (const fault of [{ kind: 'cut-after' }, { kind: 'answer', status: 500 }, { kind: 'cut-before' }] as const)
      place.proxy.inject({ method: 'PATCH', times: 1, fault });
    const settled = await carryOut(await place.executor(kind), plan.operations);
    expect(settled.state).toBe('settled');
    expect(await servedBy(cluster.api, place.namespace, service)).toEqual(['shop-blue']);
    place.proxy.clear();
  });
});
