import { beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { StepPlan } from '../../../src/domain/plan.ts';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { type ExecutorWorld, executorContract } from '../../contracts/executor.ts';
import { analysedCanary, canaryIs, patchCanary, readCanary, trafficRules } from './canaries.ts';
import { entryOf } from './configuration.ts';
import { contexts, neededRules, openPlace, type Place, pick, refusalOf, refusedWith } from './targets.ts';
import { imageOf } from './workloads.ts';

const cluster = useCluster();
const kind = 'kubernetes.traffic-weight';
const entry = entryOf(kind);

let place: Place;
const waiting: string[] = [];
/** How many Canaries the suite uses up, and one that rows without a trace share; all are analysed at once, as Flagger looks at each every ten seconds only. */
const pool = 8;

beforeAll(async () => {
  await Promise.all([cluster.startFlagger(), cluster.installCrds('gateway-api'), cluster.installCrds('argo-rollouts')]);
  place = await openPlace(cluster, [...trafficRules, ...neededRules]);
  const names = Array.from({ length: pool }, (_, at) => `shop-${at}`);
  await Promise.all([
    ...names.map(name => analysedCanary(cluster.api, place.namespace, name)),
    analysedCanary(cluster.api, place.namespace, 'promoted', 1),
  ]);
  waiting.push(...names);
}, 400_000);

/** One that nobody has; most of those that are taken are given back. */
const take = (): Promise<string> => eventually('a free Canary', async () => waiting.pop());

/** Leaves a Canary to the rows that follow if it is analysed as it was before. */
async function giveBack(name: string): Promise<void> {
  const { status } = await patchCanary(cluster.api, place.namespace, name, { spec: { suspend: false } });
  const untouched = String(status?.phase) === 'Progressing' && Number(status?.failedChecks ?? 0) === 0;
  if (untouched) waiting.push(name);
}

const phaseOf = async (name: string) => String((await readCanary(cluster.api, place.namespace, name)).status?.phase);

async function openWorld(): Promise<ExecutorWorld> {
  const own = await place.beside();
  const { namespace, proxy } = own;
  const name = await take();
  return {
    load: () => own.executor(kind),
    input: entry.input.parse({ namespace, name }),
    from: null,
    to: null,
    state: () => phaseOf(name),
    wanted: async () => 'Failed',
    drift: async () => {
      await patchCanary(cluster.api, namespace, name, { spec: { suspend: true } });
    },
    started: () => proxy.seen.length,
    close: async () => {
      await own.close();
      await giveBack(name);
    },
  };
}

executorContract(`${kind}, Canary of Flagger`, {
  entry,
  open: openWorld,
  hostile: (world, text) => ['name', 'namespace', 'context'].map(field => ({ ...world.input, [field]: text })),
  canary: 'canary-7Q2vXk91-hunter2',
  // Flagger starts an analysis again only when its target changes.
  reversible: false,
  refusesDrift: true,
  concurrent: true,
  killAfterMs: [60],
  timeoutMs: 120_000,
});

describe('a Canary of Flagger', { timeout: 240_000, concurrent: true }, () => {
  const planOf = async (name: string, more: JsonObject = {}): Promise<StepPlan> =>
    (await place.executor(kind)).plan(
      contexts().plan(null),
      entry.input.parse({ namespace: place.namespace, name, ...more }),
    );

  it('fails by its own rule: its threshold of failed checks; the target keeps the new release, the primary the old one', async () => {
    const { api } = cluster;
    const { namespace } = place;
    const name = await take();
    const plan = await planOf(name);
    expect(plan).toMatchObject({
      operations: [{ object: `canary ${namespace}/${name}`, inverse: null, body: { threshold: 3 } }],
      notRolledBack: [{ code: 'target-stays', facts: { target: `Deployment ${name}` } }],
      warnings: [{ code: 'flagger-next-look', facts: { interval: '10s' } }],
    });
    const [operation] = plan.operations;
    if (!operation) throw new Error('nothing planned');
    const executor = await place.executor(kind);
    await executor.apply(contexts().apply, operation);
    const settling = executor.settle(contexts().apply, operation);
    // A look of Flagger that began before our write ends with its own count.
    await patchCanary(api, namespace, `${name}/status`, { status: { failedChecks: 1 } });
    expect(await settling).toMatchObject({
      state: 'settled',
      served: true,
      note: { facts: { phase: 'Failed', weight: 0 } },
    });
    expect([await imageOf(api, namespace, name), await imageOf(api, namespace, `${name}-primary`)]).toEqual([
      'app:1.1.0',
      'app:1.0.0',
    ]);
    const service = await api('GET', `/api/v1/namespaces/${namespace}/services/${name}`);
    expect(service.spec?.selector).toEqual({ app: `${name}-primary` });
    expect((await planOf(name)).operations).toEqual([]);
    expect(await refusedWith(planOf(name, { weight: 30 }))).toMatch(/: a Canary sets the shares/);
  });

  it('is acted on in place of a route that belongs to it', async context => {
    const { namespace } = place;
    const name = await take();
    context.onTestFinished(() => giveBack(name));
    const { metadata } = await readCanary(cluster.api, namespace, name);
    await cluster.api('POST', `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes`, {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: {
        name,
        ownerReferences: [
          { apiVersion: 'flagger.app/v1beta1', kind: 'Canary', name, uid: String(metadata?.uid), controller: true },
        ],
      },
      spec: { rules: [{ backendRefs: [{ name: `${name}-primary`, port: 80 }] }] },
    });
    expect((await planOf(name, { kind: 'HTTPRoute', backend: `${name}-canary` })).operations).toMatchObject([
      { object: `canary ${namespace}/${name}` },
    ]);
  });

  it('that is suspended, promoted or not there is refused with why and what to do', async context => {
    const { namespace } = place;
    const name = await take();
    context.onTestFinished(() => giveBack(name));
    await patchCanary(cluster.api, namespace, name, { spec: { suspend: true } });
    expect(await refusalOf(planOf(name))).toMatchObject({ code: 'plan-failed', facts: { why: 'suspended' } });
    expect((await refusalOf(planOf('nobody', { kind: 'Canary' }))).facts).toMatchObject({ why: 'gone' });
    await canaryIs(cluster.api, namespace, 'promoted', 'Succeeded');
    expect(await refusedWith(planOf('promoted'))).toContain('take Deployment promoted back');
  });

  it('keeps its Deployments from other steps, which name the right one; its target may be changed once it rests', async context => {
    const { namespace } = place;
    const busy = await take();
    context.onTestFinished(() => giveBack(busy));
    const undo = await place.executor('kubernetes.rollout-undo');
    const undoOf = async (deployment: string, to: string) => {
      const where = { namespace, deployment };
      const release = pick(await place.look(where), to);
      return undo.plan(contexts().plan(release), entryOf('kubernetes.rollout-undo').input.parse(where));
    };
    const instead = 'kubernetes.traffic-weight';
    expect(await refusalOf(undoOf(`${busy}-primary`, '1.0.0'))).toMatchObject({
      code: 'owned-by-other',
      facts: { owner: [`Canary ${busy}`], instead },
    });
    await canaryIs(cluster.api, namespace, 'promoted', 'Succeeded');
    const rests = await undoOf('promoted', '1.0.0');
    expect(rests.warnings).toContainEqual(expect.objectContaining({ code: 'judged-by-canary' }));
    expect(await refusalOf(undoOf(busy, '1.0.0'))).toMatchObject({
      code: 'owned-by-other',
      facts: { owner: [`Canary ${busy}`], instead },
    });
  });
});
