import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CheckOutcome } from '../../../src/domain/check.ts';
import { notes } from '../../../templates/notes/index.ts';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { type CheckPlace, checkRules, openCheckPlace } from './check-place.ts';
import { releaseOf, statedRules } from './targets.ts';
import { makeDeployment, patchDeployment, podsOf, rolledOut } from './workloads.ts';

const cluster = useCluster();
let place: CheckPlace;
let namespace = '';
/** What is wrong fails at once. */
const shop = { deployment: 'shop', patience: '0s' };
/** Without it the kubelet of a cluster without DNS warns of every pod. */
const podSpec = { dnsPolicy: 'Default' };
const password = 'hunter2-canary';

beforeAll(async () => {
  namespace = await cluster.namespace();
  place = await openCheckPlace(cluster, namespace);
  const core = `/api/v1/namespaces/${namespace}`;
  await cluster.api('POST', `${core}/configmaps`, {
    metadata: { name: 'flags' },
    data: { mode: 'normal', extra: 'x' },
  });
  await cluster.api('POST', `${core}/secrets`, { metadata: { name: 'login' }, stringData: { password } });
  await cluster.api('POST', `${core}/services`, {
    metadata: { name: 'shop' },
    spec: { selector: { app: 'shop' }, ports: [{ name: 'web', port: 80, targetPort: 8080 }] },
  });
  await cluster.api('POST', `${core}/services`, {
    metadata: { name: 'nobody' },
    spec: { selector: { app: 'none' }, ports: [{ port: 80 }] },
  });
  await cluster.api('POST', `${core}/services`, {
    metadata: { name: 'two-ports' },
    spec: { selector: { app: 'shop' }, ports: [80, 81].map(port => ({ name: `p${port}`, port, targetPort: 8080 })) },
  });
  await makeDeployment(cluster.api, namespace, 'shop', {
    podSpec,
    replicas: 2,
    env: [
      { name: 'MODE', valueFrom: { configMapKeyRef: { name: 'flags', key: 'mode' } } },
      { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'login', key: 'password' } } },
      { name: 'STRICT', value: 'true' },
      { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
    ],
  });
  await rolledOut(cluster.api, namespace, 'shop');
}, 120_000);

/** An outcome with its sentence as people read it. */
function told({ status, note: said }: CheckOutcome): string {
  return `${status}: ${notes[said.code]?.en(said.facts ?? {})}${said.detail ? ` | ${said.detail}` : ''}`;
}

/** Runs a command in every pod of the shop, for what it does there. */
const inPods = async (...argv: string[]) =>
  expect(await place.ask('kubernetes.exec', { ...shop, argv })).toMatchObject({ status: 'passed' });

