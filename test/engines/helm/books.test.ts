import { describe, expect, it, type TestContext } from 'vitest';
import { unpack, withStatus } from '../../../src/adapters/helm/payload.ts';
import { type Rules, useCluster } from '../../cluster/suite.ts';
import { ownerRules, toolsIn } from '../kubernetes/ownership-world.ts';
import { carryOut, contexts, inverseOf, pick, releaseOf } from '../kubernetes/targets.ts';
import { atRevision, imageOf, readDeployment, rolledOut } from '../kubernetes/workloads.ts';
import { hookFile } from './chart.ts';
import { type Helm, type HelmPlace, helms, neededRules, openHelm } from './world.ts';

const cluster = useCluster();

async function open(program: Helm, { onTestFinished }: TestContext, rules?: Rules): Promise<HelmPlace> {
  const place = await openHelm(cluster, program, rules);
  onTestFinished(place.close);
  return place;
}

/** What the API server takes from nobody: helm's upgrade fails at once. */
const refused = { 'templates/refused.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: Not_A_Name\n' };

const codes = (notes: readonly { readonly code: string }[]) => notes.map(({ code }) => code);
const limit = { timeout: 120_000 };

describe.concurrent.each(helms)('helm.rollback by %s', program => {
  it(
    'trap 10: the revision before is failed, so the good one below it is taken, by its number',
    limit,
    async context => {
      const place = await open(program, context);
      await place.deploy({ image: 'app:1.0.0', replicas: 1 });
      await rolledOut(cluster.api, place.namespace, 'shop');
      await expect(place.deploy({ image: 'app:1.1.0', mode: 'worse', replicas: 1, files: refused })).rejects.toThrow();
      await place.deploy({ image: 'app:sick', mode: 'bad', password: 'other', replicas: 1 });
      const seen = await place.look();
      expect(seen.current?.version).toBe('sick');
      expect(seen.settled).toBe(false);
      expect(seen.history.map(({ version, missing }) => [version, missing?.code ?? null])).toEqual([
        ['1.1.0', 'helm-revision-not-rolled-out'],
        ['1.0.0', null],
      ]);
      const executor = place.executor();
      const failed = seen.history[0];
      if (!failed) throw new Error('no failed release');
      await expect(executor.plan(contexts().plan(releaseOf(failed)), place.input)).rejects.toMatchObject({
        reason: { code: 'release-not-eligible', facts: { why: 'revision-is', revision: 2, status: 'failed' } },
      });
      const plan = await executor.plan(contexts().plan(pick(seen, '1.0.0')), place.input);
      expect(plan.operations[0]?.preview.summary.facts).toMatchObject({ from: 3, to: 1, changed: 3 });
      expect(await carryOut(executor, plan.operations)).toMatchObject({ state: 'settled', served: true });
      expect(await imageOf(cluster.api, place.namespace, 'shop')).toBe('app:1.0.0');
      expect((await place.history()).map(({ status }) => status)).toEqual([
        'superseded',
        'failed',
        'superseded',
        'deployed',
      ]);
      const after = await place.look();
      expect(after.current?.key).toBe(pick(seen, '1.0.0').key);
      expect(after).toMatchObject({ settled: true, restarts: 0, failing: null });
    },
  );

  it('a pending revision may be helm at work; once abandoned it is marked failed first', limit, async context => {
    const place = await open(program, context);
    await place.deploy({ image: 'app:1.0.0' });
    await place.deploy({ image: 'app:1.1.0' });
    const releases = await place.look();
    const executor = place.executor();
    await makePending(place, 2);
    const fresh = executor.plan(contexts().plan(pick(releases, '1.0.0')), place.input);
    await expect(fresh).rejects.toMatchObject({
      reason: { code: 'plan-failed', facts: { why: 'helm-at-work', status: 'pending-upgrade' } },
    });
    place.later(60_000);
    const plan = await executor.plan(contexts().plan(pick(releases, '1.0.0')), place.input);
    expect(codes(plan.warnings)).toContain('helm-unlocks');
    expect(plan.operations[0]?.inverse).toBeNull();
    expect(await carryOut(executor, plan.operations)).toMatchObject({ state: 'settled' });
    const books = await place.history();
    expect(books.map(({ status }) => status)).toEqual(['superseded', 'failed', 'deployed']);
    expect(books[1]?.description).toContain('marked failed by Backout');
    await place.deploy({ image: 'app:1.2.0' });
    const told = JSON.parse(await place.helm('history', 'shop', '--output', 'json'));
    expect(told).toMatchObject(await place.history());
  });

  it('takes a change of values alone back, and calls two of one tag by different names', limit, async context => {
    const place = await open(program, context);
    await place.deploy({ mode: 'one' });
    const big = '--set-json=limits.big=12345678901234567890';
    await place.deploy({ mode: 'one' }, big);
    await place.deploy({ mode: 'two' });
    const releases = await place.look();
    expect(releases.current?.version).toBe('1.0.0');
    expect(new Set(releases.history.map(({ version }) => version)).size).toBe(2);
    const [last] = releases.history;
    if (!last) throw new Error('no release');
    const executor = place.executor();
    const plan = await executor.plan(contexts().plan(releaseOf(last)), place.input);
    expect(await carryOut(executor, plan.operations)).toMatchObject({ state: 'settled' });
    const config = await cluster.api('GET', `/api/v1/namespaces/${place.namespace}/configmaps/shop`);
    expect(config.data?.MODE).toBe('one');
    expect((await place.look()).current?.key).toBe(last.key);
    const again = await executor.plan(contexts().plan(releaseOf(last)), place.input);
    expect(again.operations).toEqual([]);
  });

  it('leaves the same objects and the same books, field by field, as helm rollback by hand', limit, async context => {
    const [ours, theirs] = [await open(program, context), await open(program, context)];
    for (const place of [ours, theirs]) {
      await place.deploy({ image: 'app:1.0.0', mode: 'one', password: 'first' });
      await place.deploy({ image: 'app:1.1.0', mode: 'two', password: 'second' });
    }
    const executor = ours.executor();
    const plan = await executor.plan(contexts().plan(pick(await ours.look(), '1.0.0')), ours.input);
    await carryOut(executor, plan.operations);
    await theirs.helm('rollback', 'shop', '1', '--wait', '--cleanup-on-fail');
    for (const { namespace } of [ours, theirs]) await atRevision(cluster.api, namespace, 'shop', 3);
    for (const { namespace } of [ours, theirs]) await rolledOut(cluster.api, namespace, 'shop');
    const [a, b] = await Promise.all([ours, theirs].map(objectsOf));
    expect(a).toEqual(b);
    const [mine, other] = await Promise.all([ours, theirs].map(booksOf));
    expect(mine).toEqual(other);
    expect(mine).toHaveLength(3);
  });

  it('replaces objects whole only where it is told to (102, 139)', limit, async context => {
    const place = await open(program, context);
    const files = { 'templates/deployment.yaml': '' };
    const path = `/api/v1/namespaces/${place.namespace}/configmaps/shop`;
    const extra = async () => (await cluster.api('GET', path)).data?.EXTRA;
    const executor = place.executor();
    const goBack = async (force: boolean) => {
      const to = pick(await place.look(), '1.0.0');
      const plan = await executor.plan(contexts().plan(to), { ...place.input, force });
      expect(codes(plan.warnings).includes('helm-forces')).toBe(force);
      expect(await carryOut(executor, plan.operations)).toMatchObject({ state: 'settled' });
    };
    for (const mode of ['one', 'two']) await place.deploy({ image: `app:1.${mode === 'one' ? 0 : 1}.0`, mode, files });
    await cluster.api('PATCH', path, { data: { EXTRA: 'by hand' } }, 'application/merge-patch+json');
    await goBack(false);
    expect(await extra()).toBe('by hand');
    await place.deploy({ image: 'app:1.1.0', mode: 'two', files });
    await goBack(true);
    expect(await extra()).toBeUndefined();
  });
});

