import { beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { StepPlan } from '../../../src/domain/plan.ts';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { type ExecutorWorld, executorContract } from '../../contracts/executor.ts';
import { makePod, makeService, podReady, servedBy } from './blue-green.ts';
import { pausedRollout, rolloutState, trafficRules } from './canaries.ts';
import { entryOf, writesSince } from './configuration.ts';
import { atNextWrite, carryOut, contexts, firstOf, openPlace, type Place, refusalOf, refusedWith } from './targets.ts';

const cluster = useCluster();
const kind = 'kubernetes.traffic-weight';
const entry = entryOf(kind);
const annotation = 'nginx.ingress.kubernetes.io/canary';

let place: Place;
let made = 0;

const routes = (name = '') =>
  `/apis/gateway.networking.k8s.io/v1/namespaces/${place.namespace}/httproutes${name && `/${name}`}`;
const ingresses = (name = '') =>
  `/apis/networking.k8s.io/v1/namespaces/${place.namespace}/ingresses${name && `/${name}`}`;

beforeAll(async () => {
  const { api } = cluster;
  await Promise.all([
    cluster.installCrds('gateway-api'),
    cluster.installCrds('flagger'),
    cluster.startRolloutsController(),
  ]);
  place = await openPlace(cluster, trafficRules);
  const { namespace } = place;
  // A kind's first object takes a busy API server longest.
  const first = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'first' },
    spec: {},
  };
  await eventually('routes', () => api('POST', routes(), first).catch(error => error.status === 409 || undefined));
  for (const color of ['green', 'blue'])
    await eventually('service account', () => makePod(api, namespace, color).catch(() => undefined));
  for (const color of ['green', 'blue', 'grey']) await makeService(api, namespace, color, { app: 'shop', color });
  for (const color of ['green', 'blue']) {
    await podReady(api, namespace, color);
    await eventually('endpoints', async () => (await servedBy(api, namespace, color)).includes(`shop-${color}`));
  }
}, 300_000);

/** An HTTPRoute whose first rule shares the traffic, and whose second leads to the old release alone. */
async function makeRoute(weights: Readonly<Record<string, number>> = { green: 70, blue: 30 }, metadata = {}) {
  made += 1;
  const name = `route-${made}`;
  const backendRefs = Object.entries(weights).map(([backend, weight]) => ({ name: backend, port: 80, weight }));
  await cluster.api('POST', routes(), {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name, ...metadata },
    spec: {
      parentRefs: [{ name: 'gateway' }],
      hostnames: [`${name}.example.com`],
      rules: [
        { backendRefs },
        { matches: [{ path: { type: 'PathPrefix', value: '/old' } }], backendRefs: [{ name: 'green', port: 80 }] },
      ],
    },
  });
  return name;
}

async function weightsOf(name: string): Promise<unknown> {
  const { spec } = await cluster.api('GET', routes(name));
  return JSON.parse(JSON.stringify(spec?.rules)).map((rule: { backendRefs: { name: string; weight: number }[] }) =>
    Object.fromEntries(rule.backendRefs.map(one => [one.name, one.weight])),
  );
}

/** An Ingress of the old release and its canary, which has a share of the new one. */
async function makeIngress(
  annotations: Readonly<Record<string, string>> = { [`${annotation}-weight`]: '30' },
  old = 'green',
) {
  made += 1;
  const name = `web-${made}`;
  const body = (named: string, service: string, marks: object) => ({
    metadata: { name: named, annotations: marks },
    spec: {
      ingressClassName: 'nginx',
      rules: [
        {
          host: `${name}.example.com`,
          http: {
            paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: service, port: { number: 80 } } } }],
          },
        },
      ],
    },
  });
  await cluster.api('POST', ingresses(), body(`${name}-old`, old, {}));
  await cluster.api('POST', ingresses(), body(name, 'blue', { [annotation]: 'true', ...annotations }));
  return name;
}

async function shareOf(name: string): Promise<string | undefined> {
  const { metadata } = await cluster.api('GET', ingresses(name));
  const share = metadata?.annotations?.[`${annotation}-weight`];
  return share === undefined ? undefined : String(share);
}

const patch = (path: string, body: object) => cluster.api('PATCH', path, body, 'application/merge-patch+json');