describe('what a cluster shows', { timeout: 60_000 }, () => {
  const sha = (text: string) => createHash('sha256').update(text).digest('hex');
  const passes: readonly [string, object, RegExp][] = [
    ['kubernetes.pods', shop, /all 2 pods of deployment \S+\/shop ready, none restarted/],
    ['kubernetes.image', { ...shop, image: 'app:1.0.0' }, /all 2 pods .* run app:1\.0\.0/],
    ['kubernetes.image', { ...shop, image: 'docker.io/library/app:1.0.0' }, /run docker\.io/],
    ['kubernetes.endpoints', { service: 'shop', atLeast: 2, labels: { app: 'shop' } }, /has 2 ready endpoints/],
    [
      'kubernetes.env',
      {
        ...shop,
        set: {
          STRICT: 'true',
          MODE: { configMap: 'flags', key: 'mode' },
          PASSWORD: { secret: 'login', key: 'password' },
        },
        present: ['NODE'],
        absent: ['GONE'],
      },
      /STRICT \(sha256 b5bea41b6c62\), MODE \(sha256 \w{12}\), PASSWORD, NODE, GONE$/,
    ],
    [
      'kubernetes.env',
      { ...shop, in: 'containers', set: { MODE: 'normal', PASSWORD: { sha256: sha(password) } }, absent: ['GONE'] },
      /2 pods .* run with the variables as wanted: MODE, PASSWORD, GONE/,
    ],
    ['kubernetes.exec', { ...shop, argv: ['env'], contains: 'MODE=normal' }, /`env` is as it should be in 2 pods/],
    [
      'kubernetes.exec',
      { ...shop, argv: ['cat', '/www/index.html'], pods: 'one', json: [{ path: 'version', equals: '1.0.0' }] },
      /in 1 pod of/,
    ],
    ['kubernetes.events', shop, /no Warning events/],
    [
      'kubernetes.http',
      { service: 'shop', path: '/index.html', times: 2, every: '10ms', json: [{ path: 'version', equals: '1.0.0' }] },
      /2 good answers in a row from service \S+\/shop \/index\.html, the last in \d+ ms \(first byte \d+\)/,
    ],
    ['kubernetes.http', { service: 'shop', port: 'web', times: 1 }, /1 good/],
    ['kubernetes.http', { service: 'two-ports', port: 81, times: 1 }, /1 good/],
  ];
  it.each(passes)('%s passes', async (kind, input, says) => {
    expect(told(await place.ask(kind, input))).toMatch(new RegExp(`passed: .*${says.source}`));
  });

  const fails: readonly [string, object, RegExp][] = [
    ['kubernetes.image', { ...shop, image: 'app:1.1.0' }, /something else than app:1\.1\.0: shop-\S+: app:1\.0\.0/],
    ['kubernetes.image', { ...shop, image: `app@sha256:${'0'.repeat(64)}` }, /shop-\S+: [0-9a-f]{12}/],
    ['kubernetes.endpoints', { service: 'nobody', patience: '0s' }, /has 0 ready endpoints, expected at least 1/],
    [
      'kubernetes.endpoints',
      { service: 'shop', labels: { slot: 'blue' }, patience: '0s' },
      /pods without slot=blue: shop-/,
    ],
    ['kubernetes.env', { ...shop, set: { STRICT: 'false' } }, /another value in deployment \S+\/shop: STRICT/],
    ['kubernetes.env', { ...shop, present: ['MISSING'] }, /not set in .*: MISSING/],
    ['kubernetes.env', { ...shop, absent: ['STRICT'] }, /still set in .*: STRICT/],
    [
      'kubernetes.env',
      { ...shop, in: 'containers', set: { PASSWORD: 'other' } },
      /another value in shop-\S+: PASSWORD$/,
    ],
    [
      'kubernetes.env',
      { ...shop, set: { MODE: { configMap: 'flags', key: 'no' } } },
      /is gone: ConfigMap flags \[no\]/,
    ],
    [
      'kubernetes.exec',
      { ...shop, argv: ['ls', '/nowhere'] },
      /in pod shop-\S+ ended with exit code 1, expected 0 \| ls: .*nowhere/,
    ],
    ['kubernetes.exec', { ...shop, argv: ['no-such-program'] }, /`no-such-program` (could not be started|in pod)/],
    [
      'kubernetes.exec',
      { ...shop, argv: ['echo', '{"a":1}'], json: [{ path: 'a', equals: 2 }] },
      /a is 1, expected = 2/,
    ],
    ['kubernetes.exec', { ...shop, argv: ['echo', 'x'], json: [{ path: 'a' }] }, /printed no JSON/],
    [
      'kubernetes.metrics-text',
      { ...shop, port: 8080, series: 'up' },
      /serves no metrics at port 8080, \/metrics \| status 404/,
    ],
    ['kubernetes.metrics-text', { ...shop, port: 9999, series: 'up' }, /serves no metrics at port 9999.*\| .*refused/],
    [
      'kubernetes.http',
      { service: 'shop', path: '/nowhere', failAfter: 1 },
      /1 bad answer in a row .*\| status 404, expected 200/,
    ],
    ['kubernetes.http', { service: 'nobody', failAfter: 1 }, /1 bad answer in a row .*no endpoints available/],
    ['kubernetes.http', { service: 'absent', port: 80 }, /service \S+\/absent is not there/],
    ['kubernetes.http', { service: 'absent' }, /service \S+\/absent is not there/],
    ['kubernetes.endpoints', { service: 'absent' }, /service \S+\/absent is not there/],
  ];
  it.each(fails)('%s fails and says why', async (kind, input, says) => {
    const outcome = await place.ask(kind, input);
    expect(told(outcome)).toMatch(new RegExp(`failed: .*${says.source}`));
    expect(JSON.stringify(outcome)).not.toContain(password);
  });

  it('a Service with several ports is not asked at any of them', async () => {
    const outcome = await place.ask('kubernetes.http', { service: 'two-ports' });
    expect(told(outcome)).toMatch(/unknown: the check must name a port of service \S+: it has 80, 81$/);
  });

  it('a variable that Kubernetes makes cannot be compared, which does not pass', async () => {
    const outcome = await place.ask('kubernetes.env', { ...shop, set: { NODE: 'x' } });
    expect(told(outcome)).toMatch(/unknown: made by Kubernetes .*: NODE/);
  });

  it('the image of the release of the run is known by its digest', async () => {
    const [pod] = await podsOf(cluster.api, namespace, 'shop');
    const imageID = String(pod?.status?.containerStatuses?.[0]?.imageID);
    const release = (digest: string) =>
      releaseOf({ key: 'k', version: '1.0.0', identity: { 'image/app': digest }, createdAt: 0, missing: null });
    expect(told(await place.ask('kubernetes.image', shop, { release: release(imageID) }))).toMatch(
      /^passed: .*sha256:\w{12}/,
    );
    const other = release(`sha256:${'1'.repeat(64)}`);
    expect(await place.ask('kubernetes.image', shop, { release: other })).toMatchObject({ status: 'failed' });
    expect(await place.ask('kubernetes.image', shop)).toMatchObject({ status: 'unknown' });
  });
});

