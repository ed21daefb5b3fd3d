import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newRelease } from '../../src/detect/live.ts';
import type { TargetSpec } from '../../src/domain/catalogue.ts';
import { note } from '../../src/domain/note.ts';
import { type Interruption, type OperationDraft, type Plan, spanOf } from '../../src/domain/plan.ts';
import { reason } from '../../src/domain/reason.ts';
import type { Candidate, Freeze, Grade } from '../../src/domain/release.ts';
import type { EndedRun } from '../../src/domain/run.ts';
import { chooseRelease } from '../../src/plan/choose.ts';
import { orderSteps } from '../../src/plan/claims.ts';
import { type CompiledStep, compilePlan, worst } from '../../src/plan/compile.ts';
import { planFingerprint } from '../../src/plan/fingerprint.ts';
import { prospects, tellingReason } from '../../src/plan/suggest.ts';
import { compileUndo, undoable } from '../../src/plan/undo.ts';
import { newId } from '../engine/sample.ts';
import { check, jobsCatalogue, runbook, service, step } from '../jobs/catalogue.ts';

const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const preview = { summary: note('set', {}), diff: '' };
const draft = (object: string, more: Partial<OperationDraft> = {}): OperationDraft => ({
  ...{ object, body: { to: 'x' }, preview, fingerprint: `f-${object}`, idempotent: true },
  inverse: { object, body: { to: 'y' }, preview, idempotent: true },
  ...more,
});
const compiled = (
  operations: readonly OperationDraft[],
  interruption: Interruption = { kind: 'none' },
): CompiledStep => ({
  kind: 'counter',
  timeoutMs: 1_000,
  plan: { operations, blastRadius: [], interruption, notRolledBack: [], notChecked: [], warnings: [], expectedMs: 5 },
});
function target(more: Partial<TargetSpec> = {}): TargetSpec {
  const spec = jobsCatalogue(more).services.shop?.environments.production;
  if (!spec) throw new Error('no target');
  return spec;
}
const run = newId();
const plan = (steps: readonly CompiledStep[], spec = target(), episode: string | null = null): Plan => {
  const book = spec.runbooks[0] ?? runbook([]);
  return compilePlan(hash, { run, request: { episode }, target: spec, runbook: book, steps, from: null, to: null });
};

describe('compiling', () => {
  it('numbers operations over all steps and adds up what they say', () => {
    const made = plan([compiled([draft('a'), draft('b')]), compiled([]), compiled([draft('c')])]);
    expect(made.operations.map(({ index, step: of, object }) => [index, of, object])).toEqual([
      [0, 0, 'a'],
      [1, 0, 'b'],
      [2, 2, 'c'],
    ]);
    expect([made.reversible, made.expectedMs]).toEqual([true, 15]);
    expect(plan([compiled([draft('a', { inverse: null })])]).reversible).toBe(false);
  });

  it('keeps which operations of a step run beside each other, there and on the way back', () => {
    const group = { group: 0 };
    const made = plan([compiled([draft('a'), draft('b', group), draft('c', group)]), compiled([draft('d', group)])]);
    const spans = (of: Plan) => of.operations.map(({ index }) => spanOf(of.operations, index));
    const pair = { first: 1, last: 2 };
    expect(spans(made)).toEqual([{ first: 0, last: 0 }, pair, pair, { first: 3, last: 3 }]);
    const note = { code: 'done' };
    const journal = made.operations.map(({ index }) => ({
      ...{ phase: 'apply' as const, index, fence: 1, attempt: 1, beganAt: 0, failure: null },
      outcome: { how: 'applied' as const, note, at: 0, served: true },
    }));
    const undo = undoable({ status: 'succeeded', plan: made, journal } as unknown as EndedRun);
    if (undo.kind === 'refused') throw new Error(undo.reason.code);
    const back = compileUndo(hash, newId(), target(), undo, ['1', '2', '3', '4'], new Map());
    expect(back.operations.map(({ object }) => object)).toEqual(['d', 'c', 'b', 'a']);
    expect(spans(back)).toEqual([{ first: 0, last: 0 }, pair, pair, { first: 3, last: 3 }]);
  });

  it('takes the target’s checks before the runbook’s, and one id once', () => {
    const spec = target({
      checks: [check('switch', { id: 'a' }), check('switch', { id: 'b' })],
      runbooks: [runbook([step('x')], { checks: [check('switch', { id: 'b', title: 'own' })] })],
    });
    expect(plan([compiled([draft('a')])], spec).checks.map(({ id, title }) => [id, title])).toEqual([
      ['a', 'switch'],
      ['b', 'own'],
    ]);
  });

  it('says what is not checked', () => {
    const spec = target({ runbooks: [runbook([step('x')], { checks: [check('alert-cleared')] })] });
    const codes = (made: Plan) => made.notChecked.map(({ code }) => code);
    expect(codes(plan([compiled([draft('a')])], spec))).toEqual(['no-alert-to-clear', 'no-checks']);
    expect(codes(plan([compiled([draft('a')])], spec, 'episode'))).toEqual([]);
  });

  it('trap 15: a way back to a release says that migrations were not looked at', () => {
    const release = newRelease(target().target, { key: 'k', version: '1', identity: {} }, 0);
    const to: Candidate = { release, verdict: 'open', why: note('candidate-good') };
    const material = { run, request: { episode: null }, target: target(), runbook: runbook([step('x')]), from: null };
    const made = compilePlan(hash, { ...material, steps: [compiled([draft('a')])], to });
    expect(made.notChecked.map(({ code }) => code)).toContain('migrations-not-checked');
  });

  it.each([
    [[], { kind: 'none' }],
    [[{ kind: 'gap', ms: 100 }, { kind: 'none' }, { kind: 'gap', ms: 50 }], { kind: 'gap', ms: 150 }],
    [[{ kind: 'gap', ms: 100 }, { kind: 'unknown' }], { kind: 'unknown' }],
  ] as const)('the worst of %j is %j', (all, expected) => {
    expect(worst(all)).toEqual(expected);
  });
});

