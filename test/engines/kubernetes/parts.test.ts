import { describe, expect, it } from 'vitest';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { carryOut, contexts, neededRules, openPlace, pick, refusalOf } from './targets.ts';
import {
  atRevision,
  makeDeployment,
  patchDeployment,
  podsOf,
  readDeployment,
  rolledOut,
  setImage,
} from './workloads.ts';

const cluster = useCluster();

/** A Deployment whose first release needs a ConfigMap, a Secret's key, an account and a claim; the second needs the ConfigMap only. */
async function shopWithParts(rules = neededRules) {
  const { api } = cluster;
  const place = await openPlace(cluster, rules);
  const { namespace } = place;
  const core = `/api/v1/namespaces/${namespace}`;
  await api('POST', `${core}/configmaps`, { metadata: { name: 'flags' }, data: { mode: 'normal' } });
  await api('POST', `${core}/secrets`, { metadata: { name: 'login' }, stringData: { password: 'hunter2-canary' } });
  await api('POST', `${core}/serviceaccounts`, { metadata: { name: 'shop' } });
  await api('POST', `${core}/persistentvolumeclaims`, {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: '', resources: { requests: { storage: '1Mi' } } },
  });
  const flags = { name: 'MODE', valueFrom: { configMapKeyRef: { name: 'flags', key: 'mode' } } };
  const login = { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'login', key: 'password' } } };
  await makeDeployment(api, namespace, 'shop', {
    replicas: 0,
    env: [flags, login],
    podSpec: {
      serviceAccountName: 'shop',
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    },
  });
  await atRevision(api, namespace, 'shop', 1);
  await patchDeployment(api, namespace, 'shop', {
    spec: {
      template: {
        spec: {
          serviceAccountName: 'default',
          volumes: [{ $patch: 'delete', name: 'data' }],
          containers: [{ name: 'app', image: 'app:1.1.0', env: [{ $patch: 'delete', name: 'PASSWORD' }] }],
        },
      },
    },
  });
  await rolledOut(api, namespace, 'shop');
  const where = { namespace, deployment: 'shop' };
  const undo = await place.executor('kubernetes.rollout-undo');
  const input = { ...where, context: null, kubeconfig: null, graceSeconds: 2 };
  return { api, place, namespace, core, undo, input, look: () => place.look(where) };
}

