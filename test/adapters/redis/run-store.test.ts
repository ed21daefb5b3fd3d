import { describe, expect, test } from 'vitest';
import { systemActor } from '../../../src/domain/person.ts';
import { rootPost } from '../../../src/domain/post.ts';
import { transitions } from '../../../src/domain/status.ts';
import { useRig } from '../../engine/rig.ts';
import {
  aRequest,
  aRun,
  checkout,
  ended,
  events,
  executing,
  failure,
  inPreflight,
  newId,
  outcome,
} from '../../engine/sample.ts';

const rig = useRig();

describe('create', () => {
  test('a run begins with its request, exactly as asked, under the server’s clock', async () => {
    const run = aRun();
    const created = await rig.store.create(run);
    expect(created).toEqual({ kind: 'created', id: run.id, at: expect.any(Number) });
    const read = await rig.store.read(run.id);
    expect(read?.events).toEqual([
      {
        kind: 'requested',
        request: run.request,
        status: 'requested',
        version: 1,
        at: created.kind === 'created' && created.at,
      },
    ]);
    expect(read?.run).toMatchObject({ status: 'requested', version: 1 });
    expect(await rig.store.openRun(checkout)).toBe(run.id);
  });

  test('the same key gives the same run', async () => {
    const run = aRun();
    await rig.store.create(run);
    expect(await rig.store.create({ ...run, id: newId() })).toEqual({ kind: 'duplicate', id: run.id });
  });

  test('a second request for a target is shown the first', async () => {
    const first = aRun();
    await rig.store.create(first);
    expect(await rig.store.create(aRun())).toEqual({ kind: 'busy', id: first.id });
    expect(await rig.store.list({ limit: 10 })).toHaveLength(1);
  });

  test('nothing is created past its deadline', async () => {
    await rig.pass(3_700_000);
    expect(await rig.store.create(aRun())).toEqual({ kind: 'late' });
  });

  test('a replacement ends the open run and takes over its reservation', async () => {
    const first = aRun();
    await rig.store.create(first);
    const second = aRun();
    const replaces = { run: first.id, guard: { version: 1 }, events: [ended('superseded', second.id)], posts: [] };
    expect(await rig.store.create({ ...second, replaces })).toMatchObject({ kind: 'created' });
    expect(await rig.store.openRun(checkout)).toBe(second.id);
    expect((await rig.store.read(first.id))?.run).toMatchObject({ status: 'superseded', next: second.id });
  });

  test.each([
    ['the version moved', { version: 7 }, [ended('superseded')]],
    ['the end is illegal', { version: 1 }, [ended('succeeded')]],
    ['it would not end', { version: 1 }, [events.stopAsked]],
    ['nobody drives it', { fence: 1 }, [ended('superseded')]],
  ])('a replacement does nothing where %s', async (_, guard, replacing) => {
    const first = aRun();
    await rig.store.create(first);
    const replaces = { run: first.id, guard, events: replacing, posts: [] };
    expect(await rig.store.create({ ...aRun(), replaces })).toEqual({ kind: 'conflict' });
    expect((await rig.store.read(first.id))?.run.version).toBe(1);
    expect(await rig.store.openRun(checkout)).toBe(first.id);
  });

  test('a finished run’s key is forgotten after a day', async () => {
    const run = aRun();
    await rig.store.create(run);
    const key = `{backout}:request:${run.idempotencyKey}`;
    expect(await rig.connection.redis.pttl(key)).toBe(-1);
    await rig.store.change(run.id, { version: 1 }, { events: [ended('cancelled')] });
    expect(await rig.connection.redis.pttl(key)).toBeGreaterThan(86_000_000);
  });
});

