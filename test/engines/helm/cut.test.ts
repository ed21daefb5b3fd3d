import { describe, expect, it, type TestContext } from 'vitest';
import type { OperationDraft } from '../../../src/domain/plan.ts';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { contexts, pick } from '../kubernetes/targets.ts';
import { imageOf } from '../kubernetes/workloads.ts';
import { hookFile, type Shape } from './chart.ts';
import { type Helm, type HelmPlace, helms, openHelm } from './world.ts';

const cluster = useCluster();
const limit = { timeout: 150_000 };

/** Two releases, the second one live, and a plan back to the first. */
async function planned(
  program: Helm,
  { onTestFinished }: TestContext,
  first: Shape = {},
  more: object = {},
): Promise<{ place: HelmPlace; operation: OperationDraft }> {
  const place = await openHelm(cluster, program);
  onTestFinished(place.close);
  await place.deploy({ image: 'app:1.0.0', ...first });
  await place.deploy({ image: 'app:1.1.0' });
  const to = pick(await place.look(), first.image?.split(':')[1] ?? '1.0.0');
  const plan = await place.executor().plan(contexts().plan(to), { ...place.input, ...more });
  const [operation] = plan.operations;
  if (!operation) throw new Error('nothing planned');
  return { place, operation };
}

/** Applies until the release is pending in the books, then kills helm. */
async function cutOff(place: HelmPlace, operation: OperationDraft): Promise<void> {
  const stop = new AbortController();
  const { apply } = contexts(AbortSignal.any([stop.signal, AbortSignal.timeout(60_000)]));
  const applying = Promise.allSettled([place.executor().apply(apply, operation)]);
  await eventually('pending', async () => (await place.history()).at(-1)?.status === 'pending-rollback');
  stop.abort();
  await applying;
}

describe.concurrent.each(helms)('helm.rollback by %s, cut off in the middle', program => {
  it('is marked failed and done again where no hook runs', limit, async context => {
    const { place, operation } = await planned(program, context, { files: slowStart });
    await cutOff(place, operation);
    const executor = place.executor();
    expect(await executor.observe(contexts().apply, operation)).toMatchObject({
      state: 'not-applied',
      note: { code: 'helm-cut' },
    });
    const { apply } = contexts();
    await executor.apply(apply, operation);
    expect(await executor.settle(apply, operation)).toMatchObject({ state: 'settled', served: true });
    const books = await place.history();
    expect(books.map(({ status }) => status)).toEqual(['superseded', 'superseded', 'failed', 'deployed']);
    expect(books[2]?.description).toContain('cut off');
    expect(await executor.observe(contexts().apply, operation)).toMatchObject({ state: 'applied' });
    await place.deploy({ image: 'app:1.2.0' });
  });

  it('is unknown where hooks run: they may have, and are not repeated', limit, async context => {
    const files = { 'templates/hook.yaml': hookFile('migrate', 'pre-rollback', 'app:1.0.0', 'sleep 30') };
    const { place, operation } = await planned(program, context, { files });
    await cutOff(place, operation);
    expect(await place.executor().observe(contexts().apply, operation)).toMatchObject({
      state: 'unknown',
      note: { code: 'helm-cut-with-hooks' },
    });
    expect(operation.idempotent).toBe(false);
    expect((await place.history()).map(({ status }) => status)).toEqual(['superseded', 'deployed', 'pending-rollback']);
  });

  it('tells the hooks of the target, runs them once, and skips them where told', limit, async context => {
    const files = { 'templates/hook.yaml': hookFile('migrate', 'pre-rollback,post-rollback') };
    const { place, operation } = await planned(program, context, { files }, { hooks: 'skip' });
    const jobs = async () =>
      (await cluster.api('GET', `/apis/batch/v1/namespaces/${place.namespace}/jobs`)).items?.length ?? 0;
    const executor = place.executor();
    const to = pick(await place.look(), '1.0.0');
    const plan = await executor.plan(contexts().plan(to), place.input);
    expect(plan.warnings).toMatchObject([{ code: 'helm-hooks-run', facts: { names: ['Job/migrate'], revision: 1 } }]);
    const { apply } = contexts();
    await executor.apply(apply, operation);
    expect(await executor.settle(apply, operation)).toMatchObject({ state: 'settled' });
    expect(await jobs()).toBe(0);
  });

  it('a hook that fails is no success: the revision is marked failed with its words', limit, async context => {
    const files = { 'templates/hook.yaml': hookFile('migrate', 'pre-rollback', 'app:crash', 'exit 3') };
    const { place, operation } = await planned(program, context, { files });
    const executor = place.executor();
    const { apply } = contexts();
    await executor.apply(apply, operation);
    expect(await executor.settle(apply, operation)).toMatchObject({ state: 'failed', reason: { code: 'not-settled' } });
    expect((await place.history()).at(-1)).toMatchObject({ status: 'failed' });
    expect(await imageOf(cluster.api, place.namespace, 'shop')).toBe('app:1.1.0');
  });

  it(
    'trap 11: a rollback to what cannot start fails without having served, and its inverse puts back',
    limit,
    async context => {
      const { place, operation } = await planned(
        program,
        context,
        { image: 'app:crash', probe: true },
        { timeout: '6s' },
      );
      const executor = place.executor();
      const { apply } = contexts();
      await executor.apply(apply, operation);
      expect(await executor.settle(apply, operation)).toMatchObject({ state: 'failed', served: false });
      expect((await place.history()).at(-1)).toMatchObject({ status: 'failed' });
      const { inverse } = operation;
      if (!inverse) throw new Error('no inverse');
      const longer = { ...inverse, body: { ...inverse.body, timeoutSeconds: 60 } };
      expect(await executor.observe(contexts().apply, longer)).toMatchObject({ state: 'not-applied' });
      await executor.apply(apply, longer);
      expect(await executor.settle(apply, longer)).toMatchObject({ state: 'settled' });
      expect(await imageOf(cluster.api, place.namespace, 'shop')).toBe('app:1.1.0');
    },
  );
});

/** A second Deployment of the target that takes some seconds to become ready, so that helm waits long enough to be cut off. */
const slowStart = {
  'templates/slow.yaml': `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: slow
spec:
  selector:
    matchLabels: {app: slow}
  template:
    metadata:
      labels: {app: slow}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: app
          image: app:1.0.0
          imagePullPolicy: Never
          readinessProbe:
            httpGet: {path: /healthz, port: 8080}
            initialDelaySeconds: 5
            periodSeconds: 1
`,
};
