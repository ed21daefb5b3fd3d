import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readClusterEnvironment } from '../../cluster/environment.ts';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { openWebhook } from '../../cluster/webhook.ts';
import { makeWorkload, patchShop, readShop, shopRolledOut, workloadRules } from './shops.ts';
import { carryOut, contexts, firstOf, openPlace, refusalOf } from './targets.ts';

const cluster = useCluster();
const isOurs = readClusterEnvironment().kubeconfig === undefined;
let shop: Awaited<ReturnType<typeof shopWithWebhook>>;
beforeAll(async () => {
  if (isOurs) shop = await shopWithWebhook();
}, 120_000);
afterEach(() => shop?.webhook.judge(() => undefined));
afterAll(() => shop?.webhook.close());

/** A Deployment at 1.0.0 in a namespace with a webhook, and the step that takes it to 1.1.0. */
async function shopWithWebhook() {
  const { api } = cluster;
  const place = await openPlace(cluster, workloadRules);
  const { namespace } = place;
  await makeWorkload(api, namespace, 'deployment', { replicas: 1, probe: false });
  await shopRolledOut(api, namespace, 'deployment');
  const webhook = await openWebhook(cluster, namespace);
  // A webhook is asked from some moment after it was registered on.
  webhook.judge(({ dryRun }) => (dryRun ? 'not yet' : undefined));
  await eventually('the webhook is asked', async () => {
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/shop?dryRun=All`;
    const patch = { metadata: { labels: { probe: 'yes' } } };
    const asked = api('PATCH', path, patch, 'application/merge-patch+json');
    return asked.then(
      () => false,
      () => true,
    );
  });
  webhook.judge(() => undefined);
  const executor = await place.executor('kubernetes.set-image');
  const input = { namespace, deployment: 'shop', images: { app: 'app:1.1.0' }, byDigest: true, graceSeconds: 600 };
  const generation = async () => Number((await readShop(api, namespace, 'deployment')).metadata?.generation);
  return {
    webhook,
    executor,
    namespace,
    generation,
    plan: () => executor.plan(contexts().plan(null), { ...input, context: null, kubeconfig: null }),
  };
}

describe.runIf(isOurs)('an admission webhook that refuses', { timeout: 90_000 }, () => {
  it('the change itself: nothing is planned, and its words are told, not that a right is missing', async () => {
    shop.webhook.judge(({ resource }) => (resource === 'deployments' ? 'images need a signature' : undefined));
    const before = await shop.generation();
    const refused = await refusalOf(shop.plan());
    expect(refused.code).toBe('plan-failed');
    expect(refused.detail).toContain('images need a signature');
    expect(await shop.generation()).toBe(before);
  });

  it('the write, after the plan was approved: nothing is written, and it is tried once', async () => {
    const operation = firstOf(await shop.plan());
    let asked = 0;
    shop.webhook.judge(({ resource, operation: what }) => {
      if (resource !== 'deployments' || what !== 'UPDATE') return undefined;
      asked += 1;
      return 'the freeze has begun';
    });
    const before = await shop.generation();
    const refused = await refusalOf(shop.executor.apply(contexts().apply, operation));
    expect(refused.code).toBe('step-failed');
    expect(refused.detail).toContain('the freeze has begun');
    expect([await shop.generation(), asked]).toEqual([before, 1]);
  });

  it('the new pods: the rollout has failed at once, with its words', async () => {
    const { operations } = await shop.plan();
    shop.webhook.judge(({ resource }) => (resource === 'pods' ? 'this registry is not allowed' : undefined));
    const end = await carryOut(shop.executor, operations);
    expect(end).toMatchObject({ state: 'failed', served: false, reason: { facts: { cause: 'PodsRefused' } } });
    expect(end.state === 'failed' && end.reason.detail).toContain('this registry is not allowed');
    shop.webhook.judge(() => undefined);
    await patchShop(cluster.api, shop.namespace, 'deployment', { spec: { replicas: 0 } });
  });
});
