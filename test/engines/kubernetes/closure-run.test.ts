import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useCluster } from '../../cluster/suite.ts';
import { copiesIn, openShop, passwordOf } from './configuration-world.ts';
import { startWholeBackout, type WholeBackout } from './whole-backout.ts';

const cluster = useCluster();
let shop: Awaited<ReturnType<typeof openShop>>;
let backout: WholeBackout;

const service = (namespace: string) => `  shop:
    environments:
      production:
        mode: act
        releases: { source: { kubernetes.deployment: {} }, soak: 4s }
        target: { kubernetes: { namespace: ${namespace}, deployment: shop } }
        checks: [{ kubernetes.rollout: {}, timeout: 60s }]
        runbooks:
          whole:
            level: 3
            title: Image, ConfigMap and Secret of the last good release
            steps: [{ kubernetes.rollout-undo: { graceSeconds: 5 } }]
`;

describe('a bad release that changed image, ConfigMap and Secret', { timeout: 240_000 }, () => {
  beforeAll(async () => {
    shop = await openShop(cluster);
    backout = await startWholeBackout(cluster, service(shop.namespace), shop.place.kubeconfig);
  }, 120_000);
  afterAll(() => backout?.close(), 60_000);

  it('returns whole on one approval, verified by what the pods serve; its undo puts the whole bad release back', async () => {
    await backout.told('candidates shop', /now 1\.0\.0.*soaked/s);
    await shop.configure('two');
    await shop.deploy('app:1.1.0');
    expect(await shop.served()).toEqual({ version: '1.1.0', mode: 'two', password: passwordOf('two'), file: 'two' });
    await backout.told('candidates shop', /now 1\.1\.0/);

    const { root, approvals } = await backout.roll('shop in production because payments fail');
    expect(root.text).toMatch(/VERIFIED/);
    expect(approvals).toBe(1);
    expect(await shop.served()).toEqual({ version: '1.0.0', mode: 'one', password: passwordOf('one'), file: 'one' });
    const kept = await copiesIn(shop.api, shop.namespace);
    expect(kept.map(({ immutable }) => immutable)).toEqual([true, true]);

    const run = /R-[0-9A-Z]+/.exec(await backout.told('history shop', /R-[0-9A-Z]+/))?.[0];
    const undone = await backout.roll(`undo ${run} because the cause was elsewhere`, 'jon');
    expect(undone.root.text).toMatch(/VERIFIED/);
    expect(await shop.served()).toEqual({ version: '1.1.0', mode: 'two', password: passwordOf('two'), file: 'two' });

    const all = await backout.everything();
    expect(all).toContain('configmap');
    for (const release of ['one', 'two']) {
      expect(all).not.toContain(passwordOf(release));
      expect(all).not.toContain(Buffer.from(passwordOf(release)).toString('base64').replace(/=+$/, ''));
    }
  });
});
