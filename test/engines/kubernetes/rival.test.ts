import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';
import { readClusterEnvironment } from '../../cluster/environment.ts';
import { requireProgram } from '../../cluster/programs.ts';
import { useCluster } from '../../cluster/suite.ts';
import { carryOut, contexts, openPlace, type Place, pick } from './targets.ts';
import {
  atRevision,
  deploymentBody,
  makeDeployment,
  patchDeployment,
  readDeployment,
  rolledOut,
  setImage,
} from './workloads.ts';

const cluster = useCluster();
const places: Place[] = [];
afterEach(async () => {
  for (const place of places.splice(0)) await place.close();
});

it('trap 22: the plan names the manager and the fields that our write takes, and its next apply conflicts on them', {
  timeout: 60_000,
}, async () => {
  const { api } = cluster;
  const place = await openPlace(cluster);
  places.push(place);
  const { namespace } = place;
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/shop?fieldManager=pipeline`;
  const apply = (image: string) => {
    const body = { apiVersion: 'apps/v1', kind: 'Deployment', ...deploymentBody('shop', { image, replicas: 1 }) };
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
    {
      code: 'fields-taken',
      facts: { manager: 'pipeline', fields: ['spec.template.spec.containers[app].image'] },
    },
  ]);
  await carryOut(undo, plan.operations);
  await expect(apply('app:1.2.0')).rejects.toThrow(/409.*backout.*image/s);
});

it('does what kubectl rollout undo does: same template, same ReplicaSet, same revision, same change cause', {
  timeout: 90_000,
}, async () => {
  const { api } = cluster;
  const place = await openPlace(cluster);
  places.push(place);
  const { namespace } = place;
  const cause = 'kubernetes.io/change-cause';
  const history = async (name: string) => {
    await makeDeployment(api, namespace, name, { replicas: 1, probe: false, annotations: { [cause]: 'one' } });
    await atRevision(api, namespace, name, 1);
    await setImage(api, namespace, name, 'app:1.1.0');
    await atRevision(api, namespace, name, 2);
    await patchDeployment(api, namespace, name, { metadata: { annotations: { [cause]: 'two' } } });
    await setImage(api, namespace, name, 'app:1.2.0');
    await rolledOut(api, namespace, name);
    await atRevision(api, namespace, name, 3);
  };
  await Promise.all([history('ours'), history('theirs')]);

  const where = { namespace, deployment: 'ours' };
  const undo = await place.executor('kubernetes.rollout-undo');
  const to = pick(await place.look(where), '1.0.0');
  const plan = await undo.plan(contexts().plan(to), { ...where, context: null, kubeconfig: null, graceSeconds: 2 });
  await carryOut(undo, plan.operations);
  const argv = ['--kubeconfig', cluster.kubeconfigPath, '-n', namespace, 'rollout', 'undo', 'deployment/theirs'];
  await promisify(execFile)(requireProgram('kubectl', readClusterEnvironment()), [...argv, '--to-revision=1']);

  const [ours, theirs] = await Promise.all(['ours', 'theirs'].map(name => atRevision(api, namespace, name, 4)));
  const shown = (found: typeof ours, name: string) =>
    JSON.parse(JSON.stringify({ spec: found?.spec, annotations: found?.metadata?.annotations }).replaceAll(name, 'x'));
  expect(shown(ours, 'ours')).toEqual(shown(theirs, 'theirs'));
  const sets = await api('GET', `/apis/apps/v1/namespaces/${namespace}/replicasets`);
  expect([...(sets.items ?? [])]).toHaveLength(6);
  const { status } = await readDeployment(api, namespace, 'ours');
  expect(JSON.stringify(status?.conditions)).toContain('NewReplicaSetAvailable');
});
