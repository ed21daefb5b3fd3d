import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { StepPlan } from '../../../src/domain/plan.ts';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { entryOf } from './configuration.ts';
import { canaryIngress, openOwned } from './ownership-world.ts';
import { carryOut, contexts, firstOf, pick, refusalOf } from './targets.ts';
import { imageOf } from './workloads.ts';

const cluster = useCluster();
beforeAll(async () => {
  for (const set of ['argo-cd', 'flux'] as const)
    await eventually(set, () => cluster.installCrds(set).catch(() => undefined), 120_000);
}, 240_000);

/** A shop with a planner of its undo. */
async function open() {
  const shop = await openOwned(cluster);
  const { namespace, place } = shop;
  const where = { namespace, deployment: 'shop' };
  const undo = await place.executor('kubernetes.rollout-undo');
  const to = pick(await place.look(where), '1.0.0');
  const plan = (choice: JsonObject) =>
    undo.plan(contexts().plan(to), {
      ...where,
      context: null,
      kubeconfig: null,
      graceSeconds: 2,
      argocd: namespace,
      ...choice,
    });
  return { ...shop, undo, plan, image: () => imageOf(shop.api, namespace, 'shop') };
}

const byArgo = { labels: { 'argocd.argoproj.io/instance': 'shop' } };
/** Manager of the fields that Argo CD writes. */
const argoManager = 'argocd-controller';
const byFlux = (namespace: string) => ({
  labels: { 'kustomize.toolkit.fluxcd.io/name': 'shop', 'kustomize.toolkit.fluxcd.io/namespace': namespace },
});
const codes = (notes: StepPlan['warnings']) => notes.map(({ code }) => code);
const objects = (plan: StepPlan) => plan.operations.map(({ object }) => object);

/** Carries the inverses out, the last operation first, as a compensation does. */
async function putBack(undo: Awaited<ReturnType<typeof open>>['undo'], plan: StepPlan): Promise<void> {
  for (const { inverse } of [...plan.operations].reverse()) {
    if (!inverse) throw new Error('no inverse');
    await undo.apply(contexts().apply, inverse);
    await undo.settle(contexts().apply, inverse);
  }
}

