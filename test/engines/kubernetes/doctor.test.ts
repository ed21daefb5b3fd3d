import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { createKubernetesProbe } from '../../../src/adapters/kubernetes/doctor.ts';
import type { WorkloadStep } from '../../../src/adapters/kubernetes/doctor-owners.ts';
import { rulesOf } from '../../../src/domain/cluster-rights.ts';
import { clusterRights, lookingRights } from '../../../src/main/cluster-rights.ts';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { contexts, openPlace, type Place, pick, refusalOf, statedRules } from './targets.ts';
import { atRevision, imageOf, makeDeployment, patchDeployment, setImage } from './workloads.ts';

const cluster = useCluster();

describe('doctor', { timeout: 60_000 }, () => {
  const kinds = ['kubernetes.deployment', 'kubernetes.rollout-undo', 'kubernetes.rollout'];
  const stated = statedRules(...kinds);
  const nodes = [{ apiGroups: [''], resources: ['nodes'], verbs: ['list'] }];
  const back: WorkloadStep = { owner: 'refuse', argocd: 'argocd', byHistory: true };
  const examine = (place: Place, step: Partial<WorkloadStep> = {}) => {
    const where = { namespace: place.namespace, context: null, kubeconfig: null };
    const rights = kinds
      .flatMap(kind => clusterRights[kind]?.rights ?? [])
      .filter(({ only }) => only === null || only === 'Deployment');
    return createKubernetesProbe(
      { kubeconfig: place.kubeconfig, childEnvironment: {}, clock: { now: () => Date.now() } },
      [{ where, workload: { kind: 'Deployment', name: 'shop' }, rights, steps: [{ ...back, ...step }] }],
    )({ signal: AbortSignal.timeout(20_000) });
  };

  it('says that all is well, or which right is missing, or who else owns the thing', async () => {
    const place = await openPlace(cluster, stated, nodes);
    expect(await examine(place)).toMatchObject([{ state: 'broken', message: expect.stringContaining('not found') }]);
    await makeDeployment(cluster.api, place.namespace, 'shop', { replicas: 0 });
    expect(await examine(place)).toMatchObject([{ state: 'ok' }]);
    await patchDeployment(cluster.api, place.namespace, 'shop', {
      metadata: { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:x' } },
      spec: { revisionHistoryLimit: 0 },
    });
    expect((await examine(place)).map(({ message }) => message)).toEqual([
      expect.stringContaining('Argo CD'),
      'keeps no history',
    ]);
    expect(await examine(place, { owner: 'anyway', byHistory: false })).toMatchObject([{ state: 'ok' }]);
    expect(await examine(place, { owner: 'suspend', argocd: 'tools', byHistory: false })).toMatchObject([
      {
        state: 'broken',
        message:
          'application tools/shop cannot be suspended: we may not get applications.argoproj.io, patch applications.argoproj.io',
        manifest: expect.stringContaining('namespace: tools'),
      },
    ]);
  });

  it('names each missing right and how much it matters, with a role that grants them as it stands', async ({
    onTestFinished,
  }) => {
    const place = await openPlace(cluster, [
      { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get'] },
      { apiGroups: [''], resources: ['pods', 'configmaps', 'serviceaccounts'], verbs: ['get', 'list'] },
    ]);
    const found = await examine(place);
    expect(found).toMatchObject([
      { state: 'broken', message: 'may not list replicasets.apps, patch deployments.apps' },
      { state: 'warning', message: expect.stringContaining('get secrets, get persistentvolumeclaims') },
    ]);
    const manifest = found.map(finding => finding.manifest).find(text => text !== undefined) ?? '';
    for (const document of parseAllDocuments(manifest)) {
      const { kind, metadata, ...rest } = document.toJS();
      const where = metadata.namespace ? `namespaces/${metadata.namespace}/` : '';
      const path = `/apis/rbac.authorization.k8s.io/v1/${where}${kind.toLowerCase()}s`;
      if (!metadata.namespace)
        onTestFinished(async () => void (await cluster.api('DELETE', `${path}/${metadata.name}`)));
      await cluster.api('POST', path, { metadata, ...rest });
    }
    await makeDeployment(cluster.api, place.namespace, 'shop', { replicas: 0 });
    await eventually('the role in force', async () => (await examine(place)).every(({ state }) => state === 'ok'));
    place.proxy.inject({ fault: { kind: 'answer', status: 401 } });
    expect(await examine(place)).toMatchObject([{ state: 'broken', message: expect.stringContaining('credentials') }]);
  });
});

it('the role that discover writes is enough to plan and watch, and not to act', { timeout: 60_000 }, async () => {
  const place = await openPlace(cluster, rulesOf(lookingRights()));
  const { namespace } = place;
  await makeDeployment(cluster.api, namespace, 'shop', { replicas: 0 });
  await atRevision(cluster.api, namespace, 'shop', 1);
  await setImage(cluster.api, namespace, 'shop', 'app:1.1.0');
  await atRevision(cluster.api, namespace, 'shop', 2);
  const where = { namespace, deployment: 'shop', context: null, kubeconfig: null };
  const to = pick(await place.look({ namespace, deployment: 'shop' }), '1.0.0');
  const undo = await place.executor('kubernetes.rollout-undo');
  const input = { ...where, graceSeconds: 5, replaceImmutable: false };
  const plan = await undo.plan({ ...contexts().plan(to), mode: 'observe' }, input);
  expect(plan.operations[0]?.preview.diff).toContain('app:1.0.0');
  expect(plan.warnings).toMatchObject([{ code: 'no-pods-wanted' }, { code: 'write-not-tried' }]);
  const refused = await refusalOf(undo.plan({ ...contexts().plan(to), mode: 'act' }, input));
  expect(refused).toMatchObject({ code: 'permission-missing', facts: { what: 'patch deployments.apps' } });
  expect(await imageOf(cluster.api, namespace, 'shop')).toBe('app:1.1.0');
});
