import { describe, expect, it } from 'vitest';
import { useCluster } from '../../cluster/suite.ts';
import { copiesIn, nextSecond, openShop, passwordOf } from './configuration-world.ts';
import { carryOut, contexts, firstOf, pick, refusalOf, releaseOf } from './targets.ts';

const cluster = useCluster();

const open = (options: Parameters<typeof openShop>[1] = {}) => openShop(cluster, options);

const codes = (notes: readonly { readonly code: string }[]) => notes.map(({ code }) => code);

describe('a release is its template with its configuration', { timeout: 120_000, concurrent: true }, () => {
  it('a bad release that changed image, ConfigMap and Secret comes back whole by one plan', async () => {
    const shop = await open({ more: { url: `postgres://shop:${passwordOf('url')}@db/shop` } });
    const good = (await shop.look()).current;
    expect(Object.keys(good?.identity ?? {}).sort()).toEqual(
      ['ConfigMap/flags', 'Secret/login', 'image/app', 'template'].sort(),
    );
    await shop.configure('two');
    await shop.deploy('app:1.1.0');
    expect(await shop.served()).toEqual({ version: '1.1.0', mode: 'two', password: passwordOf('two'), file: 'two' });
    const releases = await shop.look();
    const to = pick(releases, '1.0.0');
    expect(to.identity['ConfigMap/flags']).toBe(good?.identity['ConfigMap/flags']);
    const undo = await shop.undo();
    const plan = await undo.plan(contexts().plan(to), shop.input);
    expect(plan.operations.map(({ object }) => object.replace(shop.namespace, 'ns'))).toEqual([
      'configmap ns/flags',
      'secret ns/login',
      'deployment ns/shop',
    ]);
    expect(codes(plan.notRolledBack)).toEqual(['outside-stays']);
    expect(plan.operations[0]?.preview.diff).toContain('-  mode: two');
    const settled = await carryOut(undo, plan.operations);
    expect(settled).toMatchObject({ state: 'settled', served: true });
    expect(await shop.served()).toEqual({ version: '1.0.0', mode: 'one', password: passwordOf('one'), file: 'one' });
    expect((await shop.look()).current?.key).toBe(good?.key);
    for (const operation of plan.operations)
      expect((await undo.observe(contexts().apply, operation)).state, operation.object).toBe('applied');
    for (const operation of [...plan.operations].reverse())
      if (operation.inverse) await carryOut(undo, [{ ...operation.inverse, fingerprint: '', inverse: null }]);
    expect(await shop.served()).toEqual({ version: '1.1.0', mode: 'two', password: passwordOf('two'), file: 'two' });
    const copies = await copiesIn(shop.api, shop.namespace);
    expect(copies.map(({ immutable }) => immutable)).toEqual([true, true, true, true]);
    const of = copies.map(({ metadata }) => metadata?.annotations?.['backout.dev/copy-of']);
    expect(of.sort()).toEqual(['flags', 'flags', 'login', 'login']);
    const outside = JSON.stringify([plan, releases, [...shop.place.kept.texts], settled]);
    expect(outside).not.toContain('canary-hunter2');
    expect(outside).not.toContain(Buffer.from(passwordOf('one')).toString('base64').slice(0, 16));
  });

  it('a restart that picked up other configuration is another release; one that did not is none', async () => {
    const shop = await open();
    const first = (await shop.look()).current;
    await shop.deploy(null);
    await shop.served();
    expect((await shop.look()).current?.key).toBe(first?.key);
    expect((await shop.look()).history).toEqual([]);
    await nextSecond();
    await shop.configure('two');
    expect((await shop.look()).current?.identity).toEqual(first?.identity);
    await nextSecond();
    await shop.deploy(null);
    await shop.served();
    const after = await shop.look();
    expect(after.current?.key).not.toBe(first?.key);
    expect(after.current?.identity.template).toBe(first?.identity.template);
    expect(after.history.map(({ key }) => key)).toEqual([first?.key]);

    const undo = await shop.undo();
    const [old] = after.history;
    if (!old) throw new Error('no history');
    const plan = await undo.plan(contexts().plan(releaseOf(old)), shop.input);
    expect(plan.operations).toHaveLength(3);
    expect(plan.operations[2]?.preview.summary.code).toBe('deployment-starts-anew');
    await carryOut(undo, plan.operations);
    expect(await shop.served()).toMatchObject({ version: '1.0.0', mode: 'one', password: passwordOf('one') });
    expect((await shop.look()).current?.key).toBe(first?.key);
  });

  it('a pruned ConfigMap with a hash in its name is made anew, and other readers are named', async () => {
    const shop = await open({ flags: 'flags-7f9c' });
    const { api, core, namespace } = shop;
    await shop.look();
    await api('POST', `${core}/configmaps`, { metadata: { name: 'flags-2b1d' }, data: { mode: 'two', colour: 'red' } });
    await shop.deployWithoutPods('app:1.1.0', {
      volumes: [{ name: 'conf', configMap: { name: 'flags-2b1d' } }],
      containers: [
        {
          name: 'app',
          image: 'app:1.1.0',
          env: [{ name: 'MODE', valueFrom: { configMapKeyRef: { name: 'flags-2b1d', key: 'mode' } } }],
        },
      ],
    });
    await api('DELETE', `${core}/configmaps/flags-7f9c`);
    await api('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, {
      metadata: { name: 'other' },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'other' } },
        template: {
          metadata: { labels: { app: 'other' } },
          spec: {
            containers: [{ name: 'a', image: 'app:1.0.0', envFrom: [{ configMapRef: { name: 'flags-7f9c' } }] }],
          },
        },
      },
    });
    const releases = await shop.look();
    const to = pick(releases, '1.0.0');
    expect(releases.history[0]?.missing).toBeNull();
    const undo = await shop.undo();
    shop.refuse('DELETE', /configmaps.flags-7f9c/);
    const kept = await undo.plan(contexts().plan(to), shop.input);
    expect(codes(kept.warnings)).toContain('configuration-cannot-go');
    expect(kept.operations[0]?.inverse?.preview.summary.code).toBe('configuration-left');
    const plan = await undo.plan(contexts().plan(to), shop.input);
    expect(plan.operations.map(({ preview }) => preview.summary.code)).toEqual([
      'configuration-made-anew',
      'deployment-goes-back',
    ]);
    expect(plan.warnings).toContainEqual({
      code: 'configuration-shared',
      facts: { object: `configmap ${namespace}/flags-7f9c`, names: ['deployment other'] },
    });
    await carryOut(undo, plan.operations);
    await shop.scale(1);
    expect(await shop.served()).toMatchObject({ version: '1.0.0', mode: 'one', file: 'one' });
    for (const operation of [...plan.operations].reverse())
      if (operation.inverse) await carryOut(undo, [{ ...operation.inverse, fingerprint: '', inverse: null }]);
    const names = [...((await api('GET', `${core}/configmaps`)).items ?? [])].map(({ metadata }) => metadata?.name);
    expect(names).not.toContain('flags-7f9c');
  });

  it('others that started with what is taken back are restarted, and those that did not are named', async () => {
    const shop = await open();
    await shop.look();
    await shop.reader('early');
    await nextSecond();
    await shop.configure('two');
    await nextSecond();
    await shop.reader('late');
    await shop.deploy('app:1.1.0');
    expect((await shop.served('late')).mode).toBe('two');
    await shop.served();
    const undo = await shop.undo();
    const plan = await undo.plan(contexts().plan(pick(await shop.look(), '1.0.0')), shop.input);
    expect(plan.operations.map(({ object }) => object.replace(shop.namespace, 'ns'))).toEqual([
      'configmap ns/flags',
      'secret ns/login',
      'deployment ns/shop',
      'deployment ns/late',
    ]);
    expect(plan.operations[3]?.preview.summary.code).toBe('reader-starts-anew');
    expect(plan.operations.map(({ claims = [], spare }) => [claims.length, spare])).toEqual([
      [0, undefined],
      [0, undefined],
      [1, undefined],
      [1, true],
    ]);
    expect(plan.warnings).toContainEqual({
      code: 'configuration-shared',
      facts: { object: `configmap ${shop.namespace}/flags`, names: ['deployment early'] },
    });
    await carryOut(undo, plan.operations);
    for (const name of ['shop', 'early', 'late']) expect((await shop.served(name)).mode, name).toBe('one');
    for (const operation of [...plan.operations].reverse())
      if (operation.inverse) await carryOut(undo, [{ ...operation.inverse, fingerprint: '', inverse: null }]);
    for (const name of ['shop', 'late']) expect((await shop.served(name)).mode, name).toBe('two');
  });

  it('an immutable ConfigMap that has to change back is refused, unless the catalogue allows to make it anew while no pod uses it', async () => {
    const shop = await open();
    const { api, core } = shop;
    await shop.look();
    await api('DELETE', `${core}/configmaps/flags`);
    const data = { mode: 'two', colour: 'blue' };
    await api('POST', `${core}/configmaps`, { metadata: { name: 'flags', labels: { a: 'b' } }, data, immutable: true });
    await shop.deploy('app:1.1.0');
    expect(await shop.served()).toMatchObject({ mode: 'two' });
    const to = pick(await shop.look(), '1.0.0');
    const undo = await shop.undo();
    const refused = await refusalOf(undo.plan(contexts().plan(to), shop.input));
    expect(refused).toMatchObject({ code: 'plan-failed', facts: { why: 'immutable' } });
    const allowed = { ...shop.input, replaceImmutable: true };
    const used = await refusalOf(undo.plan(contexts().plan(to), allowed));
    expect(used).toMatchObject({ code: 'plan-failed', facts: { why: 'immutable-in-use' } });
    await shop.scale(0);
    for (const [method, path] of [
      ['DELETE', /configmaps.flags/],
      ['POST', /configmaps.*dryRun/],
    ] as const) {
      shop.refuse(method, path);
      const without = await undo.plan(contexts().plan(to), allowed);
      expect(codes(without.notRolledBack), method).toEqual(['configuration-not-allowed', 'outside-stays']);
    }
    const plan = await undo.plan(contexts().plan(to), allowed);
    expect(codes(plan.warnings)).toEqual(['no-pods-wanted', 'configuration-replaced']);
    const [replaced] = plan.operations;
    if (!replaced) throw new Error('no operation');
    shop.refuse('POST', /configmaps/);
    expect(await refusalOf(undo.apply(contexts().apply, replaced))).toMatchObject({ code: 'permission-missing' });
    const put = await api('GET', `${core}/configmaps/flags`);
    expect(put).toMatchObject({ metadata: { labels: { a: 'b' } }, immutable: true, data });
    await carryOut(undo, plan.operations);
    await shop.scale(1);
    expect(await shop.served()).toMatchObject({ version: '1.0.0', mode: 'one', file: 'one' });
    expect(await api('GET', `${core}/configmaps/flags`)).toMatchObject({
      metadata: { labels: { a: 'b' } },
      immutable: true,
      data: { mode: 'one' },
    });
  });

  it('what was never seen, or may not be written, is told and stays', async () => {
    const { neededRules } = await import('./targets.ts');
    const shop = await open({ rules: neededRules });
    const { current } = await shop.look();
    await shop.configure('two');
    await shop.deployWithoutPods('app:1.1.0');
    expect(await copiesIn(shop.api, shop.namespace)).toEqual([]);
    const to = pick(await shop.look(), '1.0.0');
    const undo = await shop.undo();
    const plan = await undo.plan(contexts().plan(to), shop.input);
    expect(plan.operations).toHaveLength(1);
    expect(codes(plan.notRolledBack)).toEqual(['configuration-not-allowed', 'configuration-not-kept', 'outside-stays']);
    const { template = '' } = current?.identity ?? {};
    const unseen = await undo.plan(contexts().plan({ ...to, identity: { template } }), shop.input);
    expect(codes(unseen.notRolledBack)).toEqual(['configuration-stays', 'configuration-stays', 'outside-stays']);
  });

  it('somebody who changes the configuration between the plan and its run is not overwritten', async () => {
    const shop = await open();
    await shop.look();
    await shop.configure('two');
    await shop.deployWithoutPods('app:1.1.0');
    const to = pick(await shop.look(), '1.0.0');
    const undo = await shop.undo();
    const { operations } = await undo.plan(contexts().plan(to), shop.input);
    await shop.configure('three');
    for (const operation of operations)
      expect((await undo.observe(contexts().apply, operation)).fingerprint).not.toBe(operation.fingerprint);
    const first = firstOf({ operations });
    expect(await refusalOf(undo.apply(contexts().apply, first))).toMatchObject({ code: 'target-changed' });
  });
});