describe('what pods say', { timeout: 60_000 }, () => {
  const errors = { ...shop, pattern: 'ERROR' };

  it('kubernetes.logs-errors: silence proves nothing, few enough pass, more fail with the last one', async () => {
    expect(await place.once('kubernetes.logs-errors', errors)).toMatchObject({
      status: 'waiting',
      note: { code: 'logs-silent' },
    });
    expect(await place.once('kubernetes.logs-errors', { ...errors, maySayNothing: true })).toMatchObject({
      status: 'passed',
    });
    await inPods(
      'sh',
      '-c',
      'echo "ready to serve" > /proc/1/fd/1; echo "2026 ERROR password=hunter2 wrong" > /proc/1/fd/1',
    );
    const failed = await place.ask('kubernetes.logs-errors', errors);
    expect(told(failed)).toMatch(
      /failed: 2 error lines .* at most 0 \(shop-\S+: 1, shop-\S+: 1\) \| 2026 ERROR password=\(hidden\)/,
    );
    expect(await place.ask('kubernetes.logs-errors', { ...errors, atMost: 2 })).toMatchObject({ status: 'passed' });
    expect(await place.ask('kubernetes.logs-errors', { ...errors, except: ['password='] })).toMatchObject({
      status: 'passed',
    });
    const regex = { ...shop, pattern: { regex: '^\\d+ error' } };
    expect(await place.ask('kubernetes.logs-errors', regex)).toMatchObject({ status: 'passed' });
    expect(await place.ask('kubernetes.logs-errors', { ...regex, ignoreCase: true })).toMatchObject({
      status: 'failed',
    });
    const later = await place.once('kubernetes.logs-errors', errors, { since: Date.now() + 60_000 });
    expect(later).toMatchObject({ status: 'waiting', note: { code: 'logs-silent' } });
  });

  it('kubernetes.metrics-text: the series of every pod, with its labels and limits', async () => {
    const text = '# TYPE hits gauge\\nhits{kind="a"} 0.9\\nhits{kind="b"} 0.1\\nbroken NaN\\n';
    await inPods('sh', '-c', `echo -e '${text}' > /www/metrics`);
    const metrics = { ...shop, port: 8080 };
    const ask = async (more: object) => told(await place.ask('kubernetes.metrics-text', { ...metrics, ...more }));
    expect(await ask({ series: 'hits', labels: { kind: 'a' }, atLeast: 0.5 })).toMatch(
      /^passed: 2 pods .* serve hits\{kind="a"\}/,
    );
    expect(await ask({ series: 'hits', atLeast: 0.5 })).toMatch(
      /^failed: hits of pod shop-\S+ is 0\.1, expected ≥ 0\.5/,
    );
    expect(await ask({ series: 'broken', atMost: 5 })).toMatch(/^failed: broken of pod .* is NaN/);
    expect(await ask({ series: 'hit' })).toMatch(/^failed: pod shop-\S+ serves no hit at port 8080/);
  });
});

