import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRolloutCheck } from '../../../src/adapters/kubernetes/check.ts';
import { createConnect } from '../../../src/adapters/kubernetes/connect.ts';
import { setImageInput } from '../../../src/adapters/kubernetes/rollout-input.ts';
import { createSetImage } from '../../../src/adapters/kubernetes/set-image.ts';
import { driveOperation } from '../../../src/execute/operation.ts';
import type { Fault } from '../../cluster/fault-proxy.ts';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { bareDeps, bareLease, bareTask } from '../../execute/bare.ts';
import { makeWorkload, patchShop, readShop, shopSeen, workloadRules } from './shops.ts';
import {
  carryOut,
  checkContext,
  contexts,
  firstOf,
  neededRules,
  openPlace,
  type Place,
  pick,
  refusalOf,
} from './targets.ts';
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
});
const isAccount = (name: string) => name.startsWith('account-');

/** A fresh Deployment at 1.1.0 that was at 1.0.0 before, and the plan that takes it back: only writes count here, so it has no pods. */
async function planned() {
  serial += 1;
  const deployment = `shop-${serial}`;
  const { api } = cluster;
  const own = await place.beside();
  const { namespace, proxy } = own;
  await makeDeployment(api, namespace, deployment, { replicas: 0, probe: false });
  await atRevision(api, namespace, deployment, 1);
  await setImage(api, namespace, deployment, 'app:1.1.0');
  await atRevision(api, namespace, deployment, 2);
  const undo = await own.executor('kubernetes.rollout-undo');
  const input = { namespace, deployment, context: null, kubeconfig: null, graceSeconds: 2 };
  const to = pick(await own.look({ namespace, deployment }), '1.0.0');
  const plan = await undo.plan(contexts().plan(to), input);
  const operation = firstOf(plan);
  const generation = async () => Number((await readDeployment(api, namespace, deployment)).metadata?.generation);
  const before = await generation();
  proxy.clear();
  return {
    api,
    namespace,
    deployment,
    proxy,
    executor: own.executor,
    undo,
    input,
    to,
    plan,
    operation,
    writes: async () => (await generation()) - before,
    image: () => imageOf(api, namespace, deployment),
    scale: (replicas: number) => patchDeployment(api, namespace, deployment, { spec: { replicas } }),
  };
}

const answer = (status: number, retryAfter?: number): Fault => ({
  kind: 'answer',
  status,
  ...(retryAfter === undefined ? {} : { retryAfter }),
});