interface Splitter {
  readonly name: string;
  readonly collection: string;
  readonly more: JsonObject;
  state(): Promise<unknown>;
  readonly wanted: unknown;
  drift(): Promise<unknown>;
}

async function openWorld({ name, collection, more, state, wanted, drift }: Splitter): Promise<ExecutorWorld> {
  const { api } = cluster;
  const own = await place.beside();
  const { namespace, proxy } = own;
  const { metadata } = await api('GET', `${collection}/${name}`);
  const version = String(metadata?.resourceVersion);
  proxy.clear();
  return {
    load: () => own.executor(kind),
    input: entry.input.parse({ namespace, name, ...more }),
    from: null,
    to: null,
    state,
    wanted: async () => wanted,
    drift: async () => void (await drift()),
    effects: () => writesSince(api, collection, name, version),
    started: () => proxy.seen.length,
    close: async () => {
      await own.close();
      await api('DELETE', `${collection}/${name}`);
    },
  };
}

const harness = {
  entry,
  hostile: (world: ExecutorWorld, text: string) =>
    ['name', 'namespace', 'context', 'kubeconfig', 'backend', 'kind'].map(field => ({ ...world.input, [field]: text })),
  canary: 'canary-7Q2vXk91-hunter2',
  reversible: true,
  refusesDrift: true,
  concurrent: true,
  killAfterMs: [20],
  timeoutMs: 90_000,
};

executorContract(`${kind}, HTTPRoute`, {
  ...harness,
  open: async () => {
    const name = await makeRoute();
    return openWorld({
      name,
      collection: routes(),
      more: { backend: 'blue' },
      state: () => weightsOf(name),
      wanted: [{ green: 70, blue: 0 }, { green: 1 }],
      drift: () =>
        cluster.api(
          'PATCH',
          routes(name),
          [{ op: 'replace', path: '/spec/rules/0/backendRefs/1/weight', value: 60 }],
          'application/json-patch+json',
        ),
    });
  },
});

executorContract(`${kind}, canary Ingress of ingress-nginx`, {
  ...harness,
  open: async () => {
    const name = await makeIngress();
    return openWorld({
      name,
      collection: ingresses(),
      more: {},
      state: () => shareOf(name),
      wanted: '0',
      drift: () => patch(ingresses(name), { metadata: { annotations: { [`${annotation}-weight`]: '60' } } }),
    });
  },
});