describe('when a cluster cannot say', { timeout: 60_000 }, () => {
  const kinds: readonly [string, object][] = [
    ['kubernetes.pods', {}],
    ['kubernetes.image', { image: 'app:1.0.0' }],
    ['kubernetes.env', { present: ['MODE'] }],
    ['kubernetes.exec', { argv: ['env'] }],
    ['kubernetes.logs-errors', { pattern: 'x' }],
    ['kubernetes.metrics-text', { port: 8080, series: 'up' }],
    ['kubernetes.top', { pods: { memory: '1Gi' } }],
    ['kubernetes.events', {}],
  ];

  it.each(kinds)('%s: a workload that is gone fails', async (kind, input) => {
    const outcome = await place.once(kind, { ...input, deployment: 'gone' });
    expect(told(outcome)).toMatch(/^failed: deployment \S+\/gone is not there any more$/);
  });

  it('what we may not do is named, and passes nothing', async () => {
    const weak = statedRules('kubernetes.pods');
    const other = await openCheckPlace(cluster, namespace, weak);
    const rights: readonly [string, object, RegExp][] = [
      ['kubernetes.env', { deployment: 'shop', present: ['MODE'] }, /cannot get resource "configmaps"/],
      ['kubernetes.exec', { deployment: 'shop', argv: ['env'] }, /cannot \w+ resource "pods\/exec"/],
      ['kubernetes.logs-errors', { deployment: 'shop', pattern: 'x' }, /cannot get resource "pods\/log"/],
      [
        'kubernetes.metrics-text',
        { deployment: 'shop', port: 8080, series: 'up' },
        /cannot get resource "pods\/proxy"/,
      ],
      ['kubernetes.events', { deployment: 'shop' }, /cannot list resource "events"/],
      ['kubernetes.endpoints', { service: 'shop' }, /cannot get resource "services"/],
      ['kubernetes.http', { service: 'shop', port: 80 }, /cannot get resource "services\/proxy"/],
    ];
    for (const [kind, input, says] of rights) {
      const { status, said } = await other.verify(kind, input, 20_000);
      expect({ kind, status }).toEqual({ kind, status: 'unknown' });
      expect(said).toMatchObject({ code: 'check-refused', detail: expect.stringMatching(says) });
    }
  });

  it('an API server that is away or hangs is waited for, and the time limit passes nothing', async () => {
    const proxy = await cluster.faultProxy();
    const through = await openCheckPlace(cluster, namespace, checkRules, proxy.url);
    expect(await through.once('kubernetes.pods', shop)).toMatchObject({ status: 'passed' });
    proxy.inject({ path: /\/deployments\//, fault: { kind: 'answer', status: 503 } });
    const away = await through.verify('kubernetes.pods', shop, 4_500);
    expect(away).toMatchObject({ status: 'unknown' });
    proxy.clear();
    proxy.inject({ path: /\/services\//, fault: { kind: 'hang' } });
    const hung = await through.verify('kubernetes.http', { service: 'shop', timeout: '300ms' }, 1_500);
    expect(hung).toMatchObject({ status: 'unknown', said: { code: 'kubernetes-unreachable' } });
    proxy.clear();
    proxy.inject({ path: /metrics\.k8s\.io/, fault: { kind: 'answer', status: 404 } });
    const top = { ...shop, pods: { cpu: '500m' } };
    expect(told(await through.ask('kubernetes.top', top))).toMatch(/^unknown: the cluster has no metrics API/);
  });

  it('a command that does not end is given up, and one that prints without end is cut off', async () => {
    const slow = await place.once('kubernetes.exec', { ...shop, argv: ['sleep', '30'], timeout: '1s' });
    expect(told(slow)).toMatch(
      /^waiting: `sleep 30` in pod shop-\S+ gave no answer \| the command has not ended in 1 s/,
    );
    const loud = await place.once('kubernetes.exec', {
      ...shop,
      argv: ['sh', '-c', 'while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done'],
    });
    expect(told(loud)).toMatch(/^waiting: .*prints more than 1 MiB/);
  });
});

describe('trouble of pods', { timeout: 90_000 }, () => {
  it('pods that cannot start, and Warning events of them', async () => {
    const since = Date.now();
    await makeDeployment(cluster.api, namespace, 'ill', { image: 'app:gone', replicas: 1, podSpec });
    const ill = { deployment: 'ill', patience: '1s' };
    expect(told(await place.ask('kubernetes.pods', ill, { since }))).toMatch(
      /^failed: (pod ill-\S+ of deployment \S+\/ill, container app: ErrImageNeverPull|0 of 1 pod)/,
    );
    const events = await eventually('the events', async () => {
      const seen = await place.once('kubernetes.events', { deployment: 'ill' }, { since });
      return seen.status === 'failed' && seen;
    });
    expect(told(events)).toMatch(
      /^failed: \d+ Warning events? of deployment \S+\/ill since the run began: .*(Failed|ErrImageNeverPull) \(pod ill-/,
    );
    const allowed = {
      deployment: 'ill',
      allow: ['Failed', 'ErrImageNeverPull', 'Unhealthy', 'BackOff', 'FailedScheduling'],
    };
    expect(await place.ask('kubernetes.events', allowed, { since })).toMatchObject({ status: 'passed' });
    expect(await place.ask('kubernetes.events', { deployment: 'ill' }, { since: since - 3_600_000 })).toMatchObject({
      status: 'unknown',
    });
    await patchDeployment(cluster.api, namespace, 'ill', { spec: { replicas: 0 } });
    await rolledOut(cluster.api, namespace, 'ill');
    expect(await place.ask('kubernetes.pods', ill, { since })).toMatchObject({ status: 'unknown' });
  });

  it('a restart since the run began fails; one long enough ago does not count', async () => {
    await makeDeployment(cluster.api, namespace, 'shaky', { replicas: 1, podSpec });
    await rolledOut(cluster.api, namespace, 'shaky');
    const shaky = { deployment: 'shaky', patience: '30s' };
    const since = Date.now() - 5_000;
    expect(await place.ask('kubernetes.pods', shaky, { since })).toMatchObject({ status: 'passed' });
    await place.once('kubernetes.exec', { ...shaky, argv: ['sh', '-c', 'kill -TERM 1'] });
    await eventually('a restart', async () => {
      const [pod] = await podsOf(cluster.api, namespace, 'shaky');
      const [app] = pod?.status?.containerStatuses ?? [];
      return Number(app?.restartCount) > 0 && String(app?.ready) === 'true';
    });
    expect(told(await place.ask('kubernetes.pods', shaky, { since }))).toMatch(
      /^failed: pods of .* were restarted since the run began: shaky-\S+ \(app, /,
    );
    expect(await place.ask('kubernetes.pods', shaky, { since: Date.now() + 60_000 })).toMatchObject({
      status: 'passed',
    });
    expect(await place.once('kubernetes.pods', { ...shaky, steadyFor: '10m' })).toMatchObject({
      status: 'waiting',
      note: { code: 'pods-not-steady' },
    });
    expect(await place.ask('kubernetes.pods', { ...shaky, steadyFor: '1s' })).toMatchObject({ status: 'passed' });
  });
});