describe('a target that another tool renders', { timeout: 60_000 }, () => {
  it('is refused with the choices there are, before anybody is asked', async () => {
    const shop = await open();
    await shop.mark(byArgo);
    const refused = await refusalOf(shop.plan({}));
    expect(refused).toMatchObject({
      code: 'owned-by-other',
      facts: { owner: ['Argo CD'], can: ['suspend', 'git', 'anyway'] },
    });
    await shop.mark({ labels: { 'argocd.argoproj.io/instance': null, 'app.kubernetes.io/managed-by': 'Helm' } });
    expect(await refusalOf(shop.plan({}))).toMatchObject({
      facts: { owner: ['Helm'], can: ['helm', 'git', 'anyway'] },
    });
    expect(await refusalOf(shop.plan({ owner: 'suspend' }))).toMatchObject({
      code: 'owner-not-suspendable',
      facts: { why: 'passive' },
    });
  });

  it('trap 12, `owner: anyway`: goes on knowingly, and a tool that came since still refuses', async () => {
    const shop = await open();
    await shop.mark(byArgo);
    const plan = await shop.plan({ owner: 'anyway' });
    expect(codes(plan.warnings)).toContain('owner-undoes');
    await shop.mark({ annotations: { 'meta.helm.sh/release-name': 'shop' } });
    const operation = firstOf(plan);
    expect(await refusalOf(shop.undo.apply(contexts().apply, operation))).toMatchObject({ code: 'owned-by-other' });
    await shop.mark({ annotations: { 'meta.helm.sh/release-name': null } });
    await carryOut(shop.undo, plan.operations);
    expect(await shop.image()).toBe('app:1.0.0');
  });

  it('trap 25, Argo CD: its automated sync is switched off first, stays off, and its inverse puts it back as it was', async () => {
    const shop = await open();
    const before = await shop.make('Application', 'shop');
    await shop.mark(byArgo);
    const plan = await shop.plan({ owner: 'suspend' });
    expect(objects(plan)).toEqual([`application ${shop.namespace}/shop`, `deployment ${shop.namespace}/shop`]);
    const [suspension] = plan.operations;
    expect(suspension).toMatchObject({ untilReleased: true, preview: { summary: { code: 'owner-suspends' } } });
    expect(codes(plan.warnings)).toContain('owner-stays-suspended');
    expect((await shop.read('Application', 'shop')).spec).toEqual(before.spec);
    await carryOut(shop.undo, plan.operations);
    expect(await shop.image()).toBe('app:1.0.0');
    const policy = (await shop.read('Application', 'shop')).spec?.syncPolicy;
    expect(policy).toEqual({ syncOptions: ['CreateNamespace=true'] });
    for (const operation of plan.operations)
      expect((await shop.undo.observe(contexts().apply, operation)).state, operation.object).toBe('applied');
    await carryOut(shop.undo, plan.operations);
    await putBack(shop.undo, plan);
    expect(await shop.image()).toBe('app:1.1.0');
    expect((await shop.read('Application', 'shop')).spec).toEqual(before.spec);
  });

  it('Argo CD: a sync that is at work is waited for; one that somebody changed meanwhile is not overwritten', async () => {
    const shop = await open();
    await shop.make('Application', 'shop');
    await shop.patch('Application', 'shop', { operation: { sync: {} } });
    await shop.mark(byArgo);
    const { operations } = await shop.plan({ owner: 'suspend' });
    const suspension = firstOf({ operations });
    await shop.undo.apply(contexts().apply, suspension);
    const settling = shop.undo.settle(contexts().apply, suspension);
    await shop.patch('Application', 'shop', { operation: null });
    expect(await settling).toMatchObject({ state: 'settled', note: { code: 'owner-is-suspended' } });
    await shop.patch('Application', 'shop', { spec: { syncPolicy: { automated: { prune: false } } } });
    expect(await refusalOf(shop.undo.apply(contexts().apply, suspension))).toMatchObject({ code: 'target-changed' });
    const seen = await shop.undo.observe(contexts().apply, suspension);
    expect(seen.state).toBe('not-applied');
    expect(seen.fingerprint).not.toBe(suspension.fingerprint);
  });

  it('Argo CD without automated sync needs no suspension, and the plan says so', async () => {
    const shop = await open();
    await shop.make('Application', 'shop', { spec: { syncPolicy: {} } });
    await shop.mark(byArgo);
    const plan = await shop.plan({ owner: 'suspend' });
    expect(objects(plan)).toEqual([`deployment ${shop.namespace}/shop`]);
    expect(codes(plan.warnings)).toContain('owner-already-suspended');
  });

  it('Argo CD, app of apps: a parent that would switch it on again is named, and suspended first where that was chosen', async () => {
    const shop = await open();
    await shop.make('Application', 'root', { metadata: { labels: { 'argocd.argoproj.io/instance': 'root' } } });
    const tracking = `root:argoproj.io/Application:${shop.namespace}/shop`;
    await shop.make('Application', 'shop', {
      metadata: { annotations: { 'argocd.argoproj.io/tracking-id': tracking } },
    });
    await shop.mark(byArgo);
    const root = `application ${shop.namespace}/root`;
    expect(await refusalOf(shop.plan({ owner: 'suspend' }))).toMatchObject({
      code: 'owner-has-parent',
      facts: { owner: [root], can: ['suspend-parents', 'git', 'anyway'] },
    });
    const plan = await shop.plan({ owner: 'suspend-parents' });
    expect(objects(plan).slice(0, 2)).toEqual([root, `application ${shop.namespace}/shop`]);
    await carryOut(shop.undo, plan.operations);
    expect((await shop.read('Application', 'root')).spec?.syncPolicy?.automated).toBeUndefined();
  });

  it('Argo CD before 3.0, by default: a label that others use too counts where the Application of that name lists the object', async () => {
    const shop = await open();
    await shop.make('Application', 'root');
    await shop.make(
      'Application',
      'shop',
      { metadata: { labels: { 'app.kubernetes.io/instance': 'root' } } },
      argoManager,
    );
    await shop.mark({ labels: { 'app.kubernetes.io/instance': 'shop' } }, argoManager);
    const unnamed = { code: 'owner-not-suspendable', facts: { why: 'unnamed' } };
    expect(await refusalOf(shop.plan({ owner: 'suspend' }))).toMatchObject(unnamed);
    const { namespace } = shop;
    const lists = (group: string, kind: string, name = 'shop') => ({
      status: { resources: [{ group, kind, name, namespace, version: 'v1', status: 'Synced' }] },
    });
    await shop.patch('Application', 'shop', lists('apps', 'Deployment', 'other'));
    expect(await refusalOf(shop.plan({ owner: 'suspend' }))).toMatchObject(unnamed);
    await shop.patch('Application', 'shop', lists('apps', 'Deployment'));
    expect(objects(await shop.plan({ owner: 'suspend' }))[0]).toBe(`application ${namespace}/shop`);
    await shop.patch('Application', 'root', lists('argoproj.io', 'Application'));
    expect(await refusalOf(shop.plan({ owner: 'suspend' }))).toMatchObject({
      code: 'owner-has-parent',
      facts: { owner: [`application ${namespace}/root`] },
    });
  });

  it('Argo CD, ApplicationSet: refused unless it leaves the sync policy of its Applications alone', async () => {
    const shop = await open();
    const set = await shop.make('ApplicationSet', 'all');
    const uid = String(set.metadata?.uid);
    const owner = { apiVersion: 'argoproj.io/v1alpha1', kind: 'ApplicationSet', name: 'all', uid };
    await shop.make('Application', 'shop', { metadata: { ownerReferences: [{ ...owner, controller: true }] } });
    await shop.mark(byArgo);
    for (const choice of ['suspend', 'suspend-parents'])
      expect(await refusalOf(shop.plan({ owner: choice }))).toMatchObject({
        code: 'owner-has-parent',
        facts: { owner: [`applicationset ${shop.namespace}/all`], can: ['ignore', 'git', 'anyway'] },
      });
    await shop.patch('ApplicationSet', 'all', {
      spec: { ignoreApplicationDifferences: [{ jsonPointers: ['/spec/syncPolicy'] }] },
    });
    expect((await shop.plan({ owner: 'suspend' })).operations).toHaveLength(2);
  });

  it('trap 25, Flux: the Kustomization is suspended and put back; its parent matters only where Git says `suspend`', async () => {
    const shop = await open();
    await shop.make('Kustomization', 'root');
    const labels = {
      'kustomize.toolkit.fluxcd.io/name': 'root',
      'kustomize.toolkit.fluxcd.io/namespace': shop.namespace,
    };
    const before = await shop.make('Kustomization', 'shop', { metadata: { labels } }, 'kustomize-controller');
    await shop.mark(byFlux(shop.namespace));
    const plan = await shop.plan({ owner: 'suspend' });
    expect(objects(plan)[0]).toBe(`kustomization ${shop.namespace}/shop`);
    await carryOut(shop.undo, plan.operations);
    expect((await shop.read('Kustomization', 'shop')).spec?.suspend).toBe(true);
    await putBack(shop.undo, plan);
    expect((await shop.read('Kustomization', 'shop')).spec).toEqual(before.spec);
    const path = `/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/${shop.namespace}/kustomizations/shop?fieldManager=kustomize-controller`;
    await shop.api('PATCH', path, { spec: { suspend: false } }, 'application/merge-patch+json');
    expect(await refusalOf(shop.plan({ owner: 'suspend' }))).toMatchObject({
      code: 'owner-has-parent',
      facts: { owner: [`kustomization ${shop.namespace}/root`] },
    });
    const both = await shop.plan({ owner: 'suspend-parents' });
    expect(objects(both).slice(0, 2)).toEqual(['root', 'shop'].map(name => `kustomization ${shop.namespace}/${name}`));
  });

  it('Flux, HelmRelease; one that is suspended already is left alone; one that is not there is said to be elsewhere', async () => {
    const shop = await open();
    const labels = { 'helm.toolkit.fluxcd.io/name': 'shop', 'helm.toolkit.fluxcd.io/namespace': shop.namespace };
    await shop.mark({ labels, annotations: { 'meta.helm.sh/release-name': 'shop' } });
    expect(await refusalOf(shop.plan({ owner: 'suspend' }))).toMatchObject({
      code: 'plan-failed',
      facts: { why: 'no-reconciler' },
    });
    await shop.make('HelmRelease', 'shop');
    const plan = await shop.plan({ owner: 'suspend' });
    await carryOut(shop.undo, plan.operations);
    expect((await shop.read('HelmRelease', 'shop')).spec?.suspend).toBe(true);
    expect(await shop.image()).toBe('app:1.0.0');
    await putBack(shop.undo, plan);
    await shop.patch('HelmRelease', 'shop', { spec: { suspend: true } });
    const again = await shop.plan({ owner: 'suspend' });
    expect(objects(again)).toEqual([`deployment ${shop.namespace}/shop`]);
  });

  it('what was resumed by hand, set otherwise, deleted or made anew since is let go of, and not written over', async () => {
    const shop = await open();
    await shop.make('Application', 'shop');
    await shop.make('Kustomization', 'shop');
    await shop.mark({ labels: { ...byArgo.labels, ...byFlux(shop.namespace).labels } });
    const { operations } = await shop.plan({ owner: 'suspend' });
    const [argo, flux] = operations.map(({ inverse }) => inverse);
    if (!argo || !flux) throw new Error('nothing planned');
    await carryOut(shop.undo, operations.slice(0, 2));
    const state = async (operation: typeof argo) => (await shop.undo.observe(contexts().apply, operation)).state;
    expect([await state(argo), await state(flux)]).toEqual(['not-applied', 'not-applied']);
    await shop.patch('Kustomization', 'shop', { spec: { suspend: false } });
    const setAnew = { enabled: false, prune: false };
    await shop.patch('Application', 'shop', { spec: { syncPolicy: { automated: setAnew } } });
    for (const back of [argo, flux]) {
      expect(await state(back), back.object).toBe('applied');
      await shop.undo.apply(contexts().apply, back);
      expect(await shop.undo.settle(contexts().apply, back)).toMatchObject({ state: 'settled' });
    }
    expect((await shop.read('Application', 'shop')).spec?.syncPolicy?.automated).toEqual(setAnew);
    await shop.remove('Application', 'shop');
    expect(await shop.undo.observe(contexts().apply, argo)).toMatchObject({
      state: 'applied',
      note: { code: 'owner-gone' },
    });
    await shop.make('Application', 'shop', { spec: { syncPolicy: {} } });
    expect(await state(argo)).toBe('applied');
    await shop.undo.apply(contexts().apply, argo);
    expect((await shop.read('Application', 'shop')).spec?.syncPolicy).toEqual({});
  });

  it('other steps take the choice too: scale, set-env and a ConfigMap', async () => {
    const shop = await open();
    await shop.make('Application', 'shop');
    await shop.mark(byArgo);
    const core = `/api/v1/namespaces/${shop.namespace}/configmaps`;
    await shop.api('POST', core, { metadata: { name: 'flags', ...byArgo }, data: { mode: 'new' } });
    const at = { namespace: shop.namespace, context: null, kubeconfig: null, argocd: shop.namespace, owner: 'suspend' };
    const flags = await shop.place.executor('kubernetes.configmap');
    const plan = await flags.plan(contexts().plan(null), {
      ...at,
      configMap: 'flags',
      set: { mode: 'old' },
      remove: [],
    });
    expect(objects(plan)).toEqual([`application ${shop.namespace}/shop`, `configmap ${shop.namespace}/flags`]);
    await carryOut(flags, plan.operations);
    expect((await shop.api('GET', `${core}/flags`)).data?.mode).toBe('old');
    const env = await shop.place.executor('kubernetes.set-env');
    const input = { ...at, deployment: 'shop', set: { MODE: 'old' }, remove: [], containers: null, graceSeconds: 2 };
    await carryOut(env, (await env.plan(contexts().plan(null), input)).operations);
  });

  it('so do manifests that are applied and canary Ingresses', async () => {
    const shop = await open();
    const { api, namespace, place } = shop;
    await shop.make('Application', 'shop');
    const choice = { namespace, argocd: namespace, owner: 'suspend' };
    const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'flags' }, data: { mode: 'old' } };
    const core = `/api/v1/namespaces/${namespace}`;
    await api('POST', `${core}/configmaps`, { metadata: { name: 'flags', ...byArgo }, data: { mode: 'new' } });
    await mkdir(join(place.folder, 'stable'));
    await writeFile(join(place.folder, 'stable', 'flags.json'), JSON.stringify(configMap));
    const apply = await place.executor('kubernetes.apply');
    const applying = entryOf('kubernetes.apply').input.parse({ ...choice, folder: 'stable', force: true });
    const manifests = await apply.plan(contexts().plan(null), applying);
    expect(objects(manifests)).toEqual([`application ${namespace}/shop`, `configmap ${namespace}/flags`]);
    await carryOut(apply, manifests.operations);
    expect((await api('GET', `${core}/configmaps/flags`)).data?.mode).toBe('old');
    await putBack(apply, manifests);
    await canaryIngress(shop, byArgo);
    const traffic = await place.executor('kubernetes.traffic-weight');
    const shifting = entryOf('kubernetes.traffic-weight').input.parse({ ...choice, name: 'shop' });
    const shift = await traffic.plan(contexts().plan(null), shifting);
    expect(objects(shift)).toEqual([`application ${namespace}/shop`, `ingress ${namespace}/shop`]);
    await carryOut(traffic, shift.operations);
    expect((await shop.read('Application', 'shop')).spec?.syncPolicy?.automated).toBeUndefined();
    await putBack(traffic, shift);
    expect((await shop.read('Application', 'shop')).spec?.syncPolicy?.automated).toBeDefined();
  });
});
