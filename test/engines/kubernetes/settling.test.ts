import { describe, expect, it, type TestContext } from 'vitest';
import { createConnect } from '../../../src/adapters/kubernetes/connect.ts';
import { setImageInput } from '../../../src/adapters/kubernetes/rollout-input.ts';
import { createSetImage } from '../../../src/adapters/kubernetes/set-image.ts';
import type { Note } from '../../../src/domain/note.ts';
import type { Settlement } from '../../../src/ports/executor.ts';
import { notes } from '../../../templates/notes/index.ts';
import { sayReason } from '../../../templates/say.ts';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { type Kind, makeWorkload, patchShop, shopRolledOut, shopSeen, workloadRules } from './shops.ts';
import { contexts, firstOf, openPlace } from './targets.ts';
import { makeDeployment, podsOf, rolledOut, type Shape } from './workloads.ts';

const cluster = useCluster();
const canary = 'hunter2-7Q2vXk91';

/** One way in which new pods cannot get ready. */
interface Row {
  readonly cause: RegExp;
  readonly kind?: Kind;
  /** What the second release runs; the first one runs 1.0.0 and is well. */
  readonly image: string;
  readonly says: RegExp;
  readonly container?: object;
  readonly shape?: Shape;
  /** Whether the first release has its pods, which is what the row needs; else there are pods from the write on. */
  readonly replaces?: boolean;
  readonly graceSeconds?: number;
  /** How far the clock moves with each look, in ms, beside the time that passes. */
  readonly hurry?: number;
  /** What describing it says, beside the object and its pods. */
  readonly describes?: RegExp;
  /** What happens between plan and write. */
  readonly meanwhile?: (namespace: string) => Promise<unknown>;
}

const forEver = 600;
const second = 'if [ "$APP_VERSION" = 1.1.0 ]; then';
const healthy =
  'fi; mkdir -p /www; echo ok > /www/healthz; httpd -p 8080 -h /www; trap "exit 0" TERM; while :; do sleep 1; done';
const shell = (broken: string) => ({ command: ['/bin/sh', '-c', `${second} ${broken}; ${healthy}`] });
const noPods = (namespace: string) =>
  cluster.api('POST', `/api/v1/namespaces/${namespace}/resourcequotas`, {
    metadata: { name: 'full' },
    spec: { hard: { pods: '0' } },
  });

const rows: readonly Row[] = [
  { cause: /^InvalidImageName$/, image: 'Shop:1', says: /invalid|parse/i, graceSeconds: forEver },
  { cause: /^ErrImageNeverPull$/, image: 'app:gone', says: /Never/, graceSeconds: forEver },
  {
    cause: /^(ErrImagePull|ImagePullBackOff)$/,
    image: '127.0.0.1:1/none:1',
    says: /127\.0\.0\.1:1/,
    container: { imagePullPolicy: 'IfNotPresent' },
  },
  {
    cause: /^CrashLoopBackOff$/,
    image: 'app:1.1.0',
    says: /last exit code 3.*it said last: “(?!.*hunter2).*cannot read the price table/s,
    describes: /Events:.*[Bb]ack-?off.*of app in pod .*, before it was started again <==.*cannot read the price table/s,
    container: shell(`echo "password=${canary}"; echo "cannot read the price table"; exit 3`),
  },
  {
    cause: /^CrashLoopBackOff$/,
    kind: 'statefulSet',
    image: 'app:crash',
    says: /it said last: “cannot read the price table/,
  },
  {
    cause: /^CrashLoopBackOff$/,
    kind: 'daemonSet',
    image: 'app:crash',
    says: /it said last: “cannot read the price table/,
  },
  {
    cause: /^OOMKilled$/,
    image: 'app:1.1.0',
    says: /last exit code 137/,
    container: {
      ...shell('x=0123456789abcdef; while :; do x=$x$x; done'),
      resources: { limits: { memory: '24Mi' } },
    },
  },
  {
    cause: /^Unschedulable$/,
    image: 'app:1.1.0',
    says: /free ports/,
    container: { ports: [{ containerPort: 8080, hostPort: 31_999 }] },
    replaces: true,
    hurry: 20_000,
  },
  {
    cause: /^PodsRefused$/,
    kind: 'statefulSet',
    image: 'app:1.1.0',
    says: /exceeded quota/,
    graceSeconds: forEver,
    meanwhile: noPods,
  },
  {
    cause: /^PodsRefused$/,
    kind: 'daemonSet',
    image: 'app:1.1.0',
    says: /exceeded quota/,
    graceSeconds: forEver,
    meanwhile: noPods,
  },
  // Their controllers know no deadline.
  { cause: /^deadline$/, kind: 'statefulSet', image: 'app:sick', says: /not ready within its 10 min/, hurry: 60_000 },
  { cause: /^deadline$/, kind: 'daemonSet', image: 'app:sick', says: /not ready within its 10 min/, hurry: 60_000 },
];

