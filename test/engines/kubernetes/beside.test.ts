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
    const body = { apiVersion: 'apps/v1', kind: 'Deployment', ...deploymentBody('shop', { image: '@IMAGE@' }) };
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
    await makeDeployment(cluster.api, namespace, 'shop', { replicas: 1 });
    await cluster.startMetricsServer();
    const nodes = '/apis/metrics.k8s.io/v1beta1/nodes';
    const [node] = [...((await cluster.api('GET', nodes)).items ?? [])];
    expect(String(node?.usage?.memory)).toMatch(/^\d+Ki$/);
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

it('a further control plane has objects of its own, and outlives the end of its API server', {
  timeout: 120_000,
}, async () => {
  const plane = await cluster.openPlane('beside');
  const namespace = await plane.namespace();
  await makeDeployment(plane.api, namespace, 'shop', { replicas: 2 });
  const pods = await eventually('pods', async () => {
    const found = await podsOf(plane.api, namespace, 'shop');
    return found.length === 2 && found;
  });
  expect(pods.map(pod => String(pod.status?.phase))).toEqual(['Pending', 'Pending']);
  await expect(cluster.api('GET', `/api/v1/namespaces/${namespace}`)).rejects.toMatchObject({ status: 404 });

  await plane.stopApi();
  await expect(plane.api('GET', '/readyz')).rejects.toThrow(/ECONNREFUSED|socket hang up|ECONNRESET/);
  await plane.startApi();
  expect(await imageOf(plane.api, namespace, 'shop')).toBe('app:1.0.0');
});

it.each(crdSets)('the kinds of %s are served', { timeout: 120_000 }, async set => {
  const names = await cluster.installCrds(set);
  expect(names.length).toBeGreaterThan(0);
  expect(await cluster.installCrds(set)).toEqual(names);
});

describe('controllers of canaries', { timeout: 120_000 }, () => {
  const rollouts = (namespace: string) => `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/rollouts`;
  const rolloutAt = (namespace: string, phase: string, step?: number) =>
    eventually(`Rollout ${phase}`, async () => {
      const found = await cluster.api('GET', `${rollouts(namespace)}/shop`);
      const at = step === undefined || Number(found.status?.currentStepIndex) === step;
      const observed = String(found.status?.observedGeneration) === String(found.metadata?.generation);
      return String(found.status?.phase) === phase && at && observed && found;
    });

  it('a Rollout pauses at its canary, and goes back when it is aborted', async () => {
    await cluster.startRolloutsController();
    const namespace = await cluster.namespace();
    const { spec, ...rest } = JSON.parse(JSON.stringify(deploymentBody('shop', { replicas: 2 })));
    await cluster.api('POST', rollouts(namespace), {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      ...rest,
      spec: { ...spec, strategy: { canary: { steps: [{ setWeight: 50 }, { pause: {} }] } } },
    });
    const stable = await rolloutAt(namespace, 'Healthy');
    const patch = [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'app:1.1.0' }];
    await cluster.api('PATCH', `${rollouts(namespace)}/shop`, patch, 'application/json-patch+json');
    const paused = await rolloutAt(namespace, 'Paused', 1);
    expect(String(paused.status?.stableRS)).toBe(String(stable.status?.currentPodHash));
    const abort = { status: { abort: true } };
    await cluster.api('PATCH', `${rollouts(namespace)}/shop/status`, abort, 'application/merge-patch+json');
    await rolloutAt(namespace, 'Degraded');
    await eventually('pods of the stable release only', async () => {
      const images = (await podsOf(cluster.api, namespace, 'shop'))
        .filter(pod => !pod.metadata?.deletionTimestamp)
        .map(pod => String(pod.spec?.containers?.[0]?.image));
      return images.length === 2 && images.every(image => image === 'app:1.0.0');
    });
  });

  it('a Canary is initialised: its primary takes the traffic', async () => {
    await cluster.startFlagger();
    const namespace = await cluster.namespace();
    await makeDeployment(cluster.api, namespace, 'shop', { replicas: 1 });
    const canaries = `/apis/flagger.app/v1beta1/namespaces/${namespace}/canaries`;
    await cluster.api('POST', canaries, {
      apiVersion: 'flagger.app/v1beta1',
      kind: 'Canary',
      metadata: { name: 'shop' },
      spec: {
        targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' },
        service: { port: 80, targetPort: 8080 },
        analysis: { interval: '10s', threshold: 1, iterations: 2 },
      },
    });
    await eventually('initialised Canary', async () => {
      const found = await cluster.api('GET', `${canaries}/shop`);
      return String(found.status?.phase) === 'Initialized';
    });
    await rolledOut(cluster.api, namespace, 'shop-primary');
    const service = await cluster.api('GET', `/api/v1/namespaces/${namespace}/services/shop`);
    expect(service.spec?.selector).toEqual({ app: 'shop-primary' });
  });
});
