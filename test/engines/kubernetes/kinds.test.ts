import { describe, expect, it } from 'vitest';
import { eventually, useCluster } from '../../cluster/suite.ts';
import {
  atNumber,
  deployTo,
  type Kind,
  kindRules,
  makeWorkload,
  patchWorkload,
  plurals,
  readWorkload,
  rolledOutAs,
  withoutPods,
} from './kinds.ts';
import { carryOut, contexts, firstOf, inverseOf, openPlace, type Place, pick, refusalOf } from './targets.ts';
import { podsOf, type Shape } from './workloads.ts';

const cluster = useCluster();

/** A workload `shop` at 1.1.0 that was at 1.0.0 before; one pod, or none. */
async function shopOf(kind: Kind, shape: Shape = withoutPods(kind)) {
  const { api } = cluster;
  const place = await openPlace(cluster, kindRules);
  const { namespace } = place;
  const without = shape.replicas !== 1;
  await makeWorkload(api, kind, namespace, 'shop', { probe: false, ...shape });
  await (without ? atNumber(api, kind, namespace, 'shop', 1) : rolledOutAs(api, kind, namespace, 'shop'));
  await deployTo(api, kind, namespace, 'shop', { image: 'app:1.1.0' });
  await atNumber(api, kind, namespace, 'shop', 2);
  return handle(kind, place);
}

/** A StatefulSet `shop` whose first image was there before any pod of it was: its pods begin with the second one. */
async function setOf(replicas: number, [image, next]: readonly [string, string], shape: Shape = {}, rules = kindRules) {
  const { api } = cluster;
  const place = await openPlace(cluster, rules);
  const { namespace } = place;
  await makeWorkload(api, 'statefulSet', namespace, 'shop', { ...shape, replicas: 0, image });
  await atNumber(api, 'statefulSet', namespace, 'shop', 1);
  await deployTo(api, 'statefulSet', namespace, 'shop', { image: next });
  await atNumber(api, 'statefulSet', namespace, 'shop', 2);
  await rolledOutAs(api, 'statefulSet', namespace, 'shop');
  await patchWorkload(api, 'statefulSet', namespace, 'shop', { spec: { replicas } });
  return handle('statefulSet', place);
}

async function handle(kind: Kind, place: Place) {
  const { api } = cluster;
  const { namespace } = place;
  const where = { namespace, [kind]: 'shop' };
  const undo = await place.executor('kubernetes.rollout-undo');
  const input = { ...where, context: null, kubeconfig: null, graceSeconds: 2, replaceImmutable: false };
  return {
    api,
    place,
    namespace,
    undo,
    input,
    look: () => place.look(where),
    plan: async (version = '1.0.0') => undo.plan(contexts().plan(pick(await place.look(where), version)), input),
    read: () => readWorkload(api, kind, namespace, 'shop'),
    patch: (patch: object) => patchWorkload(api, kind, namespace, 'shop', patch),
    rolledOut: () => rolledOutAs(api, kind, namespace, 'shop'),
    image: async () =>
      String((await readWorkload(api, kind, namespace, 'shop')).spec?.template?.spec?.containers?.[0]?.image),
    images: async () =>
      Object.fromEntries(
        // A pod that has ended may still be listed while its follower is ready.
        (await podsOf(api, namespace, 'shop'))
          .filter(pod => !pod.metadata?.deletionTimestamp)
          .map(pod => [String(pod.metadata?.name), String(pod.spec?.containers?.[0]?.image)]),
      ),
  };
}

const codes = (notes: readonly { readonly code: string }[]) => notes.map(({ code }) => code);
const kinds = Object.keys(plurals) as Kind[];
const good = ['app:1.0.0', 'app:1.1.0'] as const;

