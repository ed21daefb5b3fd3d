import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { crdSets } from '../../cluster/crd-sets.ts';
import { readClusterEnvironment } from '../../cluster/environment.ts';
import { requireProgram } from '../../cluster/programs.ts';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { openCheckPlace } from './check-place.ts';
import { deploymentBody, imageOf, makeDeployment, podsOf, rolledOut } from './workloads.ts';

const cluster = useCluster();
const environment = readClusterEnvironment();
const run = promisify(execFile);
let folder: string;
beforeAll(async () => {
  folder = await cluster.folder('beside');
});

const isOurs = environment.kubeconfig === undefined;

describe.each([
  { name: 'helm3', version: 'v3.21.4' },
  { name: 'helm4', version: 'v4.3.1' },
])('$name', { timeout: 60_000 }, ({ name, version }) => {
  it(`is ${version}, installs a chart and rolls it back`, async () => {
    const namespace = await cluster.namespace();
    const chart = join(folder, name);
    mkdirSync(join(chart, 'templates'), { recursive: true });
    writeFileSync(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: shop\nversion: 0.1.0\n');
    const body = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      ...deploymentBody('shop', { image: '@IMAGE@', replicas: 0 }),
    };
    const template = JSON.stringify(body).replace('@IMAGE@', '{{ .Values.image }}');
    writeFileSync(join(chart, 'templates/shop.yaml'), template);
    const helm = (...words: string[]) =>
      run(requireProgram(name, environment), words, {
        env: { HOME: folder, KUBECONFIG: cluster.kubeconfigPath, HELM_NAMESPACE: namespace },
      });
    expect((await helm('version', '--short')).stdout).toContain(version);
    await helm('install', 'shop', chart, '--set', 'image=app:1.0.0', '--wait');
    await helm('upgrade', 'shop', chart, '--set', 'image=app:1.1.0', '--wait');
    expect(await imageOf(cluster.api, namespace, 'shop')).toBe('app:1.1.0');
    await helm('rollback', 'shop', '1', '--wait');
    expect(await imageOf(cluster.api, namespace, 'shop')).toBe('app:1.0.0');
    const history = JSON.parse((await helm('history', 'shop', '-o', 'json')).stdout);
    expect(history.map((row: { status: string }) => row.status)).toEqual(['superseded', 'superseded', 'deployed']);
  });
});

it.runIf(isOurs)(
  'metrics-server answers through the API server, to those who may ask',
  { timeout: 120_000 },
  async () => {
    const namespace = await cluster.namespace();
    await makeDeployment(cluster.api, namespace, 'shop', { replicas: 1, probe: false });
    await cluster.startMetricsServer();
    const nodes = '/apis/metrics.k8s.io/v1beta1/nodes';
    const [node] = [...((await cluster.api('GET', nodes)).items ?? [])];
    expect(String(node?.usage?.memory)).toMatch(/^\d+[KM]i$/);
    const [pod] = await eventually('figures of the pod', async () => {
      const found = await cluster.api('GET', `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods`);
      const items = [...(found.items ?? [])];
      return items.length > 0 && items;
    });
    expect(String(pod?.containers?.[0]?.usage?.cpu)).toMatch(/^\d+[nu]?$/);

    const rules = [{ apiGroups: ['metrics.k8s.io'], resources: ['pods'], verbs: ['list'] }];
    const wide = [{ apiGroups: ['metrics.k8s.io'], resources: ['nodes'], verbs: ['list'] }];
    const { openApi } = await import('../../cluster/api.ts');
    const narrow = await openApi(await cluster.account(namespace, rules));
    const broad = await openApi(await cluster.account(namespace, rules, undefined, wide));
    await eventually('rights', () => broad('GET', nodes).catch(() => undefined));
    await expect(narrow('GET', nodes)).rejects.toMatchObject({ status: 403 });

    const place = await openCheckPlace(cluster, namespace);
    const top = (limits: object) =>
      place.verify('kubernetes.top', { deployment: 'shop', patience: '0s', ...limits }, 60_000);
    expect(await top({ pods: { cpu: '4', memory: '2Gi' } })).toMatchObject({ status: 'passed' });
    const over = { status: 'failed', said: { code: 'usage-over-limit' } };
    expect(await top({ pods: { memory: '1Ki' } })).toMatchObject(over);
    const unlimited = { status: 'unknown', said: { code: 'usage-without-limit' } };
    expect(await top({ pods: { memoryOfLimit: 0.9 } })).toMatchObject(unlimited);
    const mayNot = { status: 'unknown', said: { detail: expect.stringContaining('nodes') } };
    expect(await top({ nodes: { cpu: 0.95 } })).toMatchObject(mayNot);
  },
);

it.runIf(isOurs)(
  'the kubelet pulls from the registry by tag and by digest; a moved tag is another image',
  { timeout: 60_000 },
  async () => {
    const { api } = cluster;
    const namespace = await cluster.namespace();
    const registry = await cluster.openRegistry();
    const first = await registry.push('beside/shop', 'stable', 'app:1.0.0');
    const pull = { imagePullPolicy: 'Always' };
    const containers = (image: string) => [{ name: 'app', image, ...pull }];
    const deploy = (name: string, image: string) =>
      makeDeployment(api, namespace, name, { replicas: 1, podSpec: { containers: containers(image) } });
    await deploy('by-tag', first.image);
    await rolledOut(api, namespace, 'by-tag');
    const idOf = async (name: string) => {
      const [pod] = await podsOf(api, namespace, name);
      return String(pod?.status?.containerStatuses?.[0]?.imageID);
    };
    expect(await idOf('by-tag')).toBe(first.byDigest);

    const second = await registry.push('beside/shop', 'stable', 'app:1.1.0');
    expect([second.image, second.digest === first.digest]).toEqual([first.image, false]);
    await deploy('moved', second.image);
    await deploy('by-digest', first.byDigest);
    await Promise.all(['moved', 'by-digest'].map(name => rolledOut(api, namespace, name)));
    expect([await idOf('moved'), await idOf('by-digest')]).toEqual([second.byDigest, first.byDigest]);

    await registry.remove('beside/shop', second.digest);
    await deploy('gone', second.image);
    const reason = await eventually('a refusal of the pull', async () => {
      const [pod] = await podsOf(api, namespace, 'gone');
      const waiting = String(pod?.status?.containerStatuses?.[0]?.state?.waiting?.reason ?? '');
      return waiting.includes('ImagePull') && waiting;
    });
    expect(['ErrImagePull', 'ImagePullBackOff']).toContain(reason);
  },
);

it.each(crdSets)('the kinds of %s are served', { timeout: 120_000 }, async set => {
  const names = await cluster.installCrds(set);
  expect(names.length).toBeGreaterThan(0);
  expect(await cluster.installCrds(set)).toEqual(names);
});
