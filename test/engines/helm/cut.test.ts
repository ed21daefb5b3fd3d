import { describe, expect, it, type TestContext } from 'vitest';
import type { OperationDraft } from '../../../src/domain/plan.ts';
import { eventually, useCluster } from '../../cluster/suite.ts';
import { contexts, pick } from '../kubernetes/targets.ts';
import { imageOf, rolledOut } from '../kubernetes/workloads.ts';
import { gateFile, hookFile, openGate, type Shape } from './chart.ts';
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
  const { replicas = 0 } = first;
  await place.deploy({ image: 'app:1.1.0', replicas });
  if (replicas > 0) await rolledOut(cluster.api, place.namespace, 'shop');
  const to = pick(await place.look(), first.image?.split(':')[1] ?? '1.0.0');
  const plan = await place.executor().plan(contexts().plan(to), { ...place.input, ...more });
  const [operation] = plan.operations;
  if (!operation) throw new Error('nothing planned');
  return { place, operation };
}

/** Applies until the release is pending in the books, and stands at its gate where it has one, then kills helm. */
async function cutOff(place: HelmPlace, operation: OperationDraft, gated = false): Promise<void> {
  const stop = new AbortController();
  const { apply } = contexts(AbortSignal.any([stop.signal, AbortSignal.timeout(60_000)]));
  const applying = Promise.allSettled([place.executor().apply(apply, operation)]);
  const core = `/api/v1/namespaces/${place.namespace}`;
  await eventually('pending', async () => {
    const { items } = await cluster.api('GET', `${core}/secrets?labelSelector=status%3Dpending-rollback`);
    return [...(items ?? [])].length === 1;
  });
  if (gated) await eventually('gate', () => cluster.api('GET', `${core}/pods/gate`).catch(() => undefined));
  stop.abort();
  await applying;
}

describe.concurrent.each(helms)('helm.rollback by %s, cut off in the middle', program => {
  it('is marked failed and done again where no hook runs', limit, async context => {
    const { place, operation } = await planned(program, context, { files: { 'templates/gate.yaml': gateFile } });
    await cutOff(place, operation, true);
    await openGate(cluster.api, place.namespace);
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
    const files = { 'templates/hook.yaml': hookFile('migrate', 'pre-rollback', { suspend: true }) };
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
    const files = {
      'templates/hook.yaml': hookFile('migrate', 'pre-rollback', { image: 'app:crash', script: 'exit 3' }),
    };
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
        { image: 'app:crash', replicas: 1 },
        { timeout: '2s' },
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