describe('change', () => {
  test.each([
    ['conflict', { version: 5 }, [events.stopAsked], 0],
    ['fenced', { fence: 1 }, [events.stopAsked], 0],
    ['illegal', { version: 1 }, [events.executing], 0],
    ['illegal', { version: 1 }, [ended('cancelled'), events.stopAsked], 0],
    ['illegal', { version: 1 }, [outcome(1, 0)], 0],
    ['illegal', { version: 1 }, [events.recorded], 0],
    ['late', { version: 1 }, [events.stopAsked], 1],
  ] as const)('answers %s and changes nothing (%o)', async (why, guard, list, notAfter) => {
    const run = aRun();
    await rig.store.create(run);
    expect(await rig.store.change(run.id, guard, { events: list, notAfter })).toEqual({ ok: false, why });
    expect((await rig.store.read(run.id))?.events).toHaveLength(1);
  });

  test('answers missing for a run that is not there', async () => {
    const changed = await rig.store.change(newId(), { version: 1 }, { events: [events.stopAsked] });
    expect(changed).toEqual({ ok: false, why: 'missing' });
  });

  test('a post for an unknown thread is an error before anything is written', async () => {
    const run = aRun();
    await rig.store.create(run);
    const change = { events: [events.stopAsked], posts: [rootPost(newId())] };
    await expect(rig.store.change(run.id, { version: 1 }, change)).rejects.toThrow('unknown thread');
    expect((await rig.store.read(run.id))?.run.version).toBe(1);
  });

  test('the end frees the target, the lease, the timers and the indexes', async () => {
    const { id, fence, target } = await executing(rig.store);
    await rig.store.change(id, { fence }, { events: [events.executed], setTimers: { 'stop-reminder': 1 } });
    const end = { events: [ended('succeeded')], setTimers: { remind: 1 } };
    expect(await rig.store.change(id, { fence }, end)).toMatchObject({ ok: true });
    await rig.pass(60_000);
    expect(await rig.store.openRun(target)).toBeNull();
    expect(await rig.store.renew(target, fence, 5_000)).toBe(false);
    expect((await rig.store.tick()).due).toEqual([]);
    expect(await rig.store.list({ open: true, limit: 5 })).toEqual([]);
    expect(await rig.store.list({ status: 'succeeded', limit: 5 })).toMatchObject([{ id }]);
  });

  test('recorded is said once, after the end', async () => {
    const run = aRun();
    await rig.store.create(run);
    await rig.store.change(run.id, { version: 1 }, { events: [ended('cancelled')] });
    expect(await rig.store.change(run.id, { version: 2 }, { events: [events.recorded] })).toMatchObject({ ok: true });
    expect(await rig.store.change(run.id, { version: 3 }, { events: [events.recorded] })).toEqual({
      ok: false,
      why: 'illegal',
    });
  });
});

describe('list and find', () => {
  test('by target, service, status and openness, newest first', async () => {
    const made = [];
    for (const target of ['checkout/production', 'checkout/staging', 'search/production']) {
      const run = aRun({ request: aRequest({ target: target as typeof checkout }) });
      await rig.store.create(run);
      await rig.pass(1_000);
      made.push(run.id);
    }
    const [first, second, third] = made;
    if (!first || !second || !third) throw new Error('three runs were made');
    await rig.store.change(second, { version: 1 }, { events: [ended('cancelled')] });
    const ids = async (query: Parameters<typeof rig.store.list>[0]) => (await rig.store.list(query)).map(run => run.id);
    expect(await ids({ limit: 2 })).toEqual([third, second]);
    expect(await ids({ service: 'checkout', limit: 9 })).toEqual([second, first]);
    expect(await ids({ service: 'checkout', open: true, limit: 9 })).toEqual([first]);
    expect(await ids({ open: false, limit: 9 })).toEqual([second]);
    expect(await ids({ target: checkout, status: 'requested', limit: 9 })).toEqual([first]);
    expect(await ids({ status: 'cancelled', limit: 9 })).toEqual([second]);
    expect(await ids({ limit: 0 })).toEqual([]);
    expect(await rig.store.find(third.slice(-4).toLowerCase())).toEqual([third]);
    expect(await rig.store.find('0000')).toEqual([]);
  });
});