describe('an API server that fails in the middle', { timeout: 60_000, concurrent: true }, () => {
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
    shop.proxy.inject({ method: 'PATCH', times, fault });
    expect(await carryOut(shop.undo, [shop.operation])).toMatchObject({ state: 'settled' });
    expect(await shop.writes()).toBe(1);
    expect(await shop.image()).toBe('app:1.0.0');
  });

  it('away for some seconds behind the write: the run looks until it answers again, and goes on', async () => {
    const shop = await planned();
    shop.proxy.inject({ method: 'PATCH', times: 1, fault: { kind: 'cut-after' } });
    shop.proxy.before(async ({ method }) => {
      if (method !== 'PATCH') return;
      shop.proxy.before(undefined);
      shop.proxy.inject({ fault: { kind: 'cut-before' } });
      setTimeout(() => shop.proxy.clear(), 5_000);
    });
    const task = bareTask(shop.undo, shop.operation, 40_000);
    expect(await driveOperation(bareDeps(shop.undo), bareLease(), task)).toMatchObject({
      kind: 'ended',
      how: 'applied',
    });
    expect(await shop.writes()).toBe(1);
  });

  it('reads are asked again', async () => {
    const shop = await planned();
    shop.proxy.inject({ method: 'GET', times: 1, fault: answer(429, 0) });
    shop.proxy.inject({ method: 'GET', times: 1, fault: { kind: 'cut-before' } });
    shop.proxy.inject({ method: 'GET', times: 1, fault: answer(500) });
    expect((await shop.undo.observe(contexts().apply, shop.operation)).state).toBe('not-applied');
  });

  it('away during the rollout: settling outlasts it, and tells of it', async () => {
    const shop = await planned();
    const { apply, progress } = contexts();
    await shop.undo.apply(apply, shop.operation);
    await shop.scale(1);
    shop.proxy.inject({ times: 9, fault: answer(503) });
    expect(await shop.undo.settle(apply, shop.operation)).toMatchObject({ state: 'settled', served: true });
    expect(progress.map(({ code }) => code)).toContain('kubernetes-unreachable');
  });

  it('away between plan and write: told as unreachable, and nothing is written', async () => {
    const shop = await planned();
    shop.proxy.inject({ fault: { kind: 'cut-before' } });
    const refused = await refusalOf(shop.undo.apply(contexts().apply, shop.operation));
    expect(refused).toMatchObject({ code: 'target-unreachable', facts: { verb: 'get', resource: 'deployments.apps' } });
    expect(await shop.writes()).toBe(0);
  });

  it('away before: nothing is planned, and it is told as unreachable', async () => {
    const shop = await planned();
    shop.proxy.inject({ fault: { kind: 'cut-before' } });
    const refused = await refusalOf(shop.undo.plan(contexts().plan(shop.to), shop.input));
    expect(refused).toMatchObject({ code: 'target-unreachable', facts: { verb: 'get', resource: 'deployments.apps' } });
  });

  it('a half-closed watch: the rollout is seen all the same', async () => {
    const shop = await planned();
    await shop.undo.apply(contexts().apply, shop.operation);
    await shop.scale(1);
    shop.proxy.inject({ path: /[?&]watch=/, fault: { kind: 'half-close', lines: 0 } });
    expect(await shop.undo.settle(contexts().apply, shop.operation)).toMatchObject({ state: 'settled', served: true });
  });

  it('an answer that is begun and half-closed is given up after ten seconds and asked again', async () => {
    const shop = await planned();
    await shop.undo.apply(contexts().apply, shop.operation);
    const path = new RegExp(`/${shop.deployment}$`);
    shop.proxy.clear();
    shop.proxy.inject({ method: 'GET', path, times: 1, fault: { kind: 'half-close', lines: 0 } });
    expect(await shop.undo.settle(contexts().apply, shop.operation)).toMatchObject({ state: 'settled' });
    expect(shop.proxy.seen.filter(asked => path.test(asked.path))).toHaveLength(2);
  });

  it('a server that hangs is left at once when the run is stopped', async () => {
    const shop = await planned();
    shop.proxy.inject({ fault: { kind: 'hang' } });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 200);
    const began = performance.now();
    await expect(shop.undo.apply(contexts(stop.signal).apply, shop.operation)).rejects.toThrow();
    expect(performance.now() - began).toBeLessThan(3_000);
  });

  it.each([401, 403])('%i is told in plain words, with what is missing', async status => {
    const shop = await planned();
    shop.proxy.inject({ method: 'PATCH', fault: answer(status) });
    const refused = await refusalOf(shop.undo.plan(contexts().plan(shop.to), shop.input));
    expect(refused).toMatchObject({
      code: 'permission-missing',
      facts: { verb: 'patch', resource: 'deployments.apps' },
    });
    expect(refused.detail).toMatch(status === 401 ? /renew them/ : /injected/);
  });
});

