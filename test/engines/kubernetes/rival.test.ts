import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../cluster/api.ts';
import { readClusterEnvironment } from '../../cluster/environment.ts';
import { requireProgram } from '../../cluster/programs.ts';
import { eventually, useCluster } from '../../cluster/suite.ts';
import {
  atNumber,
  historyOf,
  type Kind,
  kindRules,
  makeWorkload,
  patchWorkload,
  plurals,
  withoutPods,
} from './kinds.ts';
import { carryOut, contexts, openPlace, pick } from './targets.ts';
import { atRevision, deploymentBody, patchDeployment } from './workloads.ts';

const cluster = useCluster();

it('trap 22: the plan names the manager and the fields that our write takes, and its next apply conflicts on them', {
  timeout: 60_000,
}, async () => {
  const { api } = cluster;
  const place = await openPlace(cluster);
  const { namespace } = place;
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/shop?fieldManager=pipeline`;
  const apply = (image: string) => {
    const body = { apiVersion: 'apps/v1', kind: 'Deployment', ...deploymentBody('shop', { image, replicas: 0 }) };
    return api('PATCH', path, body, 'application/apply-patch+yaml');
  };
  await apply('app:1.0.0');
  await atRevision(api, namespace, 'shop', 1);
  await apply('app:1.1.0');
  await atRevision(api, namespace, 'shop', 2);
  const where = { namespace, deployment: 'shop' };
  const undo = await place.executor('kubernetes.rollout-undo');
  const to = pick(await place.look(where), '1.0.0');
  const plan = await undo.plan(contexts().plan(to), { ...where, context: null, kubeconfig: null, graceSeconds: 2 });
  expect(plan.warnings).toMatchObject([
    { code: 'no-pods-wanted' },
    {
      code: 'fields-taken',
      facts: { manager: 'pipeline', fields: ['spec.template.spec.containers[app].image'] },
    },
  ]);
  await carryOut(undo, plan.operations);
  await expect(apply('app:1.2.0')).rejects.toThrow(/409.*backout.*image/s);
});

/** What tells one object from its twin in another namespace, and what no write of ours decides: who wrote, and when. */
function withoutSelf(found: Json): unknown {
  const own = ['uid', 'namespace', 'resourceVersion', 'creationTimestamp', 'managedFields'];
  const left = new Set([...own, 'lastTransitionTime', 'lastUpdateTime']);
  return JSON.parse(JSON.stringify(found, (key, value) => (left.has(key) ? undefined : value)));
}

const kubectl = (...argv: string[]) =>
  promisify(execFile)(requireProgram('kubectl', readClusterEnvironment()), [
    '--kubeconfig',
    cluster.kubeconfigPath,
    ...argv,
  ]);
const cause = 'kubernetes.io/change-cause';

/** A workload that went through three releases with a change cause each, as kubectl's users leave one. */
async function history(kind: Kind, namespace: string, name: string): Promise<void> {
  const { api } = cluster;
  await makeWorkload(api, kind, namespace, name, { ...withoutPods(kind), annotations: { [cause]: 'one' } });
  await atNumber(api, kind, namespace, name, 1);
  for (const [at, why] of ['two', 'three'].entries()) {
    await patchWorkload(api, kind, namespace, name, {
      metadata: { annotations: { [cause]: why } },
      spec: { template: { spec: { containers: [{ name: 'app', image: `app:1.${at + 1}.0` }] } } },
    });
    await atNumber(api, kind, namespace, name, at + 2);
  }
}

describe('an undo of ours and one of kubectl leave the same objects', { timeout: 120_000, concurrent: true }, () => {
  it.each(Object.keys(plurals) as Kind[])('%s, field by field, its history included', async kind => {
    const { api } = cluster;
    const place = await openPlace(cluster, kindRules);
    const { namespace: ours } = place;
    const theirs = await cluster.namespace();
    await Promise.all([ours, theirs].map(namespace => history(kind, namespace, 'shop')));
    const where = { namespace: ours, [kind]: 'shop' };
    const undo = await place.executor('kubernetes.rollout-undo');
    const to = pick(await place.look(where), '1.0.0');
    const input = { ...where, context: null, kubeconfig: null, graceSeconds: 5, replaceImmutable: false };
    await carryOut(undo, (await undo.plan(contexts().plan(to), input)).operations);
    await kubectl('-n', theirs, 'rollout', 'undo', `${kind.toLowerCase()}/shop`, '--to-revision=1');
    const shown = async (namespace: string) => {
      const found = await atNumber(api, kind, namespace, 'shop', 4);
      const past = await historyOf(api, kind, namespace, 'shop');
      return { object: withoutSelf(found), history: past.map(withoutSelf) };
    };
    const twins = () => Promise.all([ours, theirs].map(shown));
    const alike = async () => {
      const [one, other] = await twins();
      return JSON.stringify(one) === JSON.stringify(other);
    };
    await eventually('both at rest', alike, 20_000).catch(() => undefined);
    const [one, other] = await twins();
    expect(one).toEqual(other);
    expect(one?.history).toHaveLength(3);
  });

  it('but annotations that the Deployment alone bears stay with us, and kubectl loses them', async () => {
    const { api } = cluster;
    const place = await openPlace(cluster);
    const { namespace } = place;
    await Promise.all(['ours', 'theirs'].map(name => history('deployment', namespace, name)));
    for (const name of ['ours', 'theirs'])
      await patchDeployment(api, namespace, name, { metadata: { annotations: { 'team.example/pager': 'shop' } } });
    const where = { namespace, deployment: 'ours' };
    const undo = await place.executor('kubernetes.rollout-undo');
    const to = pick(await place.look(where), '1.0.0');
    const input = { ...where, context: null, kubeconfig: null, graceSeconds: 5, replaceImmutable: false };
    await carryOut(undo, (await undo.plan(contexts().plan(to), input)).operations);
    await kubectl('-n', namespace, 'rollout', 'undo', 'deployment/theirs', '--to-revision=1');
    const [ours, theirs] = await Promise.all(['ours', 'theirs'].map(name => atRevision(api, namespace, name, 4)));
    expect(ours?.metadata?.annotations).toEqual({ ...theirs?.metadata?.annotations, 'team.example/pager': 'shop' });
    expect(theirs?.metadata?.annotations).not.toHaveProperty('team.example/pager');
  });
});
