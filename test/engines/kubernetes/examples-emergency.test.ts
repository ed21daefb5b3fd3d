import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readCatalogue } from '../../../src/config/catalogue.ts';
import type { Runbook } from '../../../src/domain/catalogue.ts';
import type { OperationDraft } from '../../../src/domain/plan.ts';
import { catalogueTables } from '../../../src/main/tables.ts';
import type { Executor } from '../../../src/ports/executor.ts';
import { useCluster } from '../../cluster/suite.ts';
import { checkRules } from './check-place.ts';
import { makeKeyed, readKeyed } from './configuration.ts';
import { contexts, openPlace, type Place } from './targets.ts';
import { imageOf, makeDeployment, patchDeployment, readDeployment, rolledOut } from './workloads.ts';

const cluster = useCluster();
const example = join(import.meta.dirname, '../../../examples/emergency');
const rules = [
  ...checkRules,
  { apiGroups: ['apps'], resources: ['deployments', 'deployments/scale'], verbs: ['list', 'patch'] },
  { apiGroups: ['apps'], resources: ['statefulsets'], verbs: ['list'] },
  { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: ['list'] },
  { apiGroups: [''], resources: ['configmaps'], verbs: ['create', 'patch'] },
];

let place: Place;
const api = 'new-stock-api';
const worker = 'new-stock-worker';
/** Nothing but the plan's own question tells whether an instance works. */
const shape = { probe: false, podSpec: { dnsPolicy: 'Default' } };

beforeAll(async () => {
  place = await openPlace(cluster, rules);
  const { namespace } = place;
  await cp(join(example, 'minimal-stable'), join(place.folder, 'minimal-stable'), { recursive: true });
  const spec = { selector: { app: api }, ports: [{ port: 80, targetPort: 8080 }] };
  await cluster.api('POST', `/api/v1/namespaces/${namespace}/services`, { metadata: { name: api }, spec });
  await makeKeyed(cluster.api, namespace, 'configmap', api, { data: { MODE: 'full' } });
  await makeDeployment(cluster.api, namespace, api, { image: 'app:1.2.0', replicas: 2, ...shape });
  await makeDeployment(cluster.api, namespace, worker, { image: 'app:1.0.0', replicas: 1, ...shape });
  await makeDeployment(cluster.api, namespace, 'bystander', { image: 'app:1.0.0', replicas: 0, ...shape });
  await rolledOut(cluster.api, namespace, api, 150_000);
  await rolledOut(cluster.api, namespace, worker, 150_000);
}, 340_000);
/** One operation with what carries it out. */
interface Step {
  readonly executor: Executor;
  readonly operation: OperationDraft;
}

/** A runbook of the example with the namespace of the suite and images that the node has, compiled whole before anything is done. */
async function compiled(id: string, stable: string): Promise<{ readonly runbook: Runbook; readonly steps: Step[] }> {
  const file = join(example, 'backout.yaml');
  const text = (await readFile(file, 'utf8')).replace('namespace: new-stock', `namespace: ${place.namespace}`);
  const manifest = join(place.folder, 'minimal-stable', '20-new-stock-api.yaml');
  const original = await readFile(join(example, 'minimal-stable', '20-new-stock-api.yaml'), 'utf8');
  await writeFile(manifest, original.replace('new-stock-api:stable', stable));
  const read = readCatalogue(catalogueTables, text, file);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const runbook = read.catalogue.services[api]?.environments.production?.runbooks.find(one => one.id === id);
  if (!runbook) throw new Error(`the example has no runbook ${id}`);
  const steps: Step[] = [];
  for (const step of runbook.steps) {
    const executor = await place.executor(step.kind);
    const { operations } = await executor.plan(contexts().plan(null), step.input);
    steps.push(...operations.map(operation => ({ executor, operation })));
  }
  return { runbook, steps };
}

/** Carries operations out as the engine does; answers what the first failure was about, null where all came to rest. */
async function carryOn(steps: readonly Step[], seen?: (object: string) => Promise<void>): Promise<string | null> {
  for (const { executor, operation } of steps) {
    const { apply } = contexts(AbortSignal.timeout(100_000));
    if ((await executor.observe(apply, operation)).state === 'applied') continue;
    await executor.apply(apply, operation);
    const settled = await executor.settle(apply, operation);
    if (settled.state === 'failed') return operation.object;
    await seen?.(operation.object);
  }
  return null;
}

const backwards = (steps: readonly Step[]): Step[] =>
  [...steps].reverse().map(({ executor, operation }) => {
    if (!operation.inverse) throw new Error(`${operation.object} has no way back`);
    return { executor, operation: { ...operation.inverse, fingerprint: '', inverse: null } };
  });

const replicasOf = async (name: string) =>
  Number((await readDeployment(cluster.api, place.namespace, name)).spec?.replicas);
const now = async () => ({
  counts: [await replicasOf(api), await replicasOf(worker), await replicasOf('bystander')],
  image: await imageOf(cluster.api, place.namespace, api),
  mode: String((await readKeyed(cluster.api, place.namespace, 'configmap', api)).data?.MODE),
});
const before = { counts: [2, 1, 0], image: 'app:1.2.0', mode: 'full' };

describe('the emergency plan on a real cluster', { timeout: 240_000 }, () => {
  it('stops, applies the minimum, starts one, asks it, restores the counts, and goes back whole (132-137, 140, 141)', async () => {
    const { runbook, steps } = await compiled('emergency', 'app:1.0.0');
    expect(runbook.strategy).toBe('emergency');
    expect(await now()).toEqual(before);
    const counts: number[][] = [];
    const trouble = await carryOn(steps, async () => void counts.push((await now()).counts.slice(0, 2)));
    expect(trouble).toBeNull();
    expect(counts).toEqual([
      [0, 1],
      [0, 0],
      [0, 0],
      [0, 0],
      [1, 0],
      [1, 0],
      [2, 0],
      [2, 1],
    ]);
    expect(await now()).toEqual({ counts: [2, 1, 0], image: 'app:1.0.0', mode: 'minimal' });
    const back = backwards(steps);
    expect(await carryOn(back)).toBeNull();
    expect(await now()).toEqual(before);
    await rolledOut(cluster.api, place.namespace, api, 150_000);
  });

  it('stops for a person at one instance where that does not answer, and is put back from there (136)', async () => {
    const { steps } = await compiled('emergency', 'app:sick');
    const asks = ({ operation }: Step) => operation.object.startsWith('service');
    const sooner = { failAfter: 2, every: '100ms' };
    const quick = steps.map(step =>
      asks(step) ? { ...step, operation: { ...step.operation, body: { ...step.operation.body, ...sooner } } } : step,
    );
    expect(await carryOn(quick)).toBe(`service ${place.namespace}/${api}`);
    expect((await now()).counts).toEqual([1, 0, 0]);
    const acted = steps.findIndex(asks) + 1;
    expect(await carryOn(backwards(steps.slice(0, acted)))).toBeNull();
    expect(await now()).toEqual(before);
  });

  it('stops those that write and nobody else (142)', async () => {
    const writer = { metadata: { labels: { writes: 'yes' } } };
    await patchDeployment(cluster.api, place.namespace, worker, writer);
    const { steps } = await compiled('stop-writers', 'app:1.0.0');
    expect(await carryOn(steps)).toBeNull();
    expect((await now()).counts).toEqual([2, 0, 0]);
    expect(await carryOn(backwards(steps))).toBeNull();
    expect(await now()).toEqual(before);
  });
});