/** No helm goes back here, and the rows above read the books of both. */
describe.concurrent('helm.rollback, what its plan tells', () => {
  it(
    'trap 10: a revision that was pruned, or whose Secret is gone, may not be taken, nor is an upgrade after the plan rolled over',
    limit,
    async context => {
      const place = await open('helm4', context);
      await place.deploy({ image: 'app:1.0.0' });
      await place.deploy({ image: 'app:1.1.0' });
      const before = await place.look();
      const [first, second] = [pick(before, '1.0.0'), pick(before, '1.1.0')];
      const executor = place.executor();
      const early = await executor.plan(contexts().plan(first), place.input);
      await place.deploy({ image: 'app:1.2.0' }, '--history-max', '2');
      await expect(carryOut(executor, early.operations)).rejects.toMatchObject({ reason: { code: 'target-changed' } });
      expect(await imageOf(cluster.api, place.namespace, 'shop')).toBe('app:1.2.0');
      const gone = { reason: { code: 'release-not-eligible' } };
      await expect(executor.plan(contexts().plan(first), place.input)).rejects.toMatchObject(gone);
      const plan = await executor.plan(contexts().plan(second), place.input);
      const secrets = `/api/v1/namespaces/${place.namespace}/secrets`;
      await cluster.api('DELETE', `${secrets}/sh.helm.release.v1.shop.v2`);
      await expect(carryOut(executor, plan.operations)).rejects.toMatchObject(gone);
      expect((await place.history()).map(({ revision }) => revision)).toEqual([3]);
      expect(place.started.filter(line => line.includes(' rollback '))).toEqual([]);
    },
  );

  it('shows a diff without the values of secrets, what is deleted, and what stays', limit, async context => {
    const place = await open('helm4', context);
    const claim = (keep: boolean) => `
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: ${keep ? 'kept' : 'lost'}
  annotations: {${keep ? 'helm.sh/resource-policy: keep' : ''}}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Mi}}
`;
    await place.deploy({ password: 'first-secret-value' });
    const files = {
      'templates/kept.yaml': claim(true),
      'templates/lost.yaml': claim(false),
      'templates/migrate.yaml': hookFile('migrate', 'post-upgrade'),
      'crds/price.yaml': 'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n',
    };
    await place.deploy({ image: 'app:1.1.0', password: 'second-secret-value', files }, '--no-hooks');
    const releases = await place.look();
    const plan = await place.executor().plan(contexts().plan(pick(releases, '1.0.0')), place.input);
    const diff = plan.operations[0]?.preview.diff ?? '';
    expect(diff).toContain('-          image: app:1.1.0\n+          image: app:1.0.0');
    expect(diff).toContain('-  PASSWORD: (hidden)\n+  PASSWORD: (hidden, another value)');
    expect(JSON.stringify(plan)).not.toContain('secret-value');
    expect(plan.blastRadius).toMatchObject([
      { code: 'helm-restarts', facts: { names: ['Deployment/shop'] } },
      { code: 'helm-deletes', facts: { names: ['PersistentVolumeClaim/lost'] } },
    ]);
    expect(plan.warnings).toMatchObject([
      { code: 'helm-deletes-data', facts: { names: ['PersistentVolumeClaim/lost'] } },
    ]);
    expect(plan.notRolledBack).toMatchObject([
      { code: 'helm-hooks-stay', facts: { names: ['Job/migrate'] } },
      { code: 'helm-crds-stay', facts: { names: ['crds/price.yaml'] } },
      { code: 'helm-volumes-stay', facts: { names: ['PersistentVolumeClaim/lost'] } },
      { code: 'helm-keeps', facts: { names: ['PersistentVolumeClaim/kept'] } },
    ]);
  });

  it('doctor tells whether a release can be taken back', limit, async context => {
    const place = await open('helm4', context);
    const files = { 'templates/deployment.yaml': '' };
    const found = async (input: object) => (await place.examine({ ...input }))[0];
    expect(await found({})).toMatchObject({ state: 'broken', message: 'helm knows no such release there' });
    await place.deploy({ mode: 'one', files });
    expect(await found({})).toMatchObject({ state: 'warning' });
    await place.deploy({ mode: 'two', files });
    expect(await found({})).toMatchObject({ state: 'ok', message: 'can be read: revision 2 of 2 kept is deployed' });
    expect(await found({ binary: 'no-such-helm' })).toMatchObject({ message: 'no-such-helm: no such program' });
    expect(await found({ binary: '/usr/bin/true' })).toMatchObject({ state: 'broken' });
  });
});

