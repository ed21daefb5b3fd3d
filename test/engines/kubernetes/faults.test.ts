import { writeFileSync } from 'node:fs';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createRolloutCheck } from '../../../src/adapters/kubernetes/check.ts';
import { createConnect } from '../../../src/adapters/kubernetes/connect.ts';
import type { Fault } from '../../cluster/fault-proxy.ts';
import { useCluster } from '../../cluster/suite.ts';
import { carryOut, checkContext, contexts, openPlace, type Place, pick, refusalOf } from './targets.ts';
import {
  atRevision,
  imageOf,
  makeDeployment,
  patchDeployment,
  readDeployment,
  rolledOut,
  setImage,
} from './workloads.ts';

const cluster = useCluster();
let place: Place;
let serial = 0;
beforeAll(async () => {
  place = await openPlace(cluster);
  return () => place.close();
});
afterEach(() => place.proxy.clear());

/** A fresh Deployment at 1.1.0 that was at 1.0.0 before, and the plan that takes it back. */
async function planned() {
  serial += 1;
  const deployment = `shop-${serial}`;
  const { api } = cluster;
  const { namespace, proxy } = place;
  await makeDeployment(api, namespace, deployment, { replicas: 1, probe: false });
  await atRevision(api, namespace, deployment, 1);
  await setImage(api, namespace, deployment, 'app:1.1.0');
  await rolledOut(api, namespace, deployment);
  const undo = await place.executor('kubernetes.rollout-undo');
  const input = { namespace, deployment, context: null, kubeconfig: null, graceSeconds: 2 };
  const to = pick(await place.look({ namespace, deployment }), '1.0.0');
  const plan = await undo.plan(contexts().plan(to), input);
  const [operation] = plan.operations;
  if (!operation) throw new Error('nothing planned');
  const generation = async () => Number((await readDeployment(api, namespace, deployment)).metadata?.generation);
  const before = await generation();
  proxy.clear();
  return {
    api,
    namespace,
    deployment,
    undo,
    input,
    to,
    plan,
    operation,
    writes: async () => (await generation()) - before,
    image: () => imageOf(api, namespace, deployment),
  };
}

const answer = (status: number, retryAfter?: number): Fault => ({
  kind: 'answer',
  status,
  ...(retryAfter === undefined ? {} : { retryAfter }),
});

describe('an API server that fails in the middle', { timeout: 60_000 }, () => {
  const once: readonly { name: string; fault: Fault; times: number }[] = [
    { name: 'answers 409', fault: answer(409), times: 1 },
    { name: 'answers 429 and asks to wait', fault: answer(429, 1), times: 2 },
    { name: 'answers 500', fault: answer(500), times: 2 },
    { name: 'answers 503', fault: answer(503), times: 1 },
    { name: 'cuts the line before the write', fault: { kind: 'cut-before' }, times: 1 },
    { name: 'cuts the line after the write', fault: { kind: 'cut-after' }, times: 1 },
    { name: 'is slow', fault: { kind: 'delay', ms: 1500 }, times: 1 },
  ];
  it.each(once)('$name: the write happens exactly once', async ({ fault, times }) => {
    const shop = await planned();
    place.proxy.inject({ method: 'PATCH', times, fault });
    expect(await carryOut(shop.undo, [shop.operation])).toMatchObject({ state: 'settled' });
    expect(await shop.writes()).toBe(1);
    expect(await shop.image()).toBe('app:1.0.0');
  });

  it('reads are asked again', async () => {
    const shop = await planned();
    place.proxy.inject({ method: 'GET', times: 1, fault: answer(429, 0) });
    place.proxy.inject({ method: 'GET', times: 1, fault: { kind: 'cut-before' } });
    place.proxy.inject({ method: 'GET', times: 1, fault: answer(500) });
    expect((await shop.undo.observe(contexts().apply, shop.operation)).state).toBe('not-applied');
  });

  it('settling outlasts an outage, and tells of it', async () => {
    const shop = await planned();
    const { apply, progress } = contexts();
    await shop.undo.apply(apply, shop.operation);
    place.proxy.inject({ times: 9, fault: answer(503) });
    expect(await shop.undo.settle(apply, shop.operation)).toMatchObject({ state: 'settled' });
    expect(progress.map(({ code }) => code)).toContain('kubernetes-unreachable');
  });

  it('a server that stays away is told as unreachable', async () => {
    const shop = await planned();
    place.proxy.inject({ fault: { kind: 'cut-before' } });
    const refused = await refusalOf(shop.undo.apply(contexts().apply, shop.operation));
    expect(refused).toMatchObject({ code: 'target-unreachable', facts: { verb: 'get', resource: 'deployments.apps' } });
    expect(await shop.writes()).toBe(0);
  });

  it('a server that hangs is left at once when the run is stopped', async () => {
    const shop = await planned();
    place.proxy.inject({ fault: { kind: 'hang' } });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 200);
    const began = performance.now();
    await expect(shop.undo.apply(contexts(stop.signal).apply, shop.operation)).rejects.toThrow();
    expect(performance.now() - began).toBeLessThan(3_000);
  });

  it.each([401, 403])('%i is told in plain words, with what is missing', async status => {
    const shop = await planned();
    place.proxy.inject({ method: 'PATCH', fault: answer(status) });
    const refused = await refusalOf(shop.undo.plan(contexts().plan(shop.to), shop.input));
    expect(refused).toMatchObject({
      code: 'permission-missing',
      facts: { verb: 'patch', resource: 'deployments.apps' },
    });
    expect(refused.detail).toMatch(status === 401 ? /renew them/ : /injected/);
  });
});