describe('StatefulSets and DaemonSets go back as Deployments do', { timeout: 120_000, concurrent: true }, () => {
  it.each(['statefulSet', 'daemonSet'] as const)('%s: back to 1.0.0, and forth by the inverse', async kind => {
    const shop = kind === 'statefulSet' ? await setOf(1, good, { probe: false }) : await shopOf(kind, { replicas: 1 });
    await shop.rolledOut();
    const plan = await shop.plan();
    expect(plan.operations).toHaveLength(1);
    expect(plan.operations[0]?.preview.diff).toContain('-      image: app:1.1.0');
    expect(await carryOut(shop.undo, plan.operations)).toMatchObject({ state: 'settled', served: true });
    expect(Object.values(await shop.images())).toEqual(['app:1.0.0']);
    const releases = await shop.look();
    expect(releases).toMatchObject({ settled: true, current: { version: '1.0.0' } });
    expect(releases.history.map(({ version }) => version)).toEqual(['1.1.0']);
    await carryOut(shop.undo, [inverseOf(plan)]);
    expect(Object.values(await shop.images())).toEqual(['app:1.1.0']);
  });

  it.each(['statefulSet', 'daemonSet'] as const)(
    'OnDelete: %s takes the template, and its pods stay until deleted',
    async kind => {
      const shop = await shopOf(kind, { replicas: 1, spec: { updateStrategy: { type: 'OnDelete' } } });
      await eventually('still on 1.0.0', async () => Object.values(await shop.images()).includes('app:1.0.0'));
      const before = await shop.images();
      const plan = await shop.plan();
      expect(codes(plan.warnings)).toContain('waits-for-deletion');
      expect(plan.blastRadius).toEqual([]);
      const end = await carryOut(shop.undo, plan.operations);
      expect(end).toMatchObject({ state: 'settled', note: { code: 'template-taken' } });
      expect(await shop.images()).toEqual(before);
      expect(await shop.image()).toBe('app:1.0.0');
    },
  );

  it('trap 23: a partition keeps the pods below it where they are, and plan and end say so', async () => {
    const shop = await setOf(2, good, { probe: false });
    await shop.rolledOut();
    await shop.patch({ spec: { updateStrategy: { rollingUpdate: { partition: 1 } } } });
    const plan = await shop.plan();
    expect(plan.warnings).toContainEqual(
      expect.objectContaining({
        code: 'partition-keeps-pods',
        facts: expect.objectContaining({ partition: 1, kept: 1, pods: 2 }),
      }),
    );
    const end = await carryOut(shop.undo, plan.operations);
    expect(end).toMatchObject({ state: 'settled', note: { code: 'rolled-out-above-partition' } });
    expect(await shop.images()).toEqual({ 'shop-0': 'app:1.1.0', 'shop-1': 'app:1.0.0' });
  });
});

describe('a StatefulSet that waits in vain for its broken pods', { timeout: 150_000, concurrent: true }, () => {
  it('trap 9: stuck after a bad update, it is healed by deleting the broken pod, which the plan says', async () => {
    const { api } = cluster;
    const place = await openPlace(cluster, kindRules);
    await makeWorkload(api, 'statefulSet', place.namespace, 'shop', { replicas: 2 });
    await rolledOutAs(api, 'statefulSet', place.namespace, 'shop');
    await deployTo(api, 'statefulSet', place.namespace, 'shop', { image: 'app:sick' });
    const shop = await handle('statefulSet', place);
    await eventually('a sick pod', async () => (await shop.images())['shop-1'] === 'app:sick');
    const plan = await shop.plan();
    expect(plan.operations.map(({ preview }) => preview.summary)).toMatchObject([
      { code: 'deployment-goes-back' },
      { code: 'hanging-pods-deleted', facts: { names: ['shop-1'] } },
    ]);
    expect(await carryOut(shop.undo, plan.operations)).toMatchObject({ state: 'settled', served: true });
    expect(await shop.images()).toEqual({ 'shop-0': 'app:1.0.0', 'shop-1': 'app:1.0.0' });
  });

  it('trap 21: three broken pods are deleted lowest first and all come back', async () => {
    const replicas = 3;
    const shop = await setOf(replicas, ['app:1.0.0', 'app:sick'], { spec: { podManagementPolicy: 'Parallel' } });
    const { api, namespace, place } = shop;
    const path = `/apis/apps/v1/namespaces/${namespace}/statefulsets/shop`;
    await eventually('all started', async () => (await podsOf(api, namespace, 'shop')).length === replicas);
    await api('DELETE', `${path}?propagationPolicy=Orphan`);
    await eventually('orphaned', () =>
      api('GET', path)
        .then(() => false)
        .catch(() => true),
    );
    await makeWorkload(api, 'statefulSet', namespace, 'shop', { replicas, image: 'app:sick' });
    const plan = await eventually('all adopted', async () => {
      const made = await shop.plan().catch(() => null);
      const hanging = made?.operations[1]?.preview.summary.facts?.names;
      return made !== null && Array.isArray(hanging) && hanging.length === replicas && made;
    });
    const deleted: string[] = [];
    place.proxy.before(async ({ method, path: asked }) => {
      if (method === 'DELETE') deleted.push(asked.split('/').at(-1)?.split('?')[0] ?? '');
    });
    expect(await carryOut(shop.undo, plan.operations)).toMatchObject({ state: 'settled', served: true });
    const names = Array.from({ length: replicas }, (_, at) => `shop-${at}`);
    expect([...new Set(deleted)]).toEqual(names);
    expect(await shop.images()).toEqual(Object.fromEntries(names.map(name => [name, 'app:1.0.0'])));
  });

  it('gone back to a release that does not start, it comes back by its inverse, as the plan says', async () => {
    const shop = await setOf(1, ['app:gone', 'app:1.1.0']);
    await shop.rolledOut();
    shop.place.proxy.inject({
      method: 'DELETE',
      path: /pods.shop-0/,
      times: 1,
      fault: { kind: 'answer', status: 403 },
    });
    const without = await shop.plan('gone');
    expect(codes(without.warnings)).toContain('way-back-may-hang');
    expect(without.operations[0]?.inverse?.body).not.toHaveProperty('heals');
    const { operations, warnings } = await shop.plan('gone');
    expect(codes(warnings)).toContain('way-back-deletes-pods');
    expect(await carryOut(shop.undo, operations)).toMatchObject({ state: 'failed', served: false });
    const back = operations.flatMap(({ inverse }) => (inverse ? [{ ...inverse, fingerprint: '', inverse: null }] : []));
    expect(await carryOut(shop.undo, back)).toMatchObject({ state: 'settled', served: true });
    expect(await shop.images()).toEqual({ 'shop-0': 'app:1.1.0' });
  });

  it('without the right to delete pods, the plan is refused with the right it lacks', async () => {
    const rules = kindRules.filter(({ verbs }) => !verbs.includes('delete'));
    const shop = await setOf(1, ['app:1.0.0', 'app:sick'], {}, rules);
    await eventually('a sick pod', async () => (await shop.images())['shop-0'] === 'app:sick');
    const refused = await refusalOf(shop.plan());
    expect(refused).toMatchObject({ code: 'permission-missing' });
    expect(JSON.stringify(refused)).toContain('delete');
  });
});