describe('the share of a new release', { timeout: 120_000 }, () => {
  const planOf = async (name: string, more: JsonObject = {}): Promise<StepPlan> =>
    (await place.executor(kind)).plan(
      contexts().plan(null),
      entry.input.parse({ namespace: place.namespace, name, ...more }),
    );
  const doIt = async (name: string, more: JsonObject = {}) =>
    carryOut(await place.executor(kind), (await planOf(name, more)).operations);

  it('of an HTTPRoute goes to 0 and the others keep theirs; a second time there is nothing to do', async () => {
    const name = await makeRoute();
    const plan = await planOf(name, { backend: 'blue' });
    expect(plan.operations[0]?.preview.diff).toContain('-rules[0] blue: 30\n+rules[0] blue: 0');
    expect(plan.blastRadius).toMatchObject([{ code: 'traffic-gained', facts: { services: ['green'], ready: 1 } }]);
    expect(plan.notChecked).toMatchObject([{ code: 'shift-not-seen' }]);
    expect(await doIt(name, { backend: 'blue' })).toMatchObject({ state: 'settled', served: true });
    expect((await planOf(name, { backend: 'blue' })).operations).toEqual([]);
  });

  it.each([
    { now: { green: 0, blue: 100 }, weight: 0, wanted: { green: 100, blue: 0 } },
    { now: { green: 70, blue: 30 }, weight: 10, wanted: { green: 90, blue: 10 } },
    { now: { green: 1, grey: 0, blue: 1 }, weight: 20, wanted: { green: 8000, grey: 0, blue: 2000 } },
  ])('of an HTTPRoute at $now set to $weight % is $wanted', async ({ now, weight, wanted }) => {
    const name = await makeRoute(now);
    expect(await doIt(name, { backend: 'blue', weight })).toMatchObject({ state: 'settled' });
    expect(await weightsOf(name)).toEqual([wanted, { green: 1 }]);
  });

  it('is looked at anew where others shifted it there and back since a worker, held up, had read it', async () => {
    const executor = await place.executor(kind);
    const route = await makeRoute();
    const ingress = await makeIngress();
    const weight = (value: number) => [{ op: 'replace', path: '/spec/rules/0/backendRefs/1/weight', value }];
    const shift = {
      [route]: (value: number) => cluster.api('PATCH', routes(route), weight(value), 'application/json-patch+json'),
      [ingress]: (value: number) =>
        patch(ingresses(ingress), { metadata: { annotations: { [`${annotation}-weight`]: String(value) } } }),
    };
    for (const name of [route, ingress]) {
      const { operations } = await planOf(name, { backend: name === route ? 'blue' : null });
      const writes = atNextWrite(place.proxy, async () => {
        for (const value of [0, 30]) await shift[name]?.(value);
      });
      await carryOut(executor, operations);
      expect(writes(), name).toBe(2);
    }
  });

  it('is not taken away while nobody could take over (391): no endpoint ready, no other backend, none named', async () => {
    const grey = await makeRoute({ grey: 0, blue: 100 });
    expect(await refusedWith(planOf(grey, { backend: 'blue' }))).toMatch(/: 0 endpoints of service grey are ready/);
    const alone = await makeRoute({ blue: 100 });
    expect(await refusalOf(planOf(alone, { backend: 'blue' }))).toMatchObject({ facts: { why: 'no-other-backend' } });
    const name = await makeRoute();
    expect(await refusalOf(planOf(name))).toMatchObject({ facts: { why: 'no-backend' } });
    expect(await refusalOf(planOf(name, { backend: 'red' }))).toMatchObject({ facts: { why: 'no-such-backend' } });
    const ingress = await makeIngress(undefined, 'grey');
    expect(await refusedWith(planOf(ingress))).toMatch(/: 0 endpoints of service grey are ready/);
  });

  it('of a route that a gateway has to take is settled when the gateway says so', async () => {
    const name = await makeRoute();
    const { metadata } = await cluster.api('GET', routes(name));
    const told = (observedGeneration: number) => ({
      status: {
        parents: [
          {
            parentRef: { name: 'gateway' },
            controllerName: 'example.com/gateway',
            conditions: [
              {
                type: 'Accepted',
                status: 'True',
                reason: 'Accepted',
                message: '',
                observedGeneration,
                lastTransitionTime: new Date().toISOString(),
              },
            ],
          },
        ],
      },
    });
    const generation = Number(metadata?.generation);
    await patch(`${routes(name)}/status`, told(generation));
    const { operations } = await planOf(name, { backend: 'blue' });
    const operation = firstOf({ operations });
    const executor = await place.executor(kind);
    await executor.apply(contexts().apply, operation);
    expect((await executor.observe(contexts().apply, operation)).state).toBe('in-progress');
    const settling = executor.settle(contexts().apply, operation);
    await patch(`${routes(name)}/status`, told(generation + 1));
    expect(await settling).toMatchObject({ state: 'settled' });
  });

  it('of a canary Ingress is of its own total, absent without the annotation, and says whom it does not reach', async () => {
    const thousand = await makeIngress({ [`${annotation}-weight`]: '300', [`${annotation}-weight-total`]: '1000' });
    await doIt(thousand, { weight: 5 });
    expect(await shareOf(thousand)).toBe('50');
    const byHeader = await makeIngress({ [`${annotation}-by-header`]: 'x-canary' });
    expect((await planOf(byHeader)).operations).toEqual([]);
    const plan = await planOf(byHeader, { weight: 5 });
    expect(plan.warnings).toMatchObject([{ code: 'canary-by-request', facts: { by: ['header'] } }]);
    const executor = await place.executor(kind);
    await carryOut(executor, plan.operations);
    const [inverse] = plan.operations.map(operation => operation.inverse);
    if (!inverse) throw new Error('no inverse');
    await carryOut(executor, [{ ...inverse, fingerprint: '', inverse: null }]);
    expect(await shareOf(byHeader)).toBeUndefined();
    expect(await refusalOf(planOf(`${thousand}-old`))).toMatchObject({ facts: { why: 'no-canary' } });
  });

  it('of a Rollout is taken away by aborting it, through its route as well; any other share is refused', async () => {
    const { namespace } = place;
    made += 1;
    const name = `rollout-${made}`;
    const releases = [{ image: 'app:1.0.0' }, { image: 'app:1.1.0' }] as const;
    await pausedRollout(cluster, namespace, name, releases);
    expect(await refusedWith(planOf(name, { weight: 20 }))).toMatch(/: a Rollout sets the shares/);
    const owner = await cluster.api('GET', `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/rollouts/${name}`);
    const ownerReferences = [
      { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name, uid: String(owner.metadata?.uid), controller: true },
    ];
    const route = await makeRoute(undefined, { ownerReferences });
    const plan = await planOf(route, { backend: 'blue' });
    expect(plan.operations).toMatchObject([{ object: `rollout ${namespace}/${name}`, body: { action: 'abort' } }]);
    expect(plan.warnings).toMatchObject([{ code: 'traffic-by-owner' }]);
    expect(await doIt(name)).toMatchObject({ state: 'settled', served: true });
    expect(await rolloutState(cluster.api, namespace, name)).toMatchObject({ aborted: true });
    expect(await weightsOf(route)).toEqual([{ green: 70, blue: 30 }, { green: 1 }]);
  });

  it('of a route that a Rollout leads traffic by, without owning it, is that Rollout’s', async () => {
    const { namespace } = place;
    const route = await makeRoute();
    made += 1;
    const name = `rollout-${made}`;
    const plugin = { 'argoproj-labs/gatewayAPI': { httpRoute: route, namespace } };
    await cluster.api('POST', `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/rollouts`, {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata: { name },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'app', image: 'app:1.0.0' }] } },
        strategy: { canary: { stableService: 'green', canaryService: 'blue', trafficRouting: { plugins: plugin } } },
      },
    });
    const plan = await planOf(route, { backend: 'blue' });
    expect(plan.warnings).toMatchObject([
      { code: 'traffic-by-owner', facts: { owner: `rollout ${namespace}/${name}` } },
    ]);
    expect(plan.operations).toEqual([]);
  });

  it('is refused where nothing, or more than one thing, of the name splits traffic, and where Argo CD renders it (trap 12)', async () => {
    expect(await refusalOf(planOf('nobody'))).toMatchObject({ code: 'plan-failed', facts: { why: 'gone' } });
    const name = await makeIngress();
    await cluster.api('POST', routes(), {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name },
      spec: {
        rules: [
          {
            backendRefs: [
              { name: 'green', port: 80 },
              { name: 'blue', port: 80 },
            ],
          },
        ],
      },
    });
    expect(await refusalOf(planOf(name))).toMatchObject({ facts: { why: 'ambiguous' } });
    expect((await planOf(name, { kind: 'Ingress' })).operations).toHaveLength(1);
    await patch(ingresses(name), { metadata: { labels: { 'argocd.argoproj.io/instance': 'shop' } } });
    expect(await refusalOf(planOf(name, { kind: 'Ingress' }))).toMatchObject({ code: 'owned-by-other' });
  });

  it('loses to another operator at the same moment, and gets through a lost answer and a failing API server (trap 6)', async () => {
    const name = await makeIngress();
    const { operations } = await planOf(name);
    place.proxy.before(async ({ method }) => {
      if (method !== 'PATCH') return;
      place.proxy.before(undefined);
      await patch(ingresses(name), { metadata: { annotations: { [`${annotation}-weight`]: '60' } } });
    });
    expect((await refusalOf(carryOut(await place.executor(kind), operations))).code).toBe('target-changed');
    expect(await shareOf(name)).toBe('60');
    const route = await makeRoute();
    const sound = await planOf(route, { backend: 'blue' });
    for (const fault of [{ kind: 'cut-after' }, { kind: 'answer', status: 500 }, { kind: 'cut-before' }] as const)
      place.proxy.inject({ method: 'PATCH', times: 1, fault });
    expect(await carryOut(await place.executor(kind), sound.operations)).toMatchObject({ state: 'settled' });
    place.proxy.clear();
  });
});