describe('journal', () => {
  test('an operation begins fresh, is resumed, and ends once', async () => {
    const { id, fence } = await executing(rig.store);
    const first = { phase: 'apply', index: 0, fence, worker: 'w "1"' } as const;
    expect(await rig.store.begin(id, first)).toBe('fresh');
    expect(await rig.store.begin(id, first)).toBe('resume');
    expect(await rig.store.outcome(id, outcome(fence, 0))).toBe('ok');
    expect(await rig.store.outcome(id, outcome(fence, 0))).toBe('done');
    expect(await rig.store.begin(id, first)).toBe('done');
    const read = await rig.store.read(id);
    expect(read?.run.journal).toMatchObject([{ phase: 'apply', index: 0, attempt: 2, outcome: { how: 'applied' } }]);
    expect(read?.events.map(event => event.version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('the first operation begins with the execution, in one script or not at all', async () => {
    const { id, fence } = await inPreflight(rig.store);
    const begins = { phase: 'apply', index: 0, fence, worker: 'w' } as const;
    const change = { events: [events.executing] };
    const refused = { ok: false, why: 'illegal' };
    expect(await rig.store.change(id, { fence }, { ...change, begins: { ...begins, index: 1 } })).toEqual(refused);
    expect(await rig.store.change(id, { fence }, { ...change, begins: { ...begins, phase: 'revert' } })).toEqual(
      refused,
    );
    expect(await rig.store.change(id, { fence }, { ...change, begins: { ...begins, fence: fence + 1 } })).toEqual(
      refused,
    );
    expect(await rig.store.change(id, { fence }, { events: [], begins })).toEqual(refused);
    expect((await rig.store.read(id))?.run).toMatchObject({ status: 'preflight', journal: [] });
    expect(await rig.store.change(id, { fence }, { ...change, begins })).toMatchObject({ ok: true });
    const read = await rig.store.read(id);
    expect(read?.events.slice(-2)).toMatchObject([
      { kind: 'execution-started' },
      { kind: 'operation-begun', index: 0, attempt: 1, fence, worker: 'w' },
    ]);
    expect(read?.run.journal).toMatchObject([{ phase: 'apply', index: 0, attempt: 1, outcome: null }]);
    expect(await rig.store.begin(id, begins)).toBe('resume');
  });

  test('begin answers order, fenced and done where it must', async () => {
    const { id, fence } = await executing(rig.store);
    const entry = (index: number, by = fence) => ({ phase: 'apply', index, fence: by, worker: 'w' }) as const;
    expect(await rig.store.begin(id, entry(1))).toBe('order');
    expect(await rig.store.begin(id, entry(0, fence + 1))).toBe('fenced');
    expect(await rig.store.begin(id, { ...entry(0), phase: 'revert' })).toBe('order');
    expect(await rig.store.begin(newId(), entry(0))).toBe('fenced');
  });

  test('an outcome needs an intent of the same fence; a late one only leaves a note', async () => {
    const { id, fence, target } = await executing(rig.store);
    expect(await rig.store.outcome(id, outcome(fence, 0))).toBe('missing');
    await rig.store.begin(id, { phase: 'apply', index: 0, fence, worker: 'w' });
    await rig.pass(5_001);
    const taken = await rig.store.acquire(target, id, 'other', 5_000, false);
    expect(taken).toMatchObject({ ok: true, fence: fence + 1, previous: { worker: 'w', fence, gone: false } });
    expect(await rig.store.outcome(id, outcome(fence, 0), { events: [events.executed] })).toBe('fenced');
    expect(await rig.store.outcome(id, outcome(fence + 1, 0))).toBe('missing');
    const read = await rig.store.read(id);
    expect(read?.run).toMatchObject({ status: 'executing', journal: [{ outcome: null }] });
    expect(read?.events.at(-1)).toMatchObject({ kind: 'late-write', index: 0, fence });
  });

  test('a failure can be taken up again; its outcome may come from an operator', async () => {
    const { id, fence } = await executing(rig.store);
    const entry = { phase: 'apply', index: 0, fence, worker: 'w' } as const;
    await rig.store.begin(id, entry);
    expect(await rig.store.outcome(id, failure(fence, 0))).toBe('ok');
    expect(await rig.store.outcome(id, outcome(fence, 0))).toBe('done');
    expect(await rig.store.begin(id, entry)).toBe('resume');
    expect(await rig.store.outcome(id, failure(fence, 0), { events: [events.stopped] })).toBe('ok');
    const version = (await rig.store.read(id))?.run.version ?? 0;
    const byOperator = { ...outcome(fence, 0), how: 'by-operator' } as const;
    expect(await rig.store.change(id, { version }, { events: [byOperator] })).toMatchObject({ ok: true });
    const again = await rig.store.change(id, { version: version + 1 }, { events: [byOperator] });
    expect(again).toEqual({ ok: false, why: 'illegal' });
  });

  test('what was applied is reverted backwards', async () => {
    const { id, fence } = await executing(rig.store);
    for (const index of [0, 1]) {
      await rig.store.begin(id, { phase: 'apply', index, fence, worker: 'w' });
      await rig.store.outcome(id, outcome(fence, index));
    }
    await rig.store.change(id, { fence }, { events: [events.failing, events.compensating] });
    const revert = (index: number) => ({ phase: 'revert', index, fence, worker: 'w' }) as const;
    expect(await rig.store.begin(id, revert(1))).toBe('fresh');
    expect(await rig.store.begin(id, revert(0))).toBe('order');
    expect(await rig.store.outcome(id, outcome(fence, 1, 'revert'))).toBe('ok');
    expect(await rig.store.begin(id, revert(0))).toBe('fresh');
    expect(await rig.store.begin(id, revert(1))).toBe('done');
  });

  test('operations of a group begin beside each other, after all before them and before all behind', async () => {
    const { id, fence } = await executing(rig.store);
    const entry = (index: number, first = 1, last = 3) =>
      ({ phase: 'apply', index, fence, worker: 'w', beside: { first, last } }) as const;
    expect(await rig.store.begin(id, entry(1))).toBe('order');
    expect(await rig.store.begin(id, entry(0, 0, 0))).toBe('fresh');
    expect(await rig.store.begin(id, entry(1))).toBe('order');
    await rig.store.outcome(id, outcome(fence, 0));
    expect(await rig.store.begin(id, entry(4))).toBe('order');
    for (const index of [3, 1]) expect(await rig.store.begin(id, entry(index))).toBe('fresh');
    expect(await rig.store.begin(id, entry(3))).toBe('resume');
    for (const index of [3, 1]) await rig.store.outcome(id, outcome(fence, index));
    expect(await rig.store.begin(id, entry(4, 4, 4))).toBe('order');
    expect(await rig.store.begin(id, entry(2))).toBe('fresh');
    await rig.store.outcome(id, outcome(fence, 2));
    expect(await rig.store.begin(id, entry(4, 4, 4))).toBe('fresh');
  });

  test('beside one that failed nothing new begins; what began before is taken up, until the failed one was', async () => {
    const { id, fence } = await executing(rig.store);
    const entry = (index: number) =>
      ({ phase: 'apply', index, fence, worker: 'w', beside: { first: 0, last: 2 } }) as const;
    for (const index of [0, 1]) await rig.store.begin(id, entry(index));
    await rig.store.outcome(id, failure(fence, 0));
    expect(await rig.store.begin(id, entry(2))).toBe('halted');
    expect(await rig.store.begin(id, entry(1))).toBe('resume');
    await rig.store.outcome(id, outcome(fence, 1));
    expect(await rig.store.begin(id, entry(2))).toBe('halted');
    expect(await rig.store.begin(id, entry(0))).toBe('resume');
    await rig.store.outcome(id, outcome(fence, 0));
    expect(await rig.store.begin(id, entry(2))).toBe('fresh');
  });

  test('once a stop was asked nothing new begins, until somebody decided that it goes on', async () => {
    const { id, fence } = await executing(rig.store);
    const entry = (index: number) => ({ phase: 'apply', index, fence, worker: 'w' }) as const;
    await rig.store.begin(id, entry(0));
    await rig.store.change(id, { fence }, { events: [events.stopAsked] });
    expect(await rig.store.begin(id, entry(0))).toBe('resume');
    await rig.store.outcome(id, outcome(fence, 0));
    expect(await rig.store.begin(id, entry(1))).toBe('halted');
    const by = systemActor('operator');
    const goesOn = { kind: 'operator-decided', action: 'continue', by, reason: '', status: 'executing' } as const;
    await rig.store.change(id, { fence }, { events: [events.stopped, goesOn] });
    expect(await rig.store.begin(id, entry(1))).toBe('fresh');
  });

  test('a group is put back beside each other, after all that came behind it', async () => {
    const { id, fence } = await executing(rig.store);
    const apply = { first: 0, last: 1 };
    for (const index of [0, 1, 2]) {
      const beside = index < 2 ? apply : { first: 2, last: 2 };
      await rig.store.begin(id, { phase: 'apply', index, fence, worker: 'w', beside });
      await rig.store.outcome(id, outcome(fence, index));
    }
    await rig.store.change(id, { fence }, { events: [events.failing, events.compensating] });
    const revert = (index: number, beside = apply) => ({ phase: 'revert', index, fence, worker: 'w', beside }) as const;
    expect(await rig.store.begin(id, revert(2, { first: 2, last: 2 }))).toBe('fresh');
    expect(await rig.store.begin(id, revert(0))).toBe('order');
    await rig.store.outcome(id, outcome(fence, 2, 'revert'));
    for (const index of [0, 1]) expect(await rig.store.begin(id, revert(index))).toBe('fresh');
    await rig.store.outcome(id, failure(fence, 0, 'revert'));
    await rig.store.outcome(id, outcome(fence, 1, 'revert'));
    expect(await rig.store.begin(id, revert(0))).toBe('resume');
    expect(await rig.store.begin(id, revert(3, { first: 3, last: 3 }))).toBe('order');
  });

  test('an illegal transition beside an outcome is an error and nothing is written', async () => {
    const { id, fence } = await executing(rig.store);
    await rig.store.begin(id, { phase: 'apply', index: 0, fence, worker: 'w' });
    await expect(rig.store.outcome(id, outcome(fence, 0), { events: [ended('succeeded')] })).rejects.toThrow('illegal');
    expect((await rig.store.read(id))?.run).toMatchObject({ status: 'executing', journal: [{ outcome: null }] });
  });
});

test('the scripts know every legal transition and no other', async () => {
  const { runsLua } = await import('../../../src/adapters/redis/scripts/runs.ts');
  const steps = /STEPS=' (.*) '/.exec(runsLua)?.[1]?.split(' ');
  expect(steps).toEqual(Object.entries(transitions).flatMap(([from, list]) => list.map(to => `${from}>${to}`)));
});
