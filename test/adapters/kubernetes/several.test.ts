import { describe, expect, it } from 'vitest';
import { claimsTemplate, setEnvInput, undoInput } from '../../../src/adapters/kubernetes/input.ts';

import { planEach } from '../../../src/adapters/kubernetes/several.ts';
import { note } from '../../../src/domain/note.ts';
import { emptyPlan, type OperationDraft, type StepPlan } from '../../../src/domain/plan.ts';

const namespace = 'shop';

describe('naming several workloads', () => {
  const both = [{ deployment: 'api' }, { statefulSet: 'db' }];
  it.each([
    ['one', { deployment: 'api' }, true],
    ['a list', { workloads: both }, true],
    ['labels', { selector: { tier: 'web' } }, true],
    ['nothing', {}, false],
    ['one and a list', { deployment: 'api', workloads: both }, false],
    ['a list and labels', { workloads: both, selector: { tier: 'web' } }, false],
    ['one of a list twice', { workloads: [...both, { deployment: 'api' }] }, false],
    ['an empty list', { workloads: [] }, false],
    ['a list entry of two names', { workloads: [{ deployment: 'api', statefulSet: 'db' }] }, false],
    ['a list entry like a flag', { workloads: [{ deployment: '--all' }] }, false],
    ['no labels at all', { selector: {} }, false],
  ])('%s', (_, input, fits) => {
    expect(undoInput.safeParse({ namespace, ...input }).success).toBe(fits);
    expect(setEnvInput.safeParse({ namespace, set: { A: '1' }, ...input }).success).toBe(fits);
  });

  it('claims the template of each that is named', () => {
    expect(claimsTemplate({ namespace, workloads: both })).toEqual([
      'the pod template of deployment shop/api',
      'the pod template of statefulset shop/db',
    ]);
    expect(claimsTemplate({ namespace, selector: { tier: 'web' } })).toEqual([]);
  });
});

describe('one plan of several', () => {
  const draft = (object: string, action: string): OperationDraft => ({
    ...{ object, body: { action }, preview: { summary: note('x'), diff: '' } },
    ...{ fingerprint: object, idempotent: true, inverse: null },
  });
  const flags = draft('configmap shop/flags', 'configuration');
  const planOf = (...operations: OperationDraft[]): StepPlan => ({
    ...{ ...emptyPlan, operations, expectedMs: 10_000 },
    blastRadius: operations.map(({ object }) => note('pods', { object })),
  });
  const plans: Readonly<Record<string, StepPlan>> = {
    api: planOf(
      ...[flags, draft('deployment shop/api', 'with-configuration')],
      ...[draft('deployment shop/web', 'restart'), draft('deployment shop/cron', 'restart')],
    ),
    web: planOf(...[flags, draft('deployment shop/web', 'to-revision'), draft('deployment shop/cron', 'restart')]),
    db: planOf(draft('statefulset shop/db', 'to-revision'), draft('statefulset shop/db', 'heal')),
    same: emptyPlan,
  };

  it('has configuration first and once, templates beside each other, and nobody restarted who changes anyway', async () => {
    const inputs = [
      ...['api', 'web', 'same'].map(deployment => ({ namespace, deployment })),
      { namespace, statefulSet: 'db' },
    ];
    const plan = await planEach(
      inputs,
      async input => plans[String(input.deployment ?? input.statefulSet)] ?? planOf(),
    );
    expect(plan.operations.map(({ object, body, group }) => [object, body.action, group])).toEqual([
      ['configmap shop/flags', 'configuration', undefined],
      ['deployment shop/api', 'with-configuration', 0],
      ['deployment shop/web', 'to-revision', 0],
      ['statefulset shop/db', 'to-revision', 0],
      ['statefulset shop/db', 'heal', undefined],
      ['deployment shop/cron', 'restart', undefined],
    ]);
    expect([plan.expectedMs, plan.interruption]).toEqual([10_000, { kind: 'none' }]);
  });

  it('of 25 takes as long as three in a row, and plans ten at once', async () => {
    let open = 0;
    let most = 0;
    const inputs = Array.from({ length: 25 }, (_, at) => ({ namespace, deployment: `w${at}` }));
    const plan = await planEach(inputs, async input => {
      open += 1;
      most = Math.max(most, open);
      await new Promise(resolve => setImmediate(resolve));
      open -= 1;
      return { ...planOf(draft(`deployment shop/${input.deployment}`, 'image')), interruption: { kind: 'unknown' } };
    });
    expect([plan.operations.length, plan.expectedMs, most, plan.interruption.kind]).toEqual([
      25,
      30_000,
      10,
      'unknown',
    ]);
  });
});
