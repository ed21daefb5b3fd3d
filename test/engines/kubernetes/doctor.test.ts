import { afterEach, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { createKubernetesProbe } from '../../../src/adapters/kubernetes/doctor.ts';
import { clusterRights } from '../../../src/main/cluster-rights.ts';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { openPlace, type Place, statedRules } from './targets.ts';
import { makeDeployment, patchDeployment } from './workloads.ts';

const cluster = useCluster();
const places: Place[] = [];
afterEach(async () => {
  for (const place of places.splice(0)) await place.close();
});

describe('doctor', { timeout: 60_000 }, () => {
  const kinds = ['kubernetes.deployment', 'kubernetes.rollout-undo', 'kubernetes.rollout'];
  const stated = statedRules(...kinds);
  const examine = (place: Place) => {
    const where = { namespace: place.namespace, context: null, kubeconfig: null };
    const rights = kinds
      .flatMap(kind => clusterRights[kind]?.rights ?? [])
      .filter(({ only }) => only === null || only === 'Deployment');
    return createKubernetesProbe({ kubeconfig: place.kubeconfig, clock: { now: () => Date.now() } }, [
      { where, workload: { kind: 'Deployment', name: 'shop' }, rights },
    ])({ signal: AbortSignal.timeout(20_000) });
  };

  it('says that all is well, or which right is missing, or who else owns the thing', async () => {
    const place = await openPlace(cluster, stated);
    places.push(place);
    expect(await examine(place)).toMatchObject([{ state: 'broken', message: expect.stringContaining('not found') }]);
    await makeDeployment(cluster.api, place.namespace, 'shop', { replicas: 1 });
    expect(await examine(place)).toMatchObject([{ state: 'ok' }]);
    await patchDeployment(cluster.api, place.namespace, 'shop', {
      metadata: { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:x' } },
      spec: { revisionHistoryLimit: 0 },
    });
    expect((await examine(place)).map(({ message }) => message)).toEqual([
      expect.stringContaining('Argo CD'),
      'keeps no history',
    ]);
  });

  it('names each missing right and how much it matters, with a role that grants them as it stands', async () => {
    const place = await openPlace(cluster, [
      { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get'] },
      { apiGroups: [''], resources: ['pods', 'configmaps', 'serviceaccounts'], verbs: ['get', 'list'] },
    ]);
    places.push(place);
    const found = await examine(place);
    expect(found).toMatchObject([
      { state: 'broken', message: 'may not list replicasets.apps, patch deployments.apps' },
      { state: 'warning', message: expect.stringContaining('get secrets, get persistentvolumeclaims') },
    ]);
    const manifest = found.map(finding => finding.manifest).find(text => text !== undefined) ?? '';
    for (const document of parseAllDocuments(manifest)) {
      const { kind, metadata, ...rest } = document.toJS();
      const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${metadata.namespace}/${kind.toLowerCase()}s`;
      await cluster.api('POST', path, { metadata, ...rest });
    }
    await makeDeployment(cluster.api, place.namespace, 'shop', { replicas: 0 });
    await eventually('the role in force', async () => (await examine(place)).every(({ state }) => state === 'ok'));
    place.proxy.inject({ fault: { kind: 'answer', status: 401 } });
    expect(await examine(place)).toMatchObject([{ state: 'broken', message: expect.stringContaining('credentials') }]);
  });
});
