import { describe, expect, it, type TestContext } from 'vitest';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { Release } from '../../../src/domain/release.ts';
import { readClusterEnvironment } from '../../cluster/environment.ts';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { type Kind, makeWorkload, patchShop, readShop, shopRolledOut, templateOf, workloadRules } from './shops.ts';
import { carryOut, contexts, openPlace, pick, refusalOf, refusedWith } from './targets.ts';
import type { Shape } from './workloads.ts';

const cluster = useCluster();
const isOurs = readClusterEnvironment().kubeconfig === undefined;
const restartedAt = 'kubectl.kubernetes.io/restartedAt';

/** The workload `shop` at 1.0.0, rolled out, and steps on it; `first` makes what its pods need. */
async function shopOf(
  context: TestContext,
  kind: Kind,
  shape: Shape = {},
  first?: (namespace: string) => Promise<unknown>,
) {
  const { api } = cluster;
  const place = await openPlace(cluster, workloadRules);
  const { namespace } = place;
  context.onTestFinished(place.close);
  await first?.(namespace);
  await makeWorkload(api, namespace, kind, { replicas: 1, probe: false, ...shape });
  await shopRolledOut(api, namespace, kind);
  const where = { namespace, [kind]: 'shop' };
  return {
    place,
    namespace,
    read: () => readShop(api, namespace, kind),
    patch: (patch: object) => patchShop(api, namespace, kind, patch),
    rolledOut: () => shopRolledOut(api, namespace, kind),
    look: () => place.look(where),
    step: async (step: string, extra: JsonObject = {}, to: Release | null = null) => {
      const executor = await place.executor(step);
      const paused = step.endsWith('pause') || step.endsWith('resume');
      const own = { context: null, kubeconfig: null, ...(paused ? {} : { graceSeconds: 2 }) };
      const image = step.endsWith('set-image') ? { byDigest: true } : {};
      return { executor, plan: () => executor.plan(contexts().plan(to), { ...where, ...own, ...image, ...extra }) };
    },
  };
}

const codes = (all: readonly { readonly code: string }[]) => all.map(({ code }) => code);
const limits = { timeout: 120_000, concurrent: true };

describe('kubernetes.rollout-restart', limits, () => {
  it('writes the time of its plan, however late it is done; planned again within the second it is another restart', async context => {
    const shop = await shopOf(context, 'deployment');
    const { executor, plan } = await shop.step('kubernetes.rollout-restart');
    const { operations } = await plan();
    const at = String(operations[0]?.body.at);
    expect(await carryOut(executor, operations)).toMatchObject({ state: 'settled', served: true });
    expect(templateOf(await shop.read()).metadata.annotations[restartedAt]).toBe(at);
    const restarted = { metadata: { annotations: { [restartedAt]: later(0) } } };
    await shop.patch({ spec: { replicas: 0, template: restarted } });
    const [again] = (await plan()).operations;
    expect(again?.body.after).not.toBe(again?.body.before);
  });

  it('planned at the very moment of a deployment, while its controller still writes, it is planned again', async context => {
    const shop = await shopOf(context, 'deployment', { replicas: 0 });
    const { plan } = await shop.step('kubernetes.rollout-restart');
    for (let time = 0; time < 5; time += 1) {
      await shop.patch({ spec: { template: { metadata: { annotations: { deployed: String(time) } } } } });
      expect((await plan()).operations).toHaveLength(1);
    }
  });

  it('a template with signs that JSON may write in two ways is written and put back value for value', async context => {
    const command = [
      '/bin/sh',
      '-c',
      'echo "a < b" > /tmp/x && httpd -p 8080 & trap "exit 0" TERM; while :; do sleep 1; done',
    ];
    const containers = [{ name: 'app', image: 'app:1.0.0', imagePullPolicy: 'Never', command }];
    const shop = await shopOf(context, 'deployment', { replicas: 0, podSpec: { containers } });
    const before = templateOf(await shop.read());
    const { executor, plan } = await shop.step('kubernetes.set-env', {
      set: { URL: 'http://a/?b=1&c=<2>' },
      remove: [],
      containers: null,
    });
    const { operations } = await plan();
    expect(await carryOut(executor, operations)).toMatchObject({ state: 'settled' });
    const { apply } = contexts();
    const inverse = operations[0]?.inverse;
    if (!inverse) throw new Error('no inverse');
    await executor.apply(apply, inverse);
    expect(await executor.settle(apply, inverse)).toMatchObject({ state: 'settled' });
    expect(templateOf(await shop.read())).toEqual(before);
  });

  it('trap 4, paused: refused with the command that resumes it', async context => {
    const shop = await shopOf(context, 'deployment', { replicas: 0 });
    await shop.patch({ spec: { paused: true } });
    for (const [step, extra] of [
      ['kubernetes.rollout-restart', {}],
      ['kubernetes.set-image', { images: { app: 'app:1.1.0' } }],
      ['kubernetes.set-env', { set: { A: 'b' }, remove: [], containers: null }],
    ] as const) {
      const { plan } = await shop.step(step, extra);
      expect(await refusedWith(plan()), step).toContain('rollout resume deployment/shop');
    }
  });

  it.for(['statefulSet', 'daemonSet'] as const)(
    'OnDelete, a %s: the template is taken, its pods stay, and both are said',
    async (kind, context) => {
      const shop = await shopOf(context, kind, { spec: { updateStrategy: { type: 'OnDelete' } } });
      const { executor, plan } = await shop.step('kubernetes.rollout-restart');
      const { operations, warnings, blastRadius } = await plan();
      expect(codes(warnings)).toContain('waits-for-deletion');
      expect(blastRadius).toEqual([]);
      expect(await carryOut(executor, operations)).toMatchObject({
        state: 'settled',
        note: { code: 'template-taken' },
      });
    },
  );

  it('trap 23, partition: pods below it stay, and plan and end say so', async context => {
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 1 } };
    const shop = await shopOf(context, 'statefulSet', { replicas: 2, spec: { podManagementPolicy: 'Parallel' } });
    await shop.patch({ spec: { updateStrategy } });
    const { executor, plan } = await shop.step('kubernetes.rollout-restart');
    const { operations, warnings } = await plan();
    expect(warnings).toMatchObject([{ code: 'partition-keeps-pods', facts: { partition: 1, kept: 1, pods: 2 } }]);
    const end = await carryOut(executor, operations);
    expect(end).toMatchObject({ state: 'settled', note: { code: 'rolled-out-above-partition' } });
  });
});

