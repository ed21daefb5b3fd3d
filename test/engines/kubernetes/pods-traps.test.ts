import { describe, expect, it, type TestContext } from 'vitest';
import { deletePodsInput } from '../../../src/adapters/kubernetes/delete-pods-input.ts';
import { scaleInput } from '../../../src/adapters/kubernetes/scale-input.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { OperationDraft } from '../../../src/domain/plan.ts';
import { eventually, useCluster } from '../../cluster/suite.ts';
import {
  limitsOf,
  makeAutoscaler,
  makeBudget,
  makeStatefulSet,
  podRules,
  podsReady,
  readWorkload,
  setStatefulImage,
  uidOf,
} from './pods.ts';
import { carryOut, contexts, firstOf, openPlace, refusalOf, refusedWith } from './targets.ts';
import { makeDeployment, patchDeployment, podsOf } from './workloads.ts';

const cluster = useCluster();
const limits = { timeout: 120_000, concurrent: true };

/** Pods that count and never run. */
const idle = { probe: false, podSpec: { schedulerName: 'nobody' } };

/** A namespace with the steps on what is in it. */
async function open(context: TestContext) {
  const place = await openPlace(cluster, podRules);
  const { namespace } = place;
  context.onTestFinished(place.close);
  const scale = await place.executor('kubernetes.scale');
  const deletion = await place.executor('kubernetes.delete-pods');
  return {
    api: cluster.api,
    namespace,
    scale,
    deletion,
    planScale: (input: JsonObject) =>
      scale.plan(contexts().plan(null), scaleInput.parse({ namespace, graceSeconds: 2, ...input })),
    planDeletion: (input: JsonObject) =>
      deletion.plan(contexts().plan(null), deletePodsInput.parse({ namespace, graceSeconds: 2, ...input })),
    replicas: async (plural: string, name: string) =>
      Number((await readWorkload(cluster.api, namespace, plural, name)).spec?.replicas),
  };
}

const objects = (operations: readonly OperationDraft[]) => operations.map(({ object }) => object.split('/').at(-1));
const codes = (all: readonly { readonly code: string }[]) => all.map(({ code }) => code);