describe('somebody else at the same moment', { timeout: 60_000, concurrent: true }, () => {
  it('trap 6: another release deployed between look and write is not overwritten', async () => {
    const shop = await planned();
    shop.proxy.before(async ({ method }) => {
      if (method !== 'PATCH') return;
      shop.proxy.before(undefined);
      await setImage(shop.api, shop.namespace, shop.deployment, 'app:1.2.0');
    });
    const refused = await refusalOf(shop.undo.apply(contexts().apply, shop.operation));
    expect(refused.code).toBe('target-changed');
    expect(await shop.image()).toBe('app:1.2.0');
  });

  it('two operators at once write it once', async () => {
    const shop = await planned();
    const other = await shop.executor('kubernetes.rollout-undo');
    await Promise.all([
      shop.undo.apply(contexts().apply, shop.operation),
      other.apply(contexts().apply, shop.operation),
    ]);
    expect(await shop.writes()).toBe(1);
  });

  it('a stale worker that read before the takeover cannot write after the release came back', async () => {
    const shop = await planned();
    shop.proxy.before(async ({ method }) => {
      if (method !== 'PATCH') return;
      shop.proxy.before(undefined);
      await setImage(shop.api, shop.namespace, shop.deployment, 'app:1.0.0');
      await atRevision(shop.api, shop.namespace, shop.deployment, 3);
    });
    await shop.undo.apply(contexts().apply, shop.operation);
    const now = await readDeployment(shop.api, shop.namespace, shop.deployment);
    expect(now.metadata?.annotations?.['deployment.kubernetes.io/revision']).toBe('3');
    expect(await shop.writes()).toBe(1);
  });

  it('422 on the precondition: what moved beside our fields is looked at again, and the write happens once', async () => {
    const { api } = cluster;
    const own = await openPlace(cluster, workloadRules);
    const { namespace, proxy } = own;
    try {
      await makeWorkload(api, namespace, 'statefulSet', { replicas: 0, probe: false });
      await shopSeen(api, namespace, 'statefulSet');
      const executor = await own.executor('kubernetes.set-image');
      const input = setImageInput.parse({ namespace, statefulSet: 'shop', images: { app: 'app:1.1.0' } });
      const { operations } = await executor.plan(contexts().plan(null), input);
      proxy.before(async ({ method }) => {
        if (method !== 'PATCH') return;
        proxy.before(undefined);
        await patchShop(api, namespace, 'statefulSet', { spec: { minReadySeconds: 1 } });
      });
      const before = Number((await readShop(api, namespace, 'statefulSet')).metadata?.generation);
      expect(await carryOut(executor, operations)).toMatchObject({ state: 'settled' });
      expect(Number((await readShop(api, namespace, 'statefulSet')).metadata?.generation)).toBe(before + 2);
      expect(proxy.seen.filter(({ method, path }) => method === 'PATCH' && !path.includes('dryRun'))).toHaveLength(2);
    } finally {
      await own.close();
    }
  });

  it('an autoscaler that moves the count meanwhile is no obstacle, and its count stays', async () => {
    const shop = await planned();
    await shop.scale(1);
    expect((await shop.undo.observe(contexts().apply, shop.operation)).fingerprint).toBe(shop.operation.fingerprint);
    expect(await carryOut(shop.undo, [shop.operation])).toMatchObject({
      state: 'settled',
      note: { facts: { pods: 1 } },
    });
  });

  it('a Deployment deleted and made anew is another one', async () => {
    const shop = await planned();
    await shop.api('DELETE', `/apis/apps/v1/namespaces/${shop.namespace}/deployments/${shop.deployment}`);
    expect((await shop.undo.observe(contexts().apply, shop.operation)).state).toBe('unknown');
    await makeDeployment(shop.api, shop.namespace, shop.deployment, { image: 'app:1.1.0', replicas: 0, probe: false });
    const seen = await shop.undo.observe(contexts().apply, shop.operation);
    expect(seen).toMatchObject({ state: 'not-applied' });
    expect(seen.fingerprint).not.toBe(shop.operation.fingerprint);
    expect(await refusalOf(shop.undo.apply(contexts().apply, shop.operation))).toMatchObject({
      code: 'target-changed',
    });
  });
});