const later = (seconds: number) => `${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19)}Z`;

describe('kubernetes.rollout-pause and rollout-resume', limits, () => {
  it('already so: nothing to change; what waits for the resumption is told before it rolls out', async context => {
    const shop = await shopOf(context, 'deployment');
    const pause = await shop.step('kubernetes.rollout-pause');
    const resume = await shop.step('kubernetes.rollout-resume');
    expect((await resume.plan()).operations).toEqual([]);
    const later = await shop.step('kubernetes.rollout-resume', { whilePaused: true });
    const [pausing, after] = [await pause.plan(), await later.plan()];
    expect(codes(pausing.warnings)).toEqual(['stays-paused']);
    await carryOut(pause.executor, pausing.operations);
    await carryOut(later.executor, after.operations);
    expect((await resume.plan()).operations).toEqual([]);
    await carryOut(pause.executor, (await pause.plan()).operations);
    expect((await pause.plan()).operations).toEqual([]);
    const idle = await resume.plan();
    expect(codes(idle.warnings)).toEqual([]);
    await shop.patch({ spec: { template: { spec: { containers: [{ name: 'app', image: 'app:1.1.0' }] } } } });
    const { operations, warnings, blastRadius } = await eventually('what waits', async () => {
      const planned = await resume.plan();
      return planned.warnings.length > 0 && planned;
    });
    expect(warnings).toMatchObject([{ code: 'resuming-rolls-out', facts: { version: '1.1.0' } }]);
    expect(codes(blastRadius)).toEqual(['pods-replaced']);
    expect(operations[0]?.fingerprint).not.toBe(idle.operations[0]?.fingerprint);
    await carryOut(resume.executor, operations);
    await shop.rolledOut();
  });
});