describe('kubernetes.scale', limits, () => {
  it('to none and back: several workloads by their labels, each with exactly the count it had', async context => {
    const world = await open(context);
    const { api, namespace } = world;
    const labels = { tier: 'web' };
    await makeDeployment(api, namespace, 'shop', { replicas: 2, probe: false, labels });
    await makeStatefulSet(api, namespace, 'queue', { replicas: 1, probe: false, labels });
    await makeDeployment(api, namespace, 'other', { ...idle, replicas: 1 });
    await Promise.all([podsReady(api, namespace, 'shop', 2), podsReady(api, namespace, 'queue', 1)]);
    const none = await world.planScale({ selector: labels, replicas: 0 });
    const back = await world.planScale({ selector: labels, replicas: 'before' });
    expect(objects(none.operations)).toEqual(['shop', 'queue']);
    expect(codes(none.warnings)).toEqual(['no-pods-left', 'no-pods-left']);
    const counts = () =>
      Promise.all([
        world.replicas('deployments', 'shop'),
        world.replicas('statefulsets', 'queue'),
        world.replicas('deployments', 'other'),
      ]);
    expect(await carryOut(world.scale, none.operations)).toMatchObject({ note: { code: 'scaled-to-none' } });
    expect(await counts()).toEqual([0, 0, 1]);
    expect(await carryOut(world.scale, back.operations)).toMatchObject({ state: 'settled', served: true });
    expect(await counts()).toEqual([2, 1, 1]);
  });

  it('outwards only: what has as many pods or more is left as it is', async context => {
    const world = await open(context);
    await makeDeployment(world.api, world.namespace, 'small', { ...idle, replicas: 1 });
    await makeDeployment(world.api, world.namespace, 'big', { ...idle, replicas: 3 });
    const workloads = [{ deployment: 'small' }, { deployment: 'big' }];
    const { operations } = await world.planScale({ workloads, replicas: 2, only: 'out' });
    expect(objects(operations)).toEqual(['small']);
  });

  it('trap 13, an autoscaler: refused with its name and limits; held where the step says so, and given its limits back', async context => {
    const world = await open(context);
    const { api, namespace } = world;
    await makeDeployment(api, namespace, 'shop', { replicas: 1, probe: false });
    await makeAutoscaler(api, namespace, 'shop', [1, 4]);
    const refused = await refusedWith(world.planScale({ deployment: 'shop', replicas: 2 }));
    expect(refused).toContain('HorizontalPodAutoscaler shop scales it between 1 and 4 pods');
    const plan = await world.planScale({ deployment: 'shop', replicas: 2, hpa: 'suspend' });
    expect(codes(plan.warnings)).toEqual(['autoscaler-held']);
    await carryOut(world.scale, plan.operations);
    expect(await limitsOf(api, namespace, 'shop')).toEqual([2, 2]);
    const [inverse] = plan.operations.flatMap(operation => (operation.inverse ? [operation.inverse] : []));
    if (!inverse) throw new Error('no inverse');
    const { apply } = contexts();
    await world.scale.apply(apply, inverse);
    expect(await world.scale.settle(apply, inverse)).toMatchObject({ state: 'settled' });
    expect([await limitsOf(api, namespace, 'shop'), await world.replicas('deployments', 'shop')]).toEqual([[1, 4], 1]);
    const metadata = { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:x' } };
    const path = `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers/shop`;
    await api('PATCH', path, { metadata }, 'application/merge-patch+json');
    const foreign = await refusedWith(world.planScale({ deployment: 'shop', replicas: 2, hpa: 'suspend' }));
    expect(foreign).toContain('managed by Argo CD');
  });

  it('quota: pods that are refused fail the step with the words of the quota', async context => {
    const world = await open(context);
    const { api, namespace } = world;
    await makeDeployment(api, namespace, 'shop', { ...idle, replicas: 1 });
    await eventually('one pod', async () => (await podsOf(api, namespace, 'shop')).length === 1);
    const hard = { metadata: { name: 'full' }, spec: { hard: { pods: '1' } } };
    await api('POST', `/api/v1/namespaces/${namespace}/resourcequotas`, hard);
    const { operations } = await world.planScale({ deployment: 'shop', replicas: 2 });
    const end = await carryOut(world.scale, operations);
    expect(end).toMatchObject({ state: 'failed', reason: { facts: { cause: 'PodsRefused' } } });
    expect(end.state === 'failed' && end.reason.detail).toContain('exceeded quota');
  });

  it('what another tool renders, and Backout itself, are refused', async context => {
    const world = await open(context);
    const { api, namespace } = world;
    await makeDeployment(api, namespace, 'shop', {
      ...idle,
      replicas: 1,
      labels: { 'app.kubernetes.io/name': 'backout' },
    });
    const own = await refusedWith(world.planScale({ deployment: 'shop', replicas: 0 }));
    expect(own).toContain('it is part of Backout itself');
    const annotations = { 'meta.helm.sh/release-name': 'shop' };
    await patchDeployment(api, namespace, 'shop', { metadata: { annotations } });
    const owned = await refusalOf(world.planScale({ deployment: 'shop', replicas: 0 }));
    expect(owned).toMatchObject({ code: 'owned-by-other', facts: { owner: ['Helm'] } });
  });
});

describe('kubernetes.delete-pods', limits, () => {
  it('trap 24, a PodDisruptionBudget: the plan says that it holds the pod, and the step waits until it lets go', async context => {
    const world = await open(context);
    const { api, namespace } = world;
    await makeDeployment(api, namespace, 'shop', { replicas: 1, probe: false });
    const [pod] = await podsReady(api, namespace, 'shop', 1);
    if (!pod) throw new Error('no pod');
    await makeBudget(api, namespace, 'shop', 1);
    const name = String(pod.metadata?.name);
    const plan = await eventually('the budget is in force', async () => {
      const planned = await world.planDeletion({ deployment: 'shop', pods: [name] });
      return planned.warnings.length > 0 && planned;
    });
    expect(plan.warnings).toMatchObject([{ code: 'evictions-held', facts: { pods: [name] } }]);
    const operation = firstOf(plan);
    const { apply, progress } = contexts();
    const applying = world.deletion.apply(apply, operation);
    await eventually('the step waits', async () => codes(progress).includes('eviction-waits'));
    expect((await podsOf(api, namespace, 'shop')).map(uidOf)).toEqual([uidOf(pod)]);
    await api('DELETE', `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets/shop`);
    await applying;
    expect(await world.deletion.settle(apply, operation)).toMatchObject({ state: 'settled', served: true });
  });

  it('trap 9, a StatefulSet that hangs: its broken pod is deleted only once the template is good again, budget or not', async context => {
    const world = await open(context);
    const { api, namespace } = world;
    await makeStatefulSet(api, namespace, 'queue', { replicas: 1 });
    const before = (await podsReady(api, namespace, 'queue', 1)).map(uidOf);
    await makeBudget(api, namespace, 'queue', 1);
    await setStatefulImage(api, namespace, 'queue', 'app:sick');
    await eventually('the broken pod', async () => {
      const pods = await podsOf(api, namespace, 'queue');
      return pods.some(pod => !before.includes(uidOf(pod)) && String(pod.status?.phase) === 'Running');
    });
    const input = { statefulSet: 'queue', notReady: true, recovery: true };
    const early = await world.planDeletion(input);
    expect(codes(early.warnings)).toContain('recovery-needs-template');
    const same = firstOf(early);
    const refused = await refusalOf(world.deletion.apply(contexts().apply, same));
    expect(refused).toMatchObject({ code: 'step-failed', facts: { why: 'same-template' } });
    await setStatefulImage(api, namespace, 'queue', 'app:1.1.0');
    const { operations, warnings } = await world.planDeletion(input);
    expect(objects(operations)).toEqual(['queue-0']);
    expect(codes(warnings)).toContain('budgets-not-asked');
    expect(await carryOut(world.deletion, operations)).toMatchObject({ state: 'settled', served: true });
  });

  it.for([
    { spec: { podManagementPolicy: 'Parallel' }, says: 'managed in parallel' },
    { spec: { updateStrategy: { type: 'OnDelete' } }, says: 'OnDelete' },
  ])('recovery where nothing hangs by itself is refused: $says', async ({ spec, says }, context) => {
    const world = await open(context);
    await makeStatefulSet(world.api, world.namespace, 'queue', { ...idle, replicas: 1, spec });
    const input = { statefulSet: 'queue', notReady: true, recovery: true };
    expect(await refusedWith(world.planDeletion(input))).toContain(says);
  });

  it('a pod that got ready meanwhile is spared; one that is not there is refused', async context => {
    const world = await open(context);
    const { api, namespace } = world;
    await makeDeployment(api, namespace, 'shop', { replicas: 1 });
    const plan = await eventually('a pod that is not ready yet', async () => {
      const planned = await world.planDeletion({ deployment: 'shop', notReady: true });
      return planned.operations.length > 0 && planned;
    });
    const [pod] = await podsReady(api, namespace, 'shop', 1);
    if (!pod) throw new Error('no pod');
    expect(await carryOut(world.deletion, plan.operations)).toMatchObject({ note: { code: 'pod-ready-again' } });
    expect((await podsOf(api, namespace, 'shop')).map(uidOf)).toEqual([uidOf(pod)]);
    const refused = await refusedWith(world.planDeletion({ deployment: 'shop', pods: ['shop-gone'] }));
    expect(refused).toContain('it has no pod shop-gone');
  });
});