describe('somebody else at the same moment', { timeout: 60_000 }, () => {
  it('trap 6: another release deployed between look and write is not overwritten', async () => {
    const shop = await planned();
    place.proxy.before(async ({ method }) => {
      if (method !== 'PATCH') return;
      place.proxy.before(undefined);
      await setImage(shop.api, shop.namespace, shop.deployment, 'app:1.2.0');
    });
    const refused = await refusalOf(shop.undo.apply(contexts().apply, shop.operation));
    expect(refused.code).toBe('target-changed');
    expect(await shop.image()).toBe('app:1.2.0');
  });

  it('two workers write it once', async () => {
    const shop = await planned();
    const other = await place.executor('kubernetes.rollout-undo');
    await Promise.all([
      shop.undo.apply(contexts().apply, shop.operation),
      other.apply(contexts().apply, shop.operation),
    ]);
    expect(await shop.writes()).toBe(1);
  });

  it('a stale worker that read before the takeover cannot write after the release came back', async () => {
    const shop = await planned();
    place.proxy.before(async ({ method }) => {
      if (method !== 'PATCH') return;
      place.proxy.before(undefined);
      await setImage(shop.api, shop.namespace, shop.deployment, 'app:1.0.0');
      await atRevision(shop.api, shop.namespace, shop.deployment, 3);
    });
    await shop.undo.apply(contexts().apply, shop.operation);
    const now = await readDeployment(shop.api, shop.namespace, shop.deployment);
    expect(now.metadata?.annotations?.['deployment.kubernetes.io/revision']).toBe('3');
    expect(await shop.writes()).toBe(1);
  });

  it('an autoscaler that moves the count meanwhile is no obstacle, and its count stays', async () => {
    const shop = await planned();
    await patchDeployment(shop.api, shop.namespace, shop.deployment, { spec: { replicas: 3 } });
    expect((await shop.undo.observe(contexts().apply, shop.operation)).fingerprint).toBe(shop.operation.fingerprint);
    expect(await carryOut(shop.undo, [shop.operation])).toMatchObject({
      state: 'settled',
      note: { facts: { pods: 3 } },
    });
  });

  it('a Deployment deleted and made anew is another one', async () => {
    const shop = await planned();
    await shop.api('DELETE', `/apis/apps/v1/namespaces/${shop.namespace}/deployments/${shop.deployment}`);
    expect((await shop.undo.observe(contexts().apply, shop.operation)).state).toBe('unknown');
    await makeDeployment(shop.api, shop.namespace, shop.deployment, { image: 'app:1.1.0', replicas: 1, probe: false });
    const seen = await shop.undo.observe(contexts().apply, shop.operation);
    expect(seen).toMatchObject({ state: 'not-applied' });
    expect(seen.fingerprint).not.toBe(shop.operation.fingerprint);
    expect(await refusalOf(shop.undo.apply(contexts().apply, shop.operation))).toMatchObject({
      code: 'target-changed',
    });
  });
});

describe('where the cluster is', () => {
  const check = (kubeconfig: string | null, where: { context: string | null; kubeconfig: string | null }) => {
    const made = createRolloutCheck(createConnect({ kubeconfig }));
    return made.start(checkContext(null), { namespace: place.namespace, deployment: 'shop-1', ...where })();
  };

  it('a kubeconfig or context that is not there is told without its content', async () => {
    const broken = `${place.kubeconfig}.broken`;
    writeFileSync(broken, 'token: canary-token\n\tnot yaml');
    const own = { context: null, kubeconfig: null };
    const reasons = await Promise.all([
      refusalOf(check(null, own)),
      refusalOf(check('/nowhere/kubeconfig', own)),
      refusalOf(check(broken, own)),
      refusalOf(check(place.kubeconfig, { ...own, context: 'elsewhere' })),
    ]);
    expect(reasons.map(({ code }) => code)).toEqual(Array(4).fill('target-unreachable'));
    expect(reasons.map(({ detail }) => detail)).toMatchObject([
      expect.stringContaining('neither KUBECONFIG nor'),
      expect.stringContaining('ENOENT'),
      expect.stringContaining('no usable kubeconfig'),
      expect.stringContaining('no context elsewhere'),
    ]);
    expect(JSON.stringify(reasons)).not.toContain('canary-token');
  });

  it("a target's own kubeconfig and context come before the bot's", async () => {
    const here = { context: 'test', kubeconfig: place.kubeconfig };
    expect(await check('/nowhere/kubeconfig', here)).toMatchObject({ status: 'passed' });
  });
});