describe('steps that change the same from the state of now', () => {
  const api = draft('api', { claims: ['template api'] });
  const worker = draft('worker', { claims: ['template worker'] });
  const restart = { ...worker, spare: true } as const;
  const kept = (...steps: readonly (readonly OperationDraft[])[]) => {
    const ordered = orderSteps(steps.map(operations => compiled(operations)));
    if (ordered.kind === 'refused') return ordered.reason;
    return ordered.steps.map(({ plan: { operations } }) => operations.map(({ object }) => object));
  };
  it('are refused with the steps and what they share', () => {
    const refused = { code: 'steps-collide', facts: { object: 'api', steps: ['1', '3'] } };
    expect(kept([api], [worker], [draft('x'), api])).toEqual(refused);
    expect(kept([worker], [api, restart])).toMatchObject({ code: 'steps-collide', facts: { object: 'worker' } });
  });

  it('are refused where one keeps the other from its effect, in that order alone', () => {
    const pause = draft('pause', { bars: api.claims ?? [] });
    expect(kept([pause], [api])).toMatchObject({ code: 'steps-collide', facts: { object: 'api', steps: ['1', '2'] } });
    expect(kept([api], [pause], [draft('resume')])).toEqual([['api'], ['pause'], ['resume']]);
  });

  it('are taken where they share nothing, or one step does all of it', () => {
    expect(kept([api, draft('x')], [worker, draft('x')])).toEqual([
      ['api', 'x'],
      ['worker', 'x'],
    ]);
    expect(kept([api, api])).toEqual([['api', 'api']]);
  });

  it('leave out what a later one does anyway', () => {
    expect(kept([api, restart], [worker])).toEqual([['api'], ['worker']]);
    expect(kept([api, restart], [draft('web'), restart])).toEqual([['api'], ['web', 'worker']]);
    expect(kept([api, restart], [draft('web')])).toEqual([['api', 'worker'], ['web']]);
  });
});

