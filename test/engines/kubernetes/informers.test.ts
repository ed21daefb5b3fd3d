import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConnect } from '../../../src/adapters/kubernetes/connect.ts';
import type { InformerTimes } from '../../../src/adapters/kubernetes/informer.ts';
import { createInformers } from '../../../src/adapters/kubernetes/informers.ts';
import { createReleaseSource } from '../../../src/adapters/kubernetes/release-source.ts';
import { openApi } from '../../cluster/api.ts';
import type { Fault } from '../../cluster/fault-proxy.ts';
import type { FurtherPlane } from '../../cluster/further-planes.ts';
import { eventually, type Rules, useCluster } from '../../cluster/suite.ts';
import { keptInMemory } from '../../fakes/kept-texts.ts';
import { statedRules } from './targets.ts';
import { atRevision, imageOf, makeDeployment, patchDeployment, podsOf } from './workloads.ts';

const cluster = useCluster();
const folder = mkdtempSync(join(tmpdir(), 'backout-informers-'));
const over = new AbortController();
afterAll(() => {
  over.abort();
  rmSync(folder, { recursive: true, force: true });
});

/** A control plane of this file's own: its API server is ended. No pod runs there, and none is needed. */
let plane: FurtherPlane;
beforeAll(async () => {
  plane = await cluster.openPlane('informers');
}, 200_000);

const usual: InformerTimes = {
  silenceMs: 60_000,
  leastAgainMs: 50,
  mostAgainMs: 500,
  refusedMs: 60_000,
  idleMs: 60_000,
  patienceMs: 2_000,
  watchMs: 60_000,
};

const containers = (version: string) => [
  {
    name: 'app',
    image: `app:${version}`,
    imagePullPolicy: 'IfNotPresent',
    envFrom: [{ configMapRef: { name: 'settings' } }, { secretRef: { name: 'login' } }],
  },
];

let opened = 0;

/** A namespace with two Deployments, and a source that follows them through a proxy with these rights. */
async function followed(rules: Rules = statedRules('kubernetes.deployment'), times: Partial<InformerTimes> = {}) {
  const namespace = await plane.namespace();
  const place = `/api/v1/namespaces/${namespace}`;
  await plane.api('POST', `${place}/configmaps`, { metadata: { name: 'settings' }, data: { MODE: 'old' } });
  await plane.api('POST', `${place}/secrets`, { metadata: { name: 'login' }, stringData: { password: 'old' } });
  for (const name of ['one', 'two']) {
    await makeDeployment(plane.api, namespace, name, { replicas: 0, podSpec: { containers: containers('1.0.0') } });
    await atRevision(plane.api, namespace, name, 1);
  }
  const proxy = await plane.faultProxy();
  const text = await plane.account(namespace, rules, proxy.url);
  const account = await openApi(text);
  await eventually('role', () => account('GET', `${place}/pods`).catch(() => undefined));
  opened += 1;
  const kubeconfig = join(folder, `kubeconfig-${opened}`);
  writeFileSync(kubeconfig, text, { mode: 0o600 });
  const deps = { kubeconfig, childEnvironment: {}, clock: { now: () => Date.now() }, kept: keptInMemory() };
  const connect = createConnect(deps);
  const informed = createInformers(connect, { ...usual, ...times });
  const source = createReleaseSource(connect, deps, informed);
  const heard: string[] = [];
  const hearers = { one: () => heard.push('one'), two: () => heard.push('two') };
  const look = async (name: 'one' | 'two') => {
    const following = { until: over.signal, heard: hearers[name] };
    const input = { namespace, deployment: name, context: null, kubeconfig: null };
    return source.look({ signal: AbortSignal.timeout(20_000), following }, input);
  };
  proxy.clear();
  const version = async (name: 'one' | 'two') => (await look(name)).current?.version;
  const asked = () => proxy.seen.filter(({ path }) => !path.includes('watch=true')).length;
  return {
    namespace,
    proxy,
    heard,
    version,
    /** What a look shows that asks the server for nothing. */
    quietly: (name: 'one' | 'two') =>
      eventually(
        `a look at ${name} without a request`,
        async () => {
          const before = asked();
          const found = await version(name).catch(() => undefined);
          return asked() === before && found;
        },
        20_000,
      ),
    deploy: (name: string, to: string) =>
      patchDeployment(plane.api, namespace, name, { spec: { template: { spec: { containers: containers(to) } } } }),
  };
}