describe('kubernetes.set-image', limits, () => {
  it('of a release: its images, while what else was changed since stays; the plan says so', async context => {
    const shop = await shopOf(context, 'deployment', { replicas: 0, env: [{ name: 'MODE', value: 'one' }] });
    const env = [{ name: 'MODE', value: 'two' }];
    await shop.patch({ spec: { template: { spec: { containers: [{ name: 'app', image: 'app:1.1.0', env }] } } } });
    await shop.rolledOut();
    const to = pick(await shop.look(), '1.0.0');
    const { executor, plan } = await shop.step('kubernetes.set-image', { images: 'release' }, to);
    const { operations, notRolledBack, warnings } = await plan();
    expect(codes(notRolledBack)).toEqual(['only-images-change']);
    const byTag = { code: 'image-by-tag', facts: { names: ['app:1.0.0'] } };
    expect(warnings).toMatchObject([{ code: 'no-pods-wanted' }, byTag]);
    expect(await carryOut(executor, operations)).toMatchObject({ state: 'settled' });
    expect(templateOf(await shop.read()).spec.containers).toMatchObject([{ image: 'app:1.0.0', env }]);
  });

  it('a container that is not there, and a release that nobody saw and no history holds, are refused', async context => {
    const shop = await shopOf(context, 'deployment', { replicas: 0 });
    const unknown = await shop.step('kubernetes.set-image', { images: { web: 'app:1.1.0' } });
    expect(await refusedWith(unknown.plan())).toContain('it has no container web, only app');
    const now = pick(await shop.look(), '1.0.0');
    const gone = { ...now, key: 'f'.repeat(32), identity: { template: 'f'.repeat(32) }, version: '0.9.0' };
    const lost = await shop.step('kubernetes.set-image', { images: 'release' }, gone);
    expect(await refusalOf(lost.plan())).toMatchObject({
      code: 'release-not-eligible',
      facts: { containers: ['app'] },
    });
    const none = await shop.step('kubernetes.set-image', { images: 'release' });
    expect((await refusalOf(none.plan())).code).toBe('no-good-release');
  });

  it.runIf(isOurs)(
    'a tag that moved in the registry: the build that was seen running comes back, by digest; one that is gone there fails with its reason',
    async context => {
      const registry = await cluster.openRegistry();
      const repository = `traps/shop-${Date.now()}`;
      const first = await registry.push(repository, 'stable', 'app:1.0.0');
      const container = { name: 'app', imagePullPolicy: 'IfNotPresent' };
      const shop = await shopOf(context, 'deployment', {
        podSpec: { containers: [{ ...container, image: first.image }] },
      });
      const seen = pick(await shop.look(), 'stable');
      const change = (image: string) => ({ spec: { template: { spec: { containers: [{ name: 'app', image }] } } } });
      await shop.patch(change('app:1.1.0'));
      const second = await registry.push(repository, 'stable', 'app:1.2.0');
      expect(second.digest).not.toBe(first.digest);
      await shop.rolledOut();

      const byName = await shop.step('kubernetes.set-image', { images: { app: first.image } });
      const byRelease = await shop.step('kubernetes.set-image', { images: 'release' }, seen);
      const wanted = `${first.image}@${first.digest}`;
      for (const { plan } of [byName, byRelease]) {
        const { operations, warnings } = await plan();
        expect(operations[0]?.body.images).toEqual({ app: wanted });
        expect(operations[0]?.body.version).toBe('stable');
        expect(codes(warnings)).not.toContain('image-by-tag');
      }
      expect(await carryOut(byName.executor, (await byName.plan()).operations)).toMatchObject({ state: 'settled' });
      const pods = await cluster.api('GET', `/api/v1/namespaces/${shop.namespace}/pods?labelSelector=app%3Dshop`);
      const running = [...(pods.items ?? [])].filter(({ metadata }) => !metadata?.deletionTimestamp);
      expect(running.map(pod => String(pod.status?.containerStatuses?.[0]?.imageID))).toEqual([first.byDigest]);

      const lost = await registry.push(repository, 'lost', 'app:sick');
      await registry.remove(repository, lost.digest);
      const gone = await shop.step('kubernetes.set-image', { images: { app: lost.image } });
      const end = await carryOut(gone.executor, (await gone.plan()).operations);
      expect(end).toMatchObject({ state: 'failed', served: false });
      expect(end.state === 'failed' && String(end.reason.facts?.cause)).toMatch(/ImagePull/);
    },
  );
});

describe('kubernetes.set-env', limits, () => {
  it.for(['deployment', 'statefulSet', 'daemonSet'] as const)(
    'of a %s: removes, sets, and replaces what came from a ConfigMap whole; put back, it comes from there again',
    async (kind, context) => {
      const { api } = cluster;
      const fromFlags = { name: 'MODE', valueFrom: { configMapKeyRef: { name: 'flags', key: 'mode' } } };
      const env = [fromFlags, { name: 'OLD', value: 'x' }, { name: 'OLD', value: 'y' }, { name: 'KEPT', value: 'z' }];
      const flags = { metadata: { name: 'flags' }, data: { mode: 'full' } };
      // The template is looked at: a DaemonSet alone has pods in any case, and tells that they start with these variables.
      const shop = await shopOf(context, kind, { replicas: 0, env }, namespace =>
        api('POST', `/api/v1/namespaces/${namespace}/configmaps`, flags),
      );
      const before = templateOf(await shop.read());
      const extra = {
        set: { MODE: 'degraded', FLAG: { configMap: 'flags', key: 'mode' } },
        remove: ['OLD'],
        containers: null,
      };
      const { executor, plan } = await shop.step('kubernetes.set-env', extra);
      const { operations } = await plan();
      const served = kind === 'daemonSet' ? { served: true } : {};
      expect(await carryOut(executor, operations)).toMatchObject({ state: 'settled', ...served });
      expect(templateOf(await shop.read()).spec.containers[0].env).toEqual([
        { name: 'MODE', value: 'degraded' },
        { name: 'KEPT', value: 'z' },
        { ...fromFlags, name: 'FLAG' },
      ]);
      const inverse = operations[0]?.inverse;
      if (!inverse) throw new Error('no inverse');
      const { apply } = contexts();
      await executor.apply(apply, inverse);
      expect(await executor.settle(apply, inverse)).toMatchObject({ state: 'settled' });
      expect(templateOf(await shop.read())).toEqual(before);
      const missing = { set: { MODE: { configMap: 'flags', key: 'gone' } }, remove: [], containers: null };
      const refused = await shop.step('kubernetes.set-env', missing);
      expect((await refusalOf(refused.plan())).facts?.missing).toEqual(['ConfigMap flags [gone]']);
    },
  );
});