describe('what nobody may lose', { timeout: 120_000, concurrent: true }, () => {
  it.each(kinds)('a template field newer than any client comes back value for value: %s', async kind => {
    const shop = await shopOf(kind);
    const at = ['spec', 'template', 'spec', 'containers', '*'];
    const value = { mode: 'Strict', levels: [1, 2.5, null, { deep: true }], 'odd/key': '~' };
    const field = { kind: 'newer-field', name: 'resizeGuard', value } as const;
    shop.place.proxy.inject({ path: /\/(deployments|statefulsets|daemonsets|replicasets)/, fault: { ...field, at } });
    shop.place.proxy.inject({ path: /\/controllerrevisions/, fault: { ...field, at: ['data', ...at] } });
    const plan = await shop.plan();
    shop.place.proxy.seen.length = 0;
    expect(await carryOut(shop.undo, plan.operations)).toMatchObject({ state: 'settled' });
    const sent = shop.place.proxy.seen.filter(({ method }) => method === 'PATCH').map(({ body }) => JSON.parse(body));
    const written = sent.flat().find(({ path, op }) => path === '/spec/template' && op === 'replace');
    expect(written.value.spec.containers[0].resizeGuard).toEqual(value);
    expect(written.value.spec.containers[0].image).toBe('app:1.0.0');
  });

  it('a thousand ReplicaSets: the one that was chosen is taken, in one list', async () => {
    const shop = await shopOf('deployment', { replicas: 0, spec: { revisionHistoryLimit: 2000 } });
    const deployment = await shop.read();
    const path = `/apis/apps/v1/namespaces/${shop.namespace}/replicasets`;
    const [old] = [...((await shop.api('GET', path)).items ?? [])];
    const owner = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      name: 'shop',
      uid: deployment.metadata?.uid,
      controller: true,
      blockOwnerDeletion: true,
    };
    const one = (number: number) => {
      const hash = `h${number}`;
      const labels = { app: 'shop', 'pod-template-hash': hash };
      const template = JSON.parse(JSON.stringify(old?.spec?.template));
      template.metadata.labels = labels;
      template.spec.containers[0].image = `app:0.${number}.0`;
      const annotations = { 'deployment.kubernetes.io/revision': String(number + 2) };
      const metadata = { name: `shop-${hash}`, labels, annotations, ownerReferences: [owner] };
      return shop.api('POST', path, { metadata, spec: { replicas: 0, selector: { matchLabels: labels }, template } });
    };
    const numbers = Array.from({ length: 1000 }, (_, at) => at + 1);
    const making = async () => {
      for (let number = numbers.pop(); number !== undefined; number = numbers.pop()) await one(number);
    };
    await Promise.all(Array.from({ length: 20 }, making));
    const releases = await shop.look();
    expect(releases.history).toHaveLength(1001);
    const began = performance.now();
    const plan = await shop.plan();
    shop.place.proxy.seen.length = 0;
    await carryOut(shop.undo, plan.operations);
    expect(performance.now() - began).toBeLessThan(30_000);
    expect(await shop.image()).toBe('app:1.0.0');
  });

  it.each(kinds)(
    'trap 6: two operators at the same moment make one write; of two goals the second is refused: %s',
    async kind => {
      const shop = await shopOf(kind);
      await deployTo(shop.api, kind, shop.namespace, 'shop', { image: 'app:1.2.0' });
      await atNumber(shop.api, kind, shop.namespace, 'shop', 3);
      const generation = async () => Number((await shop.read()).metadata?.generation);
      const before = await generation();
      const [same, twin, other] = await Promise.all([shop.plan(), shop.plan(), shop.plan('1.1.0')]);
      await Promise.all([same, twin].map(({ operations }) => carryOut(shop.undo, operations)));
      expect((await generation()) - before).toBe(1);
      const operation = firstOf(other);
      expect(await refusalOf(shop.undo.apply(contexts().apply, operation))).toMatchObject({ code: 'target-changed' });
      expect(await shop.image()).toBe('app:1.0.0');
    },
  );
});
