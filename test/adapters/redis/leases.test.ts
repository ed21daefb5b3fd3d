import { describe, expect, test, vi } from 'vitest';
import { redisRunStore } from '../../../src/adapters/redis/run-store.ts';
import { note } from '../../../src/domain/note.ts';
import { useRig } from '../../engine/rig.ts';
import {
  aRequest,
  aRun,
  checkout,
  ended,
  events,
  executing,
  inPreflight,
  newId,
  outcome,
} from '../../engine/sample.ts';

const rig = useRig();

describe('taking the target of an approved run', () => {
  test('begins its preflight and says so, once', async () => {
    const { id, fence, target } = await inPreflight(rig.store);
    const read = await rig.store.read(id);
    expect(read?.run).toMatchObject({ status: 'preflight' });
    expect(read?.events.at(-1)).toEqual({
      ...{ kind: 'preflight-started', worker: 'w', fence, status: 'preflight' },
      ...{ version: read?.events.length, at: expect.any(Number) },
    });
    await rig.store.release(target, fence);
    const again = await rig.store.acquire(target, id, 'other', 5_000, false);
    expect(again).toMatchObject({ ok: true, fence: fence + 1 });
    expect((await rig.store.read(id))?.events).toEqual(read?.events);
  });
});

describe('acquire', () => {
  test('a live lease refuses everybody, the same worker too', async () => {
    const { id, fence, target } = await executing(rig.store);
    const again = await rig.store.acquire(target, id, 'w', 5_000, false);
    expect(again).toMatchObject({ ok: false, holder: { run: id, worker: 'w', fence, gone: false, children: [] } });
  });

  test.each([
    ['over', 5_001, false, true],
    ['over, but waited out', 5_001, true, false],
    ['waited out', 6_001, true, true],
    ['live', 4_000, false, false],
  ])('a lease that is %s', async (_, ms, waitOut, taken) => {
    const { id, target } = await executing(rig.store);
    await rig.pass(ms);
    expect(await rig.store.acquire(target, id, 'other', 5_000, waitOut)).toMatchObject({ ok: taken });
  });

  test('a holder whose connection is gone is gone at once, unless it has to be waited out', async () => {
    const dead = await rig.another();
    const { id, fence, target } = await executing(redisRunStore(dead));
    await dead.close();
    await vi.waitFor(async () => expect((await rig.store.tick()).unrung).toEqual([{ run: id, fence, runsOn: null }]));
    const unfenced = await rig.store.acquire(target, id, 'other', 5_000, true);
    expect(unfenced).toMatchObject({ ok: false, holder: { gone: true } });
    const taken = await rig.store.acquire(target, id, 'other', 5_000, false);
    expect(taken).toMatchObject({ ok: true, fence: fence + 1, previous: { worker: 'w', fence, gone: true } });
  });

  test('a run that waits its holder out is rung again when that is over', async () => {
    const dead = await rig.another();
    const { id, fence, target } = await executing(redisRunStore(dead));
    await dead.close();
    await vi.waitFor(async () => expect((await rig.store.tick()).unrung).toHaveLength(1));
    await rig.store.acquire(target, id, 'other', 5_000, true);
    await rig.store.rung([id]);
    await rig.pass(6_010);
    expect((await rig.store.tick()).unrung).toEqual([{ run: id, fence, runsOn: null }]);
    expect(await rig.store.acquire(target, id, 'other', 5_000, true)).toMatchObject({ ok: true });
  });

  test('a restarted process need not wait for the reconciler', async () => {
    const dead = await rig.another();
    const { id, target } = await executing(redisRunStore(dead));
    await dead.close();
    const take = async () =>
      expect(await rig.store.acquire(target, id, 'w', 5_000, false)).toMatchObject({ ok: true, fence: 2 });
    await vi.waitFor(take);
  });

  test('only the open run of a target takes it, while there is something to drive', async () => {
    const run = aRun();
    expect(await rig.store.acquire(checkout, run.id, 'w', 5_000, false)).toMatchObject({ ok: false });
    await rig.store.create(run);
    const stranger = await rig.store.acquire(checkout, newId(), 'w', 5_000, false);
    expect(stranger).toMatchObject({ ok: false, holder: { run: run.id } });
    await rig.store.change(run.id, { version: 1 }, { events: [ended('cancelled')] });
    expect(await rig.store.acquire(checkout, run.id, 'w', 5_000, false)).toMatchObject({ ok: false });
  });

  test('children of a dead holder are handed on until somebody gives the target back', async () => {
    const { id, fence, target } = await executing(rig.store);
    const child = { pid: 42, startTime: '777', host: 'h' };
    expect(await rig.store.child(target, fence, child)).toBe(true);
    expect(await rig.store.child(target, fence + 1, child)).toBe(false);
    for (const worker of ['second', 'third']) {
      await rig.pass(5_001);
      const taken = await rig.store.acquire(target, id, worker, 5_000, false);
      expect(taken).toMatchObject({ ok: true, previous: { children: [child] } });
    }
    await rig.store.release(target, fence + 2);
    const fresh = await rig.store.acquire(target, id, 'w', 5_000, false);
    expect(fresh).toEqual({ ok: true, fence: fence + 3, previous: null });
  });
});