it('a release that Flux renders is refused, or goes back once its HelmRelease is suspended', limit, async context => {
  await cluster.installCrds('flux');
  const place = await open('helm4', context, [...neededRules, ...ownerRules]);
  const { namespace } = place;
  const flux = toolsIn(cluster.api, namespace);
  await flux.make('HelmRelease', 'shop');
  const files = {
    'templates/mark.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: mark\n  labels: {helm.toolkit.fluxcd.io/name: shop}\n',
  };
  await place.deploy({ files });
  await place.deploy({ image: 'app:1.1.0', files });
  const to = pick(await place.look(), '1.0.0');
  const executor = place.executor();
  await expect(executor.plan(contexts().plan(to), place.input)).rejects.toMatchObject({
    reason: { code: 'owned-by-other', facts: { owner: ['Flux'], can: ['suspend', 'git', 'anyway'] } },
  });
  const plan = await executor.plan(contexts().plan(to), { ...place.input, owner: 'suspend' });
  expect(plan.operations.map(({ object }) => object)).toEqual([
    `helmrelease ${namespace}/shop`,
    `helm release ${namespace}/shop`,
  ]);
  expect(codes(plan.warnings)).toContain('owner-stays-suspended');
  await carryOut(executor, plan.operations);
  expect((await flux.read('HelmRelease', 'shop')).spec?.suspend).toBe(true);
  expect(await imageOf(cluster.api, namespace, 'shop')).toBe('app:1.0.0');
  await carryOut(executor, [inverseOf(plan)]);
  expect((await flux.read('HelmRelease', 'shop')).spec?.suspend ?? false).toBe(false);
  expect(await imageOf(cluster.api, namespace, 'shop')).toBe('app:1.0.0');
});

