import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openPlane } from '../../cluster/plane.ts';
import { eventually, openCluster, useCluster } from '../../cluster/suite.ts';
import { makeDeployment, podsOf, rolledOut } from './workloads.ts';

const cluster = useCluster();

test('pods start and serve their version', async () => {
  const namespace = await cluster.namespace();
  await makeDeployment(cluster.api, namespace, 'shop', { image: 'app:1.0.0' });
  await rolledOut(cluster.api, namespace, 'shop');
  const [pod] = await podsOf(cluster.api, namespace, 'shop');
  const path = `/api/v1/namespaces/${namespace}/pods/${pod?.metadata?.name}:8080/proxy/healthz`;
  const answer = await eventually('version', () => cluster.api('GET', path).catch(() => undefined));
  expect(answer).toEqual({ version: '1.0.0' });
});

test('a service account is refused what its role lacks, and the proxy injects faults', async () => {
  const namespace = await cluster.namespace();
  const proxy = await cluster.faultProxy();
  const { openApi } = await import('../../cluster/api.ts');
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }];
  const api = await openApi(await cluster.account(namespace, rules, proxy.url));
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  await eventually('role', () => api('GET', pods).catch(() => undefined));
  await expect(api('GET', `/api/v1/namespaces/${namespace}/secrets`)).rejects.toThrow(/403/);
  proxy.inject({ path: /pods/, times: 1, fault: { kind: 'answer', status: 429, retryAfter: 1 } });
  await expect(api('GET', pods)).rejects.toThrow(/429/);
  proxy.inject({ path: /pods/, times: 1, fault: { kind: 'cut-after' } });
  await expect(api('GET', pods)).rejects.toThrow(/other side closed/);
  expect(await api('GET', pods)).toHaveProperty('items', []);
});

test('a suite ends with what it made, folders and whatever works in its namespaces, whoever holds it', async () => {
  const suite = await openCluster();
  const [folder, namespace] = [await suite.folder('trial'), await suite.namespace()];
  writeFileSync(join(folder, 'kubeconfig'), '');
  await makeDeployment(suite.api, namespace, 'shop', { replicas: 1 });
  await suite.cleanUp();
  expect(existsSync(folder)).toBe(false);
  const left = async () => {
    const deployments = await cluster.api('GET', `/apis/apps/v1/namespaces/${namespace}/deployments`);
    return [...(deployments.items ?? []), ...(await podsOf(cluster.api, namespace, 'shop'))];
  };
  await eventually('the end of what worked there', async () => (await left()).length === 0);
});

test('in a cluster that others keep, its namespaces end as well', async () => {
  const plane = await openPlane(cluster.kubeconfigPath, false);
  const namespace = await plane.namespace();
  await plane.cleanUp();
  await eventually('the end of the namespace', async () => {
    const found = await cluster.api('GET', `/api/v1/namespaces/${namespace}`).catch(() => undefined);
    return found === undefined || found.metadata?.deletionTimestamp !== undefined;
  });
});
