import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Release } from '../../../src/domain/release.ts';
import { useCluster } from '../../cluster/suite.ts';
import { type ExampleRuns, openExample } from './example-runs.ts';
import {
  atRevision,
  imageOf,
  makeDeployment,
  patchDeployment,
  podsOf,
  readDeployment,
  rolledOut,
} from './workloads.ts';

const cluster = useCluster();
const name = 'new-stock-api';
let namespace = '';
let runs: ExampleRuns;
/** The release before, as it was seen while it ran. */
let good: Release;

/** Serves what the plan's application serves: its health, with what its switches say, and its metrics. */
const serving = [
  'mkdir -p /www/api/v1/monitoring',
  `echo "{\\"status\\":\\"ok\\",\\"cache\\":{\\"enabled\\":\${SYMBOL_MAPPING_CACHE_ENABLED:-true}},\\"services\\":{\\"database\\":\\"ok\\"}}" > /www/api/v1/monitoring/health`,
  'echo "symbol_mapping_cache_hit_rate 0.9" > /www/metrics',
  'httpd -p 3000 -h /www; httpd -p 9090 -h /www; echo "serving"',
  'trap "exit 0" TERM; while :; do sleep 86400 & wait $!; done',
].join('; ');

beforeAll(async () => {
  const { api } = cluster;
  namespace = await cluster.namespace();
  const value = join(await cluster.folder('symbol-mapper'), 'emergency-rollback');
  writeFileSync(value, 'true', { mode: 0o600 });
  const core = `/api/v1/namespaces/${namespace}`;
  await api('POST', `${core}/configmaps`, {
    metadata: { name: 'app-config' },
    data: { SYMBOL_MAPPING_CACHE_ENABLED: 'true', OTHER: 'kept' },
  });
  await api('POST', `${core}/secrets`, { metadata: { name: 'app-secrets' }, stringData: { OTHER: 'kept' } });
  await api('POST', `${core}/services`, {
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 3000 }] },
  });
  const probe = { httpGet: { path: '/api/v1/monitoring/health', port: 3000 }, periodSeconds: 1 };
  const container = {
    name,
    image: 'app:1.0.0',
    imagePullPolicy: 'Never',
    command: ['/bin/sh', '-c', serving],
    env: [{ name: 'MONGODB_URI', value: 'mongodb://db/symbols' }],
    readinessProbe: probe,
  };
  await makeDeployment(api, namespace, name, {
    replicas: 1,
    podSpec: { dnsPolicy: 'Default', containers: [container] },
  });
  await rolledOut(api, namespace, name);
  await atRevision(api, namespace, name, 1);
  runs = await openExample('symbol-mapper', [name, 'production'], cluster, [
    ['namespace: default', `namespace: ${namespace}`],
    ['/etc/backout/emergency-rollback', value],
    ['new-stock-api: new-stock-api:stable', 'new-stock-api: app:1.2.0'],
  ]);
  good = await runs.release('1.0.0');
  await change({ template: { spec: { containers: [{ name, image: 'app:1.1.0' }] } } });
}, 120_000);

/** Changes the Deployment by hand, and waits until that has rolled out. */
async function change(spec: object): Promise<void> {
  await patchDeployment(cluster.api, namespace, name, { spec });
  await rolledOut(cluster.api, namespace, name);
}

const env = async () => {
  const found = await readDeployment(cluster.api, namespace, name);
  const set = [...(found.spec?.template?.spec?.containers?.[0]?.env ?? [])];
  return Object.fromEntries(set.map(one => [String(one.name), String(one.value)]));
};