it('helm.release tells the pods of the present template of a StatefulSet and of a DaemonSet', limit, async context => {
  const place = await open('helm4', context);
  const workload = (kind: string, name: string, more: string, where = '') =>
    `
apiVersion: apps/v1
kind: ${kind}
metadata: {name: ${name}}
spec: {${more}selector: {matchLabels: {app: ${name}}}, template: {metadata: {labels: {app: ${name}}}, spec: {${where}terminationGracePeriodSeconds: 1, containers: [{name: app, image: 'app:1.0.0', imagePullPolicy: Never, env: [{name: MODE, value: {{ .Values.mode }}}]}]}}}
`;
  const files = {
    'templates/deployment.yaml': '',
    'templates/db.yaml': workload('StatefulSet', 'db', 'serviceName: db, replicas: {{ .Values.replicas }}, '),
    'templates/logs.yaml': workload(
      'DaemonSet',
      'logs',
      '',
      ' {{ if eq .Values.mode "one" }}nodeSelector: {is: nowhere}, {{ end }}',
    ),
  };
  await place.deploy({ files, mode: 'one' });
  await place.deploy({ files, mode: 'two', replicas: 1 }, '--wait');
  expect(await place.look()).toMatchObject({ settled: true, restarts: 0, failing: null });
});

/** Marks a revision as helm leaves it when it is killed: pending, in its Secret and its label. */
async function makePending(place: HelmPlace, revision: number): Promise<void> {
  const path = `/api/v1/namespaces/${place.namespace}/secrets/sh.helm.release.v1.shop.v${revision}`;
  const found = await cluster.api('GET', path);
  const body = {
    metadata: { labels: { status: 'pending-upgrade' } },
    data: { release: withStatus(String(found.data?.release), 'pending-upgrade', 'Preparing upgrade') },
  };
  await cluster.api('PATCH', path, body, 'application/merge-patch+json');
}

/** The release's objects without what no two objects share: ids, times, numbers of writes. */
async function objectsOf(place: HelmPlace): Promise<unknown> {
  const read = (path: string) => cluster.api('GET', `/api/v1/namespaces/${place.namespace}/${path}`);
  const all = [
    await readDeployment(cluster.api, place.namespace, 'shop'),
    await read('configmaps/shop'),
    await read('secrets/shop'),
  ];
  return all.map(found => {
    const { metadata, spec, data } = JSON.parse(JSON.stringify(found));
    const { name, labels, annotations, managedFields, generation } = metadata;
    const booked = managedFields.map(({ time: _, ...entry }: Record<string, unknown>) => entry);
    const { 'meta.helm.sh/release-namespace': __, ...kept } = annotations ?? {};
    return { name, labels, annotations: kept, booked, generation, spec, data };
  });
}

/** Every revision as it is stored, without what no two releases share and the description, where ours names its run. */
async function booksOf(place: HelmPlace): Promise<unknown> {
  const path = `/api/v1/namespaces/${place.namespace}/secrets?labelSelector=owner%3Dhelm`;
  const { items } = await cluster.api('GET', path);
  return [...(items ?? [])].map(({ metadata, type, data }) => {
    const { createdAt: _, modifiedAt: __, ...labels } = JSON.parse(JSON.stringify(metadata?.labels));
    const { info, namespace: ___, ...stored } = JSON.parse(unpack(String(data?.release)));
    const { first_deployed, last_deployed, description, ...about } = info;
    expect(description).toMatch(/^(Install|Upgrade) complete$|^Rollback to 1/);
    expect([first_deployed, last_deployed].map(time => Number.isFinite(Date.parse(time)))).toEqual([true, true]);
    return { name: metadata?.name, type, labels, about, stored: withoutTimes(stored) };
  });
}

/** Helm 4 keeps the time at which each file of a chart was written. */
function withoutTimes(stored: object): unknown {
  return JSON.parse(JSON.stringify(stored, (key, value) => (key === 'modtime' ? undefined : value)));
}