describe('what goes away in the middle of a run', { timeout: 90_000, concurrent: true }, () => {
  it('a target deleted while it rolls out has failed, and that is said', async () => {
    const shop = await planned();
    await shop.undo.apply(contexts().apply, shop.operation);
    await shop.scale(1);
    await shop.api('DELETE', `/apis/apps/v1/namespaces/${shop.namespace}/deployments/${shop.deployment}`);
    const end = await shop.undo.settle(contexts().apply, shop.operation);
    expect(end).toMatchObject({ state: 'failed', reason: { code: 'not-settled', facts: { cause: 'deleted' } } });
  });

  it('a namespace that is terminating: what is left in it is neither planned for nor written', async () => {
    const { api } = cluster;
    const namespace = await cluster.namespace();
    const rules = [...neededRules];
    const proxy = await cluster.faultProxy();
    const home = await cluster.namespace();
    const kubeconfig = join(await cluster.folder('ending'), 'kubeconfig');
    writeFileSync(kubeconfig, await cluster.account(home, [], proxy.url, rules), { mode: 0o600 });
    const executor = createSetImage(createConnect({ kubeconfig, childEnvironment: {} }), {
      kept: place.kept,
      clock: { now: () => Date.now() },
    });
    const finalizers = ['backout.test/hold'];
    await makeDeployment(api, namespace, 'shop', { replicas: 0, probe: false });
    await atRevision(api, namespace, 'shop', 1);
    await patchDeployment(api, namespace, 'shop', { metadata: { finalizers } });
    const input = setImageInput.parse({ namespace, deployment: 'shop', images: { app: 'app:1.1.0' } });
    const { operations } = await eventually('rights', () =>
      executor.plan(contexts().plan(null), input).catch(() => undefined),
    );
    const operation = firstOf({ operations });
    try {
      await api('DELETE', `/api/v1/namespaces/${namespace}`);
      await eventually('the end of the Deployment', async () => {
        const { metadata } = await readDeployment(api, namespace, 'shop');
        return metadata?.deletionTimestamp !== undefined;
      });
      const refused = [
        await refusalOf(executor.plan(contexts().plan(null), input)),
        await refusalOf(executor.apply(contexts().apply, operation)),
      ];
      expect(refused.map(({ facts }) => facts?.why)).toEqual(Array(2).fill('ending'));
      expect(await executor.settle(contexts().apply, operation)).toMatchObject({
        state: 'failed',
        reason: { facts: { cause: 'deleted' } },
      });
    } finally {
      const none = [{ op: 'remove', path: '/metadata/finalizers' }];
      const path = `/apis/apps/v1/namespaces/${namespace}/deployments/shop`;
      await api('PATCH', path, none, 'application/json-patch+json');
    }
  });

  it('a token revoked during the rollout: told in plain words; with a new one the run goes on where it stood', async () => {
    const { api } = cluster;
    const own = await openPlace(cluster, workloadRules);
    const { namespace, kubeconfig } = own;
    try {
      const before = JSON.parse(readFileSync(kubeconfig, 'utf8'));
      const accounts = await api('GET', `/api/v1/namespaces/${namespace}/serviceaccounts`);
      const account = [...(accounts.items ?? [])].map(({ metadata }) => String(metadata?.name)).find(isAccount);
      await api('POST', `/api/v1/namespaces/${namespace}/secrets`, { metadata: { name: 'bound' } });
      const boundObjectRef = { kind: 'Secret', apiVersion: 'v1', name: 'bound' };
      const answer = await api('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`, {
        spec: { expirationSeconds: 3600, boundObjectRef },
      });
      const bound = structuredClone(before);
      bound.users[0].user.token = String(answer.status?.token);
      writeFileSync(kubeconfig, JSON.stringify(bound));
      await makeDeployment(api, namespace, 'shop', { replicas: 1, spec: { minReadySeconds: 300 }, probe: false });
      const executor = await own.executor('kubernetes.set-image');
      const input = setImageInput.parse({ namespace, deployment: 'shop', images: { app: 'app:1.1.0' } });
      const operation = firstOf(await executor.plan(contexts().plan(null), input));
      await executor.apply(contexts().apply, operation);
      const settling = refusalOf(executor.settle(contexts().apply, operation));
      await api('DELETE', `/api/v1/namespaces/${namespace}/secrets/bound`);
      const refused = await settling;
      expect(refused.code).toBe('permission-missing');
      expect(refused.detail).toContain('renew them');
      writeFileSync(kubeconfig, JSON.stringify(before));
      await patchDeployment(api, namespace, 'shop', { spec: { minReadySeconds: 0 } });
      expect(await executor.settle(contexts().apply, operation)).toMatchObject({ state: 'settled', served: true });
    } finally {
      await own.close();
    }
  });
});

describe('where the cluster is', { concurrent: true }, () => {
  const check = (kubeconfig: string | null, where: { context: string | null; kubeconfig: string | null }) => {
    const made = createRolloutCheck(createConnect({ kubeconfig, childEnvironment: {} }));
    return made.start(checkContext(null), { namespace: place.namespace, deployment: 'here', ...where })();
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
    const own = { context: 'test', kubeconfig: place.kubeconfig };
    await makeDeployment(cluster.api, place.namespace, 'here', { replicas: 0 });
    await rolledOut(cluster.api, place.namespace, 'here');
    expect(await check('/nowhere/kubeconfig', own)).toMatchObject({ note: { code: 'rolled-out-without-pods' } });
  });
});