describe('the fingerprint', () => {
  const base = plan([compiled([draft('a'), draft('b')])]);
  const first = base.operations[0];
  if (!first) throw new Error('no operation');
  const changed = (more: Partial<typeof first>): Plan => ({
    ...base,
    operations: [{ ...first, ...more }, ...base.operations.slice(1)],
  });
  it.each([
    ['what is written', changed({ body: { to: 'z' } }), false],
    ['the world it was planned against', changed({ fingerprint: 'moved' }), false],
    ['what puts it back', changed({ inverse: null }), false],
    ['the executor', changed({ executor: 'other' }), false],
    ['what runs beside it', changed({ group: 0 }), false],
    ['the order', { ...base, operations: base.operations.toReversed() }, false],
    ['the checks', { ...base, checks: [] }, false],
    ['the run', { ...base, run: newId() }, false],
    ['the order of keys', changed({ body: Object.fromEntries(Object.entries(first.body).toReversed()) }), true],
    ['the words', changed({ preview: { summary: note('other'), diff: 'x' } }), true],
    ['the time it takes', { ...base, expectedMs: 9 }, true],
  ] as const)('hangs on %s: same %s', (_, other, same) => {
    expect(planFingerprint(hash, other) === base.fingerprint).toBe(same);
  });
});

describe('suggesting', () => {
  const spec = target({
    runbooks: [
      runbook([], { level: 3, id: 'three' }),
      runbook([], { level: 1, id: 'one' }),
      runbook([], { level: 2, id: 'two', scenarios: ['security'] }),
      runbook([], { level: 3, id: 'canary', strategy: 'canary' }),
      runbook([], { level: 1, id: 'last', strategy: 'emergency' }),
    ],
  });
  const ask = { level: null, strategy: null, floor: 1, scenario: 'security' } as const;
  const freeze: Freeze = { target: service, since: 0, until: null, by: 'Dana', reason: 'quarter close', levels: [1] };
  it.each([
    [ask, null, ['one', 'two', 'three', 'canary'], []],
    [{ ...ask, floor: 2 }, null, ['two', 'three', 'canary'], []],
    [{ ...ask, level: 3 }, null, ['three', 'canary'], []],
    [{ ...ask, strategy: 'canary' }, null, ['canary'], []],
    [{ ...ask, strategy: 'emergency' }, null, ['last'], []],
    [{ ...ask, scenario: 'other' }, null, ['one', 'two', 'three', 'canary'], [['two', 'no-runbook']]],
    [ask, freeze, ['one', 'two', 'three', 'canary'], [['one', 'frozen']]],
  ] as const)('%j', (request, frozen, ids, out) => {
    const found = prospects(spec, request, frozen);
    expect(found.map(({ runbook: { id } }) => id)).toEqual(ids);
    expect(found.flatMap(one => (one.out ? [[one.runbook.id, one.out.code]] : []))).toEqual(out);
  });

  it('tells what kept the mildest runbook that was worth compiling', () => {
    const skipped = (code: Parameters<typeof reason>[0]) =>
      ({ level: 2, runbook: code, outcome: 'skipped', why: reason(code) }) as const;
    const told = [
      skipped('no-runbook'),
      skipped('nothing-to-change'),
      skipped('target-unreachable'),
      skipped('owned-by-other'),
    ];
    expect(tellingReason(told, spec, 'other').code).toBe('target-unreachable');
    expect(tellingReason(told.slice(0, 2), spec, 'other').code).toBe('nothing-to-change');
    expect(tellingReason([], spec, 'other').code).toBe('no-runbook');
  });
});

describe('choosing the release', () => {
  const candidate = (key: string, verdict: Candidate['verdict'], grade: Grade): Candidate => ({
    release: {
      ...{ target: service, key, version: key, identity: {}, spans: [], deployment: null, grade },
      ...{ gradeNote: note('x'), gradedAt: 0, gradedBy: null, firstSeen: 0 },
    },
    verdict,
    why: note('x'),
  });
  const all = [
    candidate('new', 'no', 'bad'),
    candidate('odd', 'named', 'unproven'),
    candidate('good', 'suggested', 'verified'),
    candidate('old', 'open', 'soaked'),
  ];
  it.each([
    [null, false, 'good'],
    ['old', false, 'old'],
    ['odd', false, 'odd'],
    ['odd', true, 'release-not-eligible'],
    ['new', false, 'release-not-eligible'],
    ['what', false, 'unknown-release'],
  ] as const)('named %j, automatic %s: %s', (named, automatic, expected) => {
    const choice = chooseRelease(all, named, automatic, service);
    expect(choice.kind === 'chosen' ? choice.release.key : choice.reason.code).toBe(expected);
  });

  it('finds none where none is suggested', () => {
    expect(chooseRelease(all.slice(0, 2), null, false, service)).toMatchObject({
      kind: 'none',
      reason: { code: 'no-good-release' },
    });
  });
});