describe('renew and release', () => {
  test('a lease lives as long as it is renewed, and only by its fence', async () => {
    const { id, fence, target } = await executing(rig.store);
    for (let times = 0; times < 3; times += 1) {
      await rig.pass(4_000);
      expect(await rig.store.renew(target, fence, 5_000)).toBe(true);
    }
    expect(await rig.store.renew(target, fence + 1, 5_000)).toBe(false);
    await rig.store.release(target, fence + 1);
    expect(await rig.store.acquire(target, id, 'other', 5_000, false)).toMatchObject({ ok: false });
    await rig.store.release(target, fence);
    expect(await rig.store.renew(target, fence, 5_000)).toBe(false);
    expect(await rig.store.change(id, { fence }, { events: [events.stopAsked] })).toEqual({ ok: false, why: 'fenced' });
  });

  test('a renewal over a new connection takes back that the holder was gone', async () => {
    const first = await rig.another();
    const { id, fence, target } = await executing(redisRunStore(first));
    await first.close();
    await vi.waitFor(async () => expect((await rig.store.tick()).unrung).toHaveLength(1));
    expect(await rig.store.renew(target, fence, 5_000)).toBe(true);
    expect(await rig.store.acquire(target, id, 'other', 5_000, false)).toMatchObject({ ok: false });
  });
});

describe('tick', () => {
  test('a timer is handed out when due, again after 10 s, and never once cleared', async () => {
    const run = aRun();
    await rig.store.create(run);
    await rig.store.change(run.id, { version: 1 }, { events: [events.stopAsked], setTimers: { expire: 600_000 } });
    expect((await rig.store.tick()).due).toEqual([]);
    await rig.pass(600_001);
    const due = { run: run.id, timer: 'expire', at: expect.any(Number) };
    expect((await rig.store.tick()).due).toEqual([due]);
    expect((await rig.store.tick()).due).toEqual([]);
    await rig.pass(10_001);
    const tick = await rig.store.tick();
    expect(tick.due).toEqual([due]);
    expect(tick.now - (tick.due[0]?.at ?? 0)).toBeGreaterThanOrEqual(10_000);
    await rig.store.change(run.id, { version: 2 }, { events: [{ kind: 'reminded' }], clearTimers: ['expire'] });
    await rig.pass(10_001);
    expect((await rig.store.tick()).due).toEqual([]);
  });

  test('work that nobody rang for is found, and found less often while nobody takes it', async () => {
    const run = aRun({ request: aRequest({ runsOn: 'host-1' }) });
    await rig.store.create(run);
    expect((await rig.store.tick()).unrung).toEqual([]);
    const pauses = [1_001, 2_001, 4_001, 8_001, 16_001, 30_001, 30_001];
    for (const pause of pauses) {
      await rig.pass(pause - 500);
      expect((await rig.store.tick()).unrung).toEqual([]);
      await rig.pass(500);
      expect((await rig.store.tick()).unrung).toEqual([{ run: run.id, fence: 0, runsOn: 'host-1' }]);
      await rig.store.rung([run.id]);
    }
    await rig.store.change(run.id, { version: 1 }, { events: [events.planned(run.id)] });
    await rig.pass(1_001);
    expect((await rig.store.tick()).unrung).toHaveLength(1);
  });

  test('a run that is driven or waits for people is not rung; one that ended is, until it is recorded', async () => {
    const { id, fence, target } = await executing(rig.store);
    const unrung = async () => {
      await rig.pass(31_000);
      return (await rig.store.tick()).unrung.map(one => one.run);
    };
    await rig.pass(4_000);
    expect((await rig.store.tick()).unrung).toEqual([]);
    await rig.store.change(id, { fence }, { events: [events.stopped] });
    await rig.store.release(target, fence);
    expect(await unrung()).toEqual([]);
    const version = (await rig.store.read(id))?.run.version ?? 0;
    await rig.store.change(id, { version }, { events: [ended('partial')] });
    expect(await unrung()).toEqual([id]);
    await rig.store.change(id, { version: version + 1 }, { events: [events.recorded] });
    expect(await unrung()).toEqual([]);
  });

  test('posts that wait are counted', async () => {
    expect((await rig.store.tick()).readyThreads).toBe(0);
    await rig.store.create(aRun());
    expect((await rig.store.tick()).readyThreads).toBe(1);
    await rig.outbox.claim(5, 1_000);
    expect((await rig.store.tick()).readyThreads).toBe(0);
  });
});