/** A workload whose first release is well, and the plan that takes it to another image. */
async function planned(
  context: TestContext,
  row: Pick<Row, 'kind' | 'image' | 'container' | 'shape' | 'graceSeconds' | 'replaces'>,
) {
  const { kind = 'deployment', graceSeconds = 2 } = row;
  const place = await openPlace(cluster, workloadRules);
  const { namespace, kubeconfig, kept } = place;
  context.onTestFinished(place.close);
  const container = { name: 'app', image: 'app:1.0.0', imagePullPolicy: 'Never' };
  const readinessProbe = { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1 };
  const podSpec = { containers: [{ ...container, readinessProbe, ...row.container }] };
  const later = kind !== 'daemonSet' && !row.replaces;
  await makeWorkload(cluster.api, namespace, kind, { replicas: later ? 0 : 1, podSpec, ...row.shape });
  await (later ? shopSeen : shopRolledOut)(cluster.api, namespace, kind);
  const hurried = { by: 0 };
  const clock = { now: () => Date.now() + hurried.by };
  const executor = createSetImage(createConnect({ kubeconfig, childEnvironment: {} }), { kept, clock });
  const input = setImageInput.parse({ namespace, [kind]: 'shop', images: { app: row.image }, graceSeconds });
  const { operations } = await executor.plan(contexts().plan(null), input);
  const operation = firstOf({ operations });
  const start = async () => {
    if (later) await patchShop(cluster.api, namespace, kind, { spec: { replicas: 1 } });
  };
  return { namespace, executor, operation, hurried, start };
}

async function settled(
  { executor, operation, hurried, start }: Awaited<ReturnType<typeof planned>>,
  hurry = 0,
): Promise<{ end: Settlement; progress: Note[] }> {
  const { apply, progress } = contexts(AbortSignal.timeout(100_000));
  await executor.apply(apply, operation);
  await start();
  const told = (one: Note) => {
    hurried.by += hurry;
    progress.push(one);
  };
  return { end: await executor.settle({ ...apply, progress: told }, operation), progress };
}

function describedBy({ executor, operation }: Awaited<ReturnType<typeof planned>>): Promise<string> {
  if (!executor.describe) throw new Error('it cannot describe');
  return executor.describe(contexts().apply, operation);
}