describe('the Symbol Mapper plan on a real cluster', { timeout: 120_000 }, () => {
  it('level 1: three switches at once, followed and verified by what the process says (37, 38, 44, 148-150, 172)', async () => {
    await runs.run('switches');
    expect(await env()).toMatchObject({
      SYMBOL_MAPPING_CACHE_ENABLED: 'false',
      FEATURE_NEW_CACHE_SYSTEM: 'false',
      METRICS_LEGACY_MODE_ENABLED: 'true',
    });
  });

  it('level 1: the whole emergency map of the feature flags (41, 42, 43)', async () => {
    await runs.run('all-switches');
    expect(await env()).toMatchObject({ RULE_COMPILATION_ENABLED: 'false', METRICS_LEGACY_MODE_ENABLED: 'true' });
  });

  it('level 1 in the ConfigMap and in the Secret, whose value nobody sees (39, 40)', async () => {
    const core = `/api/v1/namespaces/${namespace}`;
    await runs.run('switch-configmap');
    const config = await cluster.api('GET', `${core}/configmaps/app-config`);
    expect(config.data).toEqual({ SYMBOL_MAPPING_CACHE_ENABLED: 'false', OTHER: 'kept' });
    const plans = await runs.run('switch-secret');
    const secret = await cluster.api('GET', `${core}/secrets/app-secrets`);
    const read = (key: string) => Buffer.from(String(secret.data?.[key]), 'base64').toString();
    expect([read('EMERGENCY_ROLLBACK'), read('OTHER')]).toEqual(['true', 'kept']);
    expect(JSON.stringify(plans)).not.toContain(Buffer.from('true').toString('base64'));
  });

  it('level 2: change streams off and small pools, seen in the running containers (54, 58, 156-160, 173)', async () => {
    await runs.run('database');
    expect(await env()).toMatchObject({ CHANGE_STREAM_ENABLED: 'false', DB_POOL_MAX: '20', REDIS_POOL_SIZE: '5' });
  });

  it('troubleshooting: the configuration does not take effect, so every pod is made anew (82, 363)', async () => {
    const before = (await podsOf(cluster.api, namespace, name)).map(pod => String(pod.metadata?.uid));
    await runs.run('pods-anew');
    const after = (await podsOf(cluster.api, namespace, name)).map(pod => String(pod.metadata?.uid));
    expect(after.filter(uid => before.includes(uid))).toEqual([]);
  });

  it('level 3, native: the revision before, whose pods are seen to run it (76, 78, 80, 162-166, 175)', async () => {
    await runs.run('native', good);
    expect(await imageOf(cluster.api, namespace, name)).toBe('app:1.0.0');
  });

  it('level 2: the configuration from before, and a restart that loads it; what was there is in the plan (55-57)', async () => {
    const before = (await podsOf(cluster.api, namespace, name)).map(pod => String(pod.metadata?.uid));
    const [applied] = await runs.run('configuration');
    expect(applied?.operations[0]?.inverse).not.toBeNull();
    const config = await cluster.api('GET', `/api/v1/namespaces/${namespace}/configmaps/app-config`);
    expect(config.data).toEqual({ SYMBOL_MAPPING_CACHE_ENABLED: 'false', BATCH_SIZE: '10', OTHER: 'kept' });
    const after = (await podsOf(cluster.api, namespace, name)).map(pod => String(pod.metadata?.uid));
    expect(after.filter(uid => before.includes(uid))).toEqual([]);
  });

  it('a rollback failed: standstill, minimal configuration and image, one instance, healthy, then all (83, 84, 132-136, 385)', async () => {
    await change({ replicas: 2 });
    const plans = await runs.run('emergency');
    expect(plans.map(({ operations }) => operations.length)).toEqual([1, 1, 1, 1, 1, 1]);
    const found = await readDeployment(cluster.api, namespace, name);
    expect([await imageOf(cluster.api, namespace, name), Number(found.spec?.replicas)]).toEqual(['app:1.2.0', 2]);
    const config = await cluster.api('GET', `/api/v1/namespaces/${namespace}/configmaps/app-config`);
    expect(config.data?.BATCH_SIZE).toBe('1');
  });

  it('level 3, by image: those of the last good release, as they were seen to run (72, 73, 377)', async () => {
    expect(await imageOf(cluster.api, namespace, name)).toBe('app:1.2.0');
    await change({ replicas: 1 });
    await runs.run('image', good);
    expect(await imageOf(cluster.api, namespace, name)).toMatch(/app:1\.0\.0/);
  });
});