describe('informers on a real API server', { timeout: 90_000, concurrent: true }, () => {
  it('one watch for each kind serves two targets; then nothing is asked, a change is heard, and no Secret is listed', async () => {
    const place = await followed();
    expect(await Promise.all([place.version('one'), place.version('two')])).toEqual(['1.0.0', '1.0.0']);
    expect([await place.quietly('one'), await place.quietly('two')]).toEqual(['1.0.0', '1.0.0']);
    const watches = place.proxy.seen.map(({ path }) => path).filter(path => path.includes('watch=true'));
    const kinds = watches.map(path => /(\w+)\?/.exec(path)?.[1]).sort();
    expect(kinds).toEqual(
      ['configmaps', 'deployments', 'pods', 'replicasets', 'secrets', 'serviceaccounts'].filter(kind =>
        kinds.includes(kind),
      ),
    );
    expect(kinds).toEqual(expect.arrayContaining(['configmaps', 'deployments', 'pods', 'replicasets', 'secrets']));
    place.heard.length = 0;
    await place.deploy('one', '1.1.0');
    await eventually('word of it', async () => place.heard.includes('one'));
    expect(place.heard).not.toContain('two');
    expect([await place.quietly('one'), await place.quietly('two')]).toEqual(['1.1.0', '1.0.0']);
    const secrets = place.proxy.seen.filter(({ method, path }) => method === 'GET' && path.includes('/secrets'));
    expect(secrets.filter(({ path }) => !/\/secrets\/login$|fieldSelector=metadata.name%3Dlogin/.test(path))).toEqual(
      [],
    );
  });

  it.each<[string, Fault, Partial<InformerTimes>]>([
    ['cut after an event', { kind: 'cut-stream', lines: 1 }, {}],
    ['cut at once', { kind: 'cut-before' }, {}],
    ['never answered', { kind: 'hang' }, { silenceMs: 1_500 }],
    ['half-closed', { kind: 'half-close', lines: 0 }, { silenceMs: 1_500 }],
    ['answered 410', { kind: 'answer', status: 410 }, {}],
    ['answered 500', { kind: 'answer', status: 500 }, {}],
  ])('a watch that is %s is had again, and what happened meanwhile is seen', async (_what, fault, times) => {
    const place = await followed(undefined, times);
    place.proxy.inject({ path: /deployments\?watch=true/, times: 2, fault });
    expect(await place.version('one')).toBe('1.0.0');
    await place.deploy('one', '1.1.0');
    await eventually('the new release', async () => (await place.quietly('one')) === '1.1.0');
    await place.deploy('one', '1.2.0');
    await eventually('the next release', async () => (await place.quietly('one')) === '1.2.0');
  });

  it('without the right to watch everything is read as ever', async () => {
    const rules = statedRules('kubernetes.deployment').map(rule => ({
      ...rule,
      verbs: rule.verbs.filter(verb => verb !== 'watch'),
    }));
    const place = await followed(rules);
    expect(await place.version('one')).toBe('1.0.0');
    await place.deploy('one', '1.1.0');
    await eventually('the new release', async () => (await place.version('one')) === '1.1.0');
  });
});

describe('a further control plane', { timeout: 90_000 }, () => {
  it('has objects of its own; an API server that ends and comes again is watched again, and its objects are there', async () => {
    const place = await followed();
    await expect(cluster.api('GET', `/api/v1/namespaces/${place.namespace}`)).rejects.toMatchObject({ status: 404 });
    await makeDeployment(plane.api, place.namespace, 'pending', { replicas: 1 });
    const [pod] = await eventually('a pod', async () => {
      const found = await podsOf(plane.api, place.namespace, 'pending');
      return found.length > 0 && found;
    });
    expect(String(pod?.status?.phase)).toBe('Pending');
    expect(await place.quietly('one')).toBe('1.0.0');
    await plane.stopApi();
    await expect(plane.api('GET', '/readyz')).rejects.toThrow(
      /ECONNREFUSED|socket hang up|ECONNRESET|other side closed/,
    );
    const codeOf = ({ reason }: { readonly reason?: { readonly code: string } }) => reason?.code;
    const seen = () => place.version('one').catch(codeOf);
    await eventually('that it is away', async () => (await seen()) === 'target-unreachable');
    await plane.startApi();
    expect(await imageOf(plane.api, place.namespace, 'pending')).toBe('app:1.0.0');
    await place.deploy('one', '1.1.0');
    await eventually('the new release', async () => (await place.quietly('one')) === '1.1.0');
  });
});
