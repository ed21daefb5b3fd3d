import { describe, expect, it } from 'vitest';
import type { Json } from '../../cluster/api.ts';
import { useCluster } from '../../cluster/suite.ts';
import { openHelm } from '../helm/world.ts';
import { selectorOf } from './blue-green.ts';
import { type ExampleRuns, openExample } from './example-runs.ts';
import {
  atRevision,
  deploymentBody,
  imageOf,
  makeDeployment,
  patchDeployment,
  readDeployment,
  rolledOut,
  type Shape,
  setImage,
} from './workloads.ts';

const cluster = useCluster();

const gateway = 'yyc3-api-gateway';

async function open(
  environment: string,
  namespace: string,
  places: readonly (readonly [string, string])[] = [],
): Promise<ExampleRuns> {
  return openExample('yyc3', [gateway, environment], cluster, [
    ['namespace: yyc3-prod', `namespace: ${namespace}`],
    ...places,
  ]);
}

/** A version of the gateway beside others, told apart by a label. */
async function version(namespace: string, name: string, image: string, shape: Shape): Promise<Json> {
  const labels = { app: gateway, version: name };
  const body = JSON.parse(JSON.stringify(deploymentBody(`${gateway}-${name}`, { ...shape, image })));
  body.spec.selector.matchLabels = labels;
  body.spec.template.metadata.labels = labels;
  return cluster.api('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, body);
}

function service(namespace: string, selector: object): Promise<Json> {
  return cluster.api('POST', `/api/v1/namespaces/${namespace}/services`, {
    metadata: { name: gateway },
    spec: { selector, ports: [{ port: 80, targetPort: 8080 }] },
  });
}

describe('the catering platform’s plan on a real cluster', { timeout: 180_000 }, () => {
  it('blue/green: the Service leads back once the old version is ready (31, 88-90, 392)', async () => {
    const namespace = await cluster.namespace();
    await service(namespace, { app: gateway, version: 'v1.1.0' });
    await Promise.all([
      version(namespace, 'v1.0.0', 'app:1.0.0', { replicas: 2 }),
      version(namespace, 'v1.1.0', 'app:1.1.0', { replicas: 0 }),
    ]);
    await rolledOut(cluster.api, namespace, `${gateway}-v1.0.0`);
    const runs = await open('blue-green', namespace);
    await runs.run('blue-green');
    expect(await selectorOf(cluster.api, namespace, gateway)).toEqual({ app: gateway, version: 'v1.0.0' });
  });

  it('canary: the old version out first, then the new one in (32, 94, 95, 391)', async () => {
    const namespace = await cluster.namespace();
    await service(namespace, { app: gateway });
    await Promise.all([
      version(namespace, 'v1.0.0', 'app:1.0.0', { replicas: 1 }),
      version(namespace, 'v1.1.0', 'app:1.1.0', { replicas: 1 }),
    ]);
    await rolledOut(cluster.api, namespace, `${gateway}-v1.1.0`);
    const runs = await open('canary', namespace, [
      ['v1.0.0, replicas: 3, only: out', 'v1.0.0, replicas: 2, only: out'],
      ['yyc3-api-gateway, atLeast: 3', 'yyc3-api-gateway, atLeast: 2'],
    ]);
    const [out, less] = await runs.run('canary');
    expect([out?.interruption, less?.interruption]).toEqual([{ kind: 'none' }, { kind: 'unknown' }]);
    const counts = await Promise.all(
      ['v1.0.0', 'v1.1.0'].map(async name => (await readDeployment(cluster.api, namespace, `${gateway}-${name}`)).spec),
    );
    expect(counts.map(spec => Number(spec?.replicas))).toEqual([2, 0]);
  });

  it('rolling, ConfigMap and variables; then all writers stopped (33, 59, 60, 76-80, 142, 180, 199)', async () => {
    const { api } = cluster;
    const namespace = await cluster.namespace();
    const core = `/api/v1/namespaces/${namespace}/configmaps`;
    await api('POST', core, {
      metadata: { name: 'yyc3-config' },
      data: { CACHE_TTL: '5', ORDER_LIMIT: '9', KEPT: 'x' },
    });
    await makeDeployment(api, namespace, 'yyc3-orders', { replicas: 1, probe: false });
    const env = [{ name: 'DB_READ_REPLICA', value: 'on' }];
    await makeDeployment(api, namespace, gateway, { replicas: 0, probe: false, env });
    await atRevision(api, namespace, gateway, 1);
    const runs = await open('rolling', namespace);
    const good = await runs.release('1.0.0');
    await setImage(api, namespace, gateway, 'app:1.1.0');
    await patchDeployment(api, namespace, gateway, { spec: { replicas: 1 } });
    await rolledOut(api, namespace, gateway);
    await runs.run('rolling', good);
    expect(await imageOf(api, namespace, gateway)).toBe('app:1.0.0');
    await runs.run('configuration');
    expect((await api('GET', `${core}/yyc3-config`)).data).toEqual({ CACHE_TTL: '60', ORDER_LIMIT: '100', KEPT: 'x' });
    await runs.run('environment');
    await runs.run('stop-writers');
    for (const name of [gateway, 'yyc3-orders'])
      expect(Number((await readDeployment(api, namespace, name)).spec?.replicas)).toBe(0);
  });

  it('Helm: the last good revision; by force and from a standstill only where a rollback failed (98-102, 137, 139-141)', async ({
    onTestFinished,
  }) => {
    const helm = await openHelm(cluster, 'helm3');
    onTestFinished(helm.close);
    const { namespace } = helm;
    await helm.deploy({ image: 'app:1.0.0', replicas: 1 });
    const runs = await open('helm', namespace, [
      [`deployment: ${gateway}`, 'deployment: shop'],
      [`release: ${gateway}, timeout: 5m`, `release: shop, timeout: 1m, binary: ${helm.binary}`],
    ]);
    const good = await runs.release('1.0.0');
    await helm.deploy({ image: 'app:1.1.0', replicas: 1, chartVersion: '0.2.0', appVersion: '1.1.0' }, '--wait');
    await runs.run('helm', good);
    expect(await imageOf(cluster.api, namespace, 'shop')).toBe('app:1.0.0');
    await helm.deploy({ image: 'app:sick', replicas: 1, chartVersion: '0.3.0', appVersion: '1.2.0' });
    const plans = await runs.run('contingency', good);
    expect(plans.map(({ operations }) => operations.length)).toEqual([1, 1, 1]);
    const shop = await readDeployment(cluster.api, namespace, 'shop');
    expect([await imageOf(cluster.api, namespace, 'shop'), Number(shop.spec?.replicas)]).toEqual(['app:1.0.0', 1]);
  });
});