describe('a rollout that cannot come about is called failed early, with its reason', {
  timeout: 120_000,
  concurrent: true,
}, () => {
  it('one that is looked on is seen to crash in a loop or to miss its deadline, a healthy one is not', async () => {
    const { api } = cluster;
    const place = await openPlace(cluster);
    const { namespace } = place;
    const shape = { replicas: 1, probe: false };
    await makeDeployment(api, namespace, 'well', { replicas: 1 });
    await makeDeployment(api, namespace, 'late', { ...shape, image: 'app:none', spec: { progressDeadlineSeconds: 2 } });
    await makeDeployment(api, namespace, 'loop', { ...shape, image: 'app:crash' });
    await rolledOut(api, namespace, 'well');
    const look = (deployment: string) => place.look({ namespace, deployment });
    const failing = (deployment: string) =>
      eventually(
        `the failure of ${deployment}`,
        async () => {
          const seen = await look(deployment);
          return seen.failing ? seen : false;
        },
        100_000,
      );
    expect(await look('well')).toMatchObject({ settled: true, restarts: 0, failing: null });
    expect(await failing('late')).toMatchObject({ settled: false, failing: { code: 'release-missed-deadline' } });
    expect(await failing('loop')).toMatchObject({
      settled: false,
      failing: { code: 'release-crash-looping', facts: { restarts: 3 } },
    });
    expect((await podsOf(api, namespace, 'late')).length).toBe(1);
  });

  it.for(
    rows.map(row => ({
      ...row,
      name: `${row.cause.source.replace(/\W+/g, ' ').trim()} of a ${row.kind ?? 'deployment'}`,
    })),
  )('$name', async (row, context) => {
    const shop = await planned(context, row);
    await row.meanwhile?.(shop.namespace);
    const { end } = await settled(shop, row.hurry);
    if (end.state !== 'failed') throw new Error(JSON.stringify(end));
    expect(end.reason.code).toBe('not-settled');
    expect(end.reason.facts?.cause).toMatch(row.cause);
    expect(sayReason(end.reason, 'en')).toMatch(row.says);
    expect(end.served).toBe(false);
    const described = await describedBy(shop);
    expect(described).toContain(`==> ${shop.operation.object} <==\nReplicas: 1 wanted`);
    expect(described).toMatch(/Condition |Generation: /);
    expect(described).toMatch(row.describes ?? /\nPods:\n.*\nEvents:\n/s);
    expect(described).not.toContain(canary);
  });

  it('is given its time anew where a person has it looked at again', async context => {
    const shop = await planned(context, { kind: 'statefulSet', image: 'app:sick' });
    expect((await settled(shop, 60_000)).end).toMatchObject({ state: 'failed' });
    const settle = (countsFrom: number) =>
      shop.executor.settle({ ...contexts(AbortSignal.timeout(2_500)).apply, countsFrom }, shop.operation);
    expect(await settle(0)).toMatchObject({ state: 'failed' });
    await expect(settle(Date.now() + shop.hurried.by)).rejects.toThrow(/aborted due to timeout/);
  });

  it('without the right to read logs the reason stays, without last words', async context => {
    const shop = await planned(context, { image: 'app:crash' });
    const roles = `/apis/rbac.authorization.k8s.io/v1/namespaces/${shop.namespace}/roles`;
    const [role] = [...((await cluster.api('GET', roles)).items ?? [])];
    const rules = workloadRules.filter(({ resources }) => !resources.includes('pods/log'));
    await cluster.api('PATCH', `${roles}/${role?.metadata?.name}`, { rules }, 'application/merge-patch+json');
    const { end } = await settled(shop);
    expect(end).toMatchObject({ state: 'failed', reason: { facts: { cause: 'CrashLoopBackOff' } } });
    expect(end.state === 'failed' && sayReason(end.reason, 'en')).not.toContain('it said last');
    expect(await describedBy(shop)).toMatch(/before it was started again <==\ncould not be read: 403/);
  });
});

describe('a rollout that comes about', { timeout: 120_000, concurrent: true }, () => {
  it('tells how many pods are new and how many are old', async context => {
    const spec = { strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } };
    const shop = await planned(context, { image: 'app:1.1.0', shape: { replicas: 2, spec }, replaces: true });
    const { end, progress } = await settled(shop);
    expect(end).toMatchObject({ state: 'settled', served: true });
    const told = progress
      .filter(({ code }) => code === 'pods-on')
      .map(({ facts }) => [facts?.ready, facts?.pods, facts?.old]);
    expect(told.every(([ready, pods, old]) => pods === 2 && Number(ready) + Number(old) >= 2)).toBe(true);
    expect(told.some(([, , old]) => Number(old) > 0)).toBe(true);
    const sentence = notes['pods-on'];
    expect(sentence?.en({ ready: 5, pods: 8, old: 3, version: '2.13.2' })).toBe('5 of 8 pods new, 3 old');
    expect(sentence?.['zh-CN']({ ready: 5, pods: 8, old: 3, version: '2.13.2' })).toContain('8 个 Pod 中 5 个为新');
  });
});
