import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { createDiscover } from '../../../src/adapters/kubernetes/discover.ts';
import type { Refusal } from '../../../src/domain/reason.ts';
import { useCluster } from '../../cluster/suite.ts';
import { makeDeployment } from './workloads.ts';

const cluster = useCluster();
let folder: string;
beforeAll(async () => {
  folder = await cluster.folder('discover');
});

const limit = () => AbortSignal.timeout(20_000);
const rules = [{ apiGroups: ['apps'], resources: ['deployments', 'statefulsets', 'daemonsets'], verbs: ['list'] }];

async function discoverAs(namespace: string) {
  const kubeconfig = join(folder, namespace);
  await writeFile(kubeconfig, await cluster.account(namespace, rules), { mode: 0o600 });
  return createDiscover({ kubeconfig, childEnvironment: {}, clock: { now: () => Date.now() } });
}

it('finds what runs in a namespace, with who renders it', async () => {
  const namespace = await cluster.namespace();
  await makeDeployment(cluster.api, namespace, 'shop', { replicas: 0 });
  await makeDeployment(cluster.api, namespace, 'cart', { replicas: 0, labels: { 'argocd.argoproj.io/instance': 'a' } });
  const found = await (await discoverAs(namespace))([namespace], limit());
  expect(found).toMatchObject([
    { kind: 'Deployment', namespace, name: 'cart', owners: ['Argo CD'] },
    { kind: 'Deployment', namespace, name: 'shop', owners: [], images: [expect.stringContaining('app:')] },
  ]);
});

it('says what to do where the account may not see the whole cluster, and what is no namespace', async () => {
  const discover = await discoverAs(await cluster.namespace());
  const refused = async (namespaces: readonly string[]) =>
    await discover(namespaces, limit()).then(
      () => null,
      (failure: Refusal) => failure.reason,
    );
  expect(await refused([])).toMatchObject({ code: 'permission-missing', detail: expect.stringContaining('NAMESPACE') });
  expect(await refused(['../nodes'])).toMatchObject({ code: 'bad-argument' });
});
