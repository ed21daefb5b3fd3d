import { describe, expect, it } from 'vitest';
import type { Release } from '../../../src/domain/release.ts';
import { sayReason } from '../../../templates/say.ts';
import { useCluster } from '../../cluster/suite.ts';
import { carryOut, checkContext, contexts, openPlace, pick } from './targets.ts';
import { atRevision, imageOf, makeDeployment, patchDeployment, rolledOut, type Shape, setImage } from './workloads.ts';

const cluster = useCluster();

/** A Deployment whose first release was broken, without a pod of it, and whose second one is live: going back must fail with a reason. */
async function brokenBehind(shape: Shape & { image: string }) {
  const { api } = cluster;
  const place = await openPlace(cluster);
  const { namespace } = place;
  await makeDeployment(api, namespace, 'shop', { replicas: 0, ...shape });
  await atRevision(api, namespace, 'shop', 1);
  await setImage(api, namespace, 'shop', 'app:1.2.0');
  await atRevision(api, namespace, 'shop', 2);
  await patchDeployment(api, namespace, 'shop', { spec: { replicas: 1 } });
  return { api, place, namespace, where: { namespace, deployment: 'shop' } };
}

describe('a rollout that cannot succeed is called failed with its reason', {
  timeout: 90_000,
  concurrent: true,
}, () => {
  const broken: readonly { cause: string; shape: Shape & { image: string }; says: RegExp }[] = [
    { cause: 'CrashLoopBackOff', shape: { image: 'app:crash' }, says: /last exit code 3/ },
    { cause: 'ErrImageNeverPull', shape: { image: 'app:gone' }, says: /not present with pull policy of Never/ },
    {
      cause: 'deadline',
      shape: { image: 'app:sick', spec: { progressDeadlineSeconds: 4 } },
      says: /not ready within its 4 s/,
    },
  ];
  it.each(broken)('$cause', async ({ cause, shape, says }) => {
    const { place, api, namespace, where } = await brokenBehind(shape);
    await rolledOut(api, namespace, 'shop');
    const undo = await place.executor('kubernetes.rollout-undo');
    const [old] = (await place.look(where)).history;
    const plan = await undo.plan(contexts().plan(pick(await place.look(where), old?.version ?? '')), {
      ...where,
      context: null,
      kubeconfig: null,
      graceSeconds: 2,
    });
    const end = await carryOut(undo, plan.operations);
    expect(end).toMatchObject({ state: 'failed', served: false, reason: { code: 'not-settled', facts: { cause } } });
    expect(end.state === 'failed' && sayReason(end.reason, 'en')).toMatch(says);
    const inverse = plan.operations[0]?.inverse;
    if (!inverse) throw new Error('no inverse');
    const { apply } = contexts();
    await undo.apply(apply, inverse);
    expect(await undo.settle(apply, inverse)).toMatchObject({ state: 'settled', served: true });
    expect(await imageOf(api, namespace, 'shop')).toBe('app:1.2.0');
  });

  it('CreateContainerConfigError, and pods that a quota refuses', async () => {
    const { place, api, namespace, where } = await brokenBehind({ image: 'app:1.0.0' });
    await rolledOut(api, namespace, 'shop');
    const setEnv = await place.executor('kubernetes.set-env');
    const core = `/api/v1/namespaces/${namespace}`;
    await api('POST', `${core}/configmaps`, { metadata: { name: 'flags' }, data: { mode: 'x' } });
    const input = { ...where, context: null, kubeconfig: null, remove: [], containers: null, graceSeconds: 2 };
    const fromFlags = { ...input, set: { MODE: { configMap: 'flags', key: 'mode' } } };
    const plan = await setEnv.plan(contexts().plan(null), fromFlags);
    await api('DELETE', `${core}/configmaps/flags`);
    expect(await carryOut(setEnv, plan.operations)).toMatchObject({
      state: 'failed',
      served: false,
      reason: { facts: { cause: 'CreateContainerConfigError' } },
    });
    await api('POST', `${core}/resourcequotas`, { metadata: { name: 'full' }, spec: { hard: { pods: '1' } } });
    const more = await setEnv.plan(contexts().plan(null), { ...input, set: { MODE: 'y' } });
    const end = await carryOut(setEnv, more.operations);
    expect(end).toMatchObject({ state: 'failed', reason: { facts: { cause: 'PodsRefused' } } });
    expect(end.state === 'failed' && end.reason.detail).toMatch(/exceeded quota/);
  });
});

describe('the check kubernetes.rollout', { timeout: 60_000, concurrent: true }, () => {
  it('passes on the release of the run alone, waits while it rolls, fails on another', async () => {
    const { place, api, namespace, where } = await brokenBehind({ image: 'app:1.0.0' });
    await rolledOut(api, namespace, 'shop');
    const to = pick(await place.look(where), '1.2.0');
    const check = await place.check();
    const ask = (release: Release | null) =>
      check.start(checkContext(release), { ...where, context: null, kubeconfig: null });
    const judge = ask(to);
    expect(await judge()).toMatchObject({
      status: 'passed',
      note: { code: 'rolled-out', facts: { ready: 1, pods: 1 } },
    });
    await setImage(api, namespace, 'shop', 'app:sick');
    await atRevision(api, namespace, 'shop', 3);
    expect(await judge()).toMatchObject({ status: 'failed', note: { code: 'other-release-live' } });
    expect(await ask(null)()).toMatchObject({ status: 'waiting' });
    await patchDeployment(api, namespace, 'shop', { spec: { replicas: 0 } });
    await rolledOut(api, namespace, 'shop');
    expect(await ask(null)()).toMatchObject({ status: 'unknown' });
    await api('DELETE', `/apis/apps/v1/namespaces/${namespace}/deployments/shop`);
    expect(await judge()).toMatchObject({ status: 'failed', note: { code: 'deployment-gone' } });
  });
});