describe('what a release needs besides itself', { timeout: 90_000 }, () => {
  it('trap 14: configuration without a version in its name stays, and the plan says since when', async () => {
    const shop = await shopWithParts();
    const merge = 'application/merge-patch+json';
    const to = pick(await shop.look(), '1.0.0');
    const second = () => Math.floor(Date.now() / 1000);
    const now = second();
    await eventually('a later second', async () => second() > now);
    await shop.api('PATCH', `${shop.core}/configmaps/flags`, { data: { mode: 'degraded' } }, merge);
    const plan = await shop.undo.plan(contexts().plan(to), shop.input);
    shop.place.proxy.clear();
    const releases = await shop.look();
    expect(shop.place.proxy.seen.filter(({ path }) => path.includes('/configmaps/'))).toHaveLength(1);
    expect(plan.notRolledBack).toMatchObject([
      { code: 'configuration-stays', facts: { name: 'ConfigMap flags', changedAt: expect.any(Number) } },
      { code: 'outside-stays', facts: { names: [] } },
    ]);
    expect(Object.keys(releases.current?.identity ?? {})).toContain('ConfigMap/flags');
    const known = { ...pick(releases, '1.0.0'), identity: releases.current?.identity ?? {} };
    expect((await shop.undo.plan(contexts().plan(known), shop.input)).notRolledBack).toEqual([]);
    expect(JSON.stringify([plan, releases])).not.toContain('hunter2');
  });

  it('trap 28: a release whose parts are gone is not eligible, and what is gone is named', async () => {
    const shop = await shopWithParts();
    const before = pick(await shop.look(), '1.0.0');
    const merge = 'application/merge-patch+json';
    await shop.api('PATCH', `${shop.core}/secrets/login`, { data: { password: null, other: 'eA==' } }, merge);
    await shop.api('DELETE', `${shop.core}/serviceaccounts/shop`);
    await shop.api('PATCH', `${shop.core}/persistentvolumeclaims/data`, { metadata: { finalizers: null } }, merge);
    await shop.api('DELETE', `${shop.core}/persistentvolumeclaims/data`);
    const missing = ['Secret login [password]', 'PersistentVolumeClaim data', 'ServiceAccount shop'];
    const [old] = (await shop.look()).history;
    expect(old?.missing).toMatchObject({ code: 'parts-gone', facts: { missing } });
    const refused = await refusalOf(shop.undo.plan(contexts().plan(before), shop.input));
    expect(refused).toMatchObject({ code: 'release-not-eligible', facts: { missing } });
    await shop.api('DELETE', `${shop.core}/configmaps/flags`);
    expect((await shop.look()).current?.missing).toMatchObject({ facts: { missing: ['ConfigMap flags'] } });
  });

  it('what we may not read is told as not checked, and refuses nothing', async () => {
    const [first, second] = neededRules;
    const weak = [first, second, { apiGroups: [''], resources: ['pods'], verbs: ['list'] }];
    const shop = await shopWithParts(weak.filter(rule => rule !== undefined));
    const plan = await shop.undo.plan(contexts().plan(pick(await shop.look(), '1.0.0')), shop.input);
    expect(plan.notChecked).toMatchObject([
      {
        code: 'references-not-readable',
        facts: { names: ['ConfigMap flags', 'Secret login', 'PersistentVolumeClaim data', 'ServiceAccount shop'] },
      },
      { code: 'image-not-pulled' },
      { code: 'services-not-readable' },
    ]);
    expect(plan.operations).toHaveLength(1);
  });

  it('trap 26: no bookkeeping is left on the Deployment, and its own annotations stay', async () => {
    const { api } = cluster;
    const place = await openPlace(cluster);
    const { namespace } = place;
    const cause = 'kubernetes.io/change-cause';
    await makeDeployment(api, namespace, 'shop', { replicas: 0, annotations: { [cause]: 'one' } });
    await atRevision(api, namespace, 'shop', 1);
    await setImage(api, namespace, 'shop', 'app:1.1.0');
    await patchDeployment(api, namespace, 'shop', { metadata: { annotations: { [cause]: 'two' } } });
    await rolledOut(api, namespace, 'shop');
    await atRevision(api, namespace, 'shop', 2);
    await patchDeployment(api, namespace, 'shop', { metadata: { annotations: { 'team.example/pager': 'shop' } } });
    const where = { namespace, deployment: 'shop' };
    const undo = await place.executor('kubernetes.rollout-undo');
    const input = { ...where, context: null, kubeconfig: null, graceSeconds: 2 };
    const plan = await undo.plan(contexts().plan(pick(await place.look(where), '1.0.0')), input);
    await carryOut(undo, plan.operations);
    const after = await atRevision(api, namespace, 'shop', 3);
    expect(after.metadata?.annotations).toEqual({
      [cause]: 'one',
      'team.example/pager': 'shop',
      'deployment.kubernetes.io/revision': '3',
    });
    const managers = [...((await readDeployment(api, namespace, 'shop')).metadata?.managedFields ?? [])];
    expect(managers.map(({ manager }) => String(manager))).toContain('backout');
  });

  it('trap 27: an old ReplicaSet that nobody saw alive is shown without a word on how good it is', async () => {
    const { api } = cluster;
    const place = await openPlace(cluster);
    const { namespace } = place;
    await makeDeployment(api, namespace, 'shop', { image: 'app:never-ran', replicas: 0, probe: false });
    await atRevision(api, namespace, 'shop', 1);
    await setImage(api, namespace, 'shop', 'app:1.0.0');
    await patchDeployment(api, namespace, 'shop', { spec: { replicas: 1 } });
    await rolledOut(api, namespace, 'shop');
    const { history, settled, current } = await place.look({ namespace, deployment: 'shop' });
    expect(settled).toBe(true);
    expect(current?.identity['image/app']).toMatch(/sha256:/);
    expect(history).toEqual([
      {
        key: expect.stringMatching(/^[0-9a-f]{32}$/),
        version: 'never-ran',
        identity: { template: history[0]?.key },
        createdAt: expect.any(Number),
        missing: null,
        shown: { revision: '1', history: expect.stringMatching(/^shop-/) },
      },
    ]);
  });

  it('an image that lies on no node and is never pulled is gone; one that lies on all needs no pull', async () => {
    const { api } = cluster;
    const place = await openPlace(cluster, neededRules, [{ apiGroups: [''], resources: ['nodes'], verbs: ['list'] }]);
    const { namespace } = place;
    await makeDeployment(api, namespace, 'shop', { image: 'app:never-there', replicas: 0 });
    await atRevision(api, namespace, 'shop', 1);
    await setImage(api, namespace, 'shop', 'app:1.0.0');
    await atRevision(api, namespace, 'shop', 2);
    await setImage(api, namespace, 'shop', 'app:1.1.0');
    await atRevision(api, namespace, 'shop', 3);
    const where = { namespace, deployment: 'shop' };
    const releases = await place.look(where);
    const images = ['app:never-there'];
    expect(releases.history.map(({ missing }) => missing)).toMatchObject([
      null,
      { code: 'parts-gone', facts: { images } },
    ]);
    const undo = await place.executor('kubernetes.rollout-undo');
    const input = { ...where, context: null, kubeconfig: null, graceSeconds: 2, replaceImmutable: false };
    const gone = await refusalOf(undo.plan(contexts().plan(pick(releases, 'never-there')), input));
    expect(gone).toMatchObject({ code: 'release-not-eligible', facts: { images } });
    expect((await undo.plan(contexts().plan(pick(releases, '1.0.0')), input)).notChecked).toEqual([]);
  });

  it('a quota that leaves no room for the first new pod is seen before anybody is asked', async () => {
    const { api } = cluster;
    const rules = [...neededRules, { apiGroups: [''], resources: ['resourcequotas'], verbs: ['list'] }];
    const place = await openPlace(cluster, rules);
    const { namespace } = place;
    const spec = { strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } };
    await makeDeployment(api, namespace, 'shop', { replicas: 0, probe: false, spec });
    await atRevision(api, namespace, 'shop', 1);
    await setImage(api, namespace, 'shop', 'app:1.1.0');
    await atRevision(api, namespace, 'shop', 2);
    await patchDeployment(api, namespace, 'shop', { spec: { replicas: 1 } });
    await rolledOut(api, namespace, 'shop');
    const quotas = `/api/v1/namespaces/${namespace}/resourcequotas`;
    await eventually('one pod', async () => (await podsOf(api, namespace, 'shop')).length === 1);
    await api('POST', quotas, { metadata: { name: 'full' }, spec: { hard: { pods: '1' } } });
    await eventually('counted', async () => String((await api('GET', `${quotas}/full`)).status?.used?.pods) === '1');
    const where = { namespace, deployment: 'shop' };
    const undo = await place.executor('kubernetes.rollout-undo');
    const input = { ...where, context: null, kubeconfig: null, graceSeconds: 2, replaceImmutable: false };
    const to = pick(await place.look(where), '1.0.0');
    const full = ['ResourceQuota full (pods: 1 of 1)'];
    const refused = await refusalOf(undo.plan(contexts().plan(to), input));
    expect(refused).toMatchObject({ code: 'release-not-eligible', facts: { full } });
    const missing = { spec: { strategy: { rollingUpdate: { maxUnavailable: 1 } } } };
    await patchDeployment(api, namespace, 'shop', missing);
    expect((await undo.plan(contexts().plan(to), input)).operations).toHaveLength(1);
  });
});