test('where CLIENT LIST is forbidden the lease alone decides', async () => {
  await rig.connection.redis.acl('SETUSER', 'managed', 'on', '>p', '~*', '+@all', '-client|list', '&*');
  const managed = await rig.another();
  await managed.redis.auth('managed', 'p');
  const store = redisRunStore(managed);
  const dead = await rig.another();
  const { id, target } = await executing(redisRunStore(dead));
  await dead.close();
  for (let times = 0; times < 5; times += 1) expect((await store.tick()).unrung).toEqual([]);
  await rig.pass(5_001);
  expect((await store.tick()).unrung).toHaveLength(1);
  expect(await store.acquire(target, id, 'other', 5_000, false)).toMatchObject({ ok: true });
});

test('progress is kept beside the log, by the holder only, and edits the root at most every 3 s', async () => {
  const { id, fence } = await executing(rig.store);
  const [root] = await rig.outbox.claim(1, 1_000);
  if (!root) throw new Error('the root waits');
  await rig.outbox.sent(root, '1.1');
  const percent = (done: number) => note('pods', { done });
  await rig.store.progress(id, fence, percent(1));
  await rig.store.progress(id, fence + 1, percent(9));
  expect(await rig.store.readProgress(id)).toEqual(percent(1));
  const [edit] = await rig.outbox.claim(1, 1_000);
  expect(edit).toMatchObject({ ts: '1.1', post: { slot: 'root' } });
  if (edit) await rig.outbox.sent(edit, '1.1');
  await rig.store.progress(id, fence, percent(2));
  expect(await rig.outbox.counts()).toMatchObject({ waiting: 0 });
  await rig.pass(3_000);
  await rig.store.progress(id, fence, percent(3));
  expect(await rig.outbox.counts()).toMatchObject({ waiting: 1 });
  expect((await rig.store.read(id))?.run.version).toBe(5);
});

test('workers are there as long as they say so', async () => {
  await rig.store.announce('host-1', 5_000);
  await rig.store.announce('host-2', 15_000);
  expect(await rig.store.workers()).toEqual(['host-1', 'host-2']);
  await rig.pass(5_001);
  expect(await rig.store.workers()).toEqual(['host-2']);
});

test('time is the server’s', async () => {
  const before = await rig.store.now();
  expect(Math.abs(before - Date.now())).toBeLessThan(1_000);
  await rig.pass(60_000);
  expect((await rig.store.now()) - before).toBeGreaterThanOrEqual(60_000);
});

test('a run in which everything happened reads back as it was written', async () => {
  const { id, fence } = await executing(rig.store);
  const odd = note('odd', { text: '"\\ \u0000 …漢字', list: [], many: ['a'], number: 1.5 }, 'tail');
  await rig.store.begin(id, { phase: 'apply', index: 0, fence, worker: 'w' });
  await rig.store.outcome(id, { ...outcome(fence, 0), note: odd });
  const last = (await rig.store.read(id))?.events.at(-1);
  expect(last).toEqual({ ...outcome(fence, 0), note: odd, version: 7, at: expect.any(Number) });
});
