import { describe, expect, test } from 'vitest';
import type { RunId } from '../../../src/domain/ids.ts';
import { type Post, rootPost } from '../../../src/domain/post.ts';
import type { ClaimedPost } from '../../../src/ports/outbox.ts';
import { useRig } from '../../engine/rig.ts';
import { aRequest, aRun, events } from '../../engine/sample.ts';

const rig = useRig();

/** Opens a thread with a root row, each in a target of its own. */
async function aThread(channel = 'C1', posts: readonly Post[] = []): Promise<RunId> {
  const run = aRun();
  const target = `service-${run.id}/production` as ReturnType<typeof aRequest>['target'];
  await rig.store.create({ ...run, request: aRequest({ channel, target }), posts: [rootPost(run.id), ...posts] });
  return run.id;
}

function aPost(thread: string, slot: string, urgency: Post['urgency'] = 'progress'): Post {
  return { thread, slot, screen: 'reply', urgency };
}

async function claimOne(): Promise<ClaimedPost> {
  const [row] = await rig.outbox.claim(1, 1_000);
  if (!row) throw new Error('a row waits');
  return row;
}

/** Sends all that waits; answers `slot` for a post and `slot*` for an edit, in order. */
async function sendAll(): Promise<string[]> {
  const sent: string[] = [];
  for (;;) {
    const rows = await rig.outbox.claim(10, 1_000);
    if (rows.length === 0) return sent;
    for (const row of rows) {
      sent.push(row.ts ? `${row.post.slot}*` : row.post.slot);
      await rig.outbox.sent(row, row.ts ?? `${sent.length}.${row.post.slot}`);
    }
  }
}

describe('order', () => {
  test('a thread’s rows go one at a time, in order, the root first', async () => {
    const thread = await aThread();
    await rig.outbox.add([aPost(thread, 'card', 'urgent'), aPost(thread, 'reply-3')]);
    const root = await claimOne();
    expect(root).toMatchObject({
      post: { slot: 'root' },
      ts: null,
      attempts: 0,
      ambiguous: false,
      state: { root: null },
    });
    expect(await rig.outbox.claim(10, 1_000)).toEqual([]);
    await rig.outbox.sent(root, '1.1');
    const card = await claimOne();
    expect(card).toMatchObject({
      post: { slot: 'card' },
      state: { channel: 'C1', root: '1.1', slots: { root: '1.1' } },
    });
    await rig.outbox.sent(card, '1.2');
    expect(await rig.outbox.thread(thread)).toEqual({
      channel: 'C1',
      root: '1.1',
      slots: { root: '1.1', card: '1.2' },
    });
    expect(await rig.outbox.threadOf('C1', '1.2')).toBe(thread);
    expect(await rig.outbox.threadOf('C2', '1.2')).toBeNull();
    expect(await rig.outbox.counts()).toEqual({ waiting: 1, dead: 0 });
  });

  test('threads with something urgent go first, and a waiting row can become urgent', async () => {
    const quiet = await aThread('C1');
    const late = await aThread('C2');
    const urgent = await aThread('C3');
    await rig.outbox.add([aPost(urgent, 'card', 'urgent'), { ...rootPost(late), urgency: 'urgent' }]);
    const claimed = await rig.outbox.claim(10, 1_000);
    expect(
      claimed
        .map(row => row.post.thread)
        .slice(0, 2)
        .sort(),
    ).toEqual([urgent, late].sort());
    expect(claimed.at(-1)?.post.thread).toBe(quiet);
  });

  test('one row of a channel at a time', async () => {
    for (let threads = 0; threads < 3; threads += 1) await aThread('C1');
    await aThread('C2');
    expect(await rig.outbox.claim(10, 1_000)).toHaveLength(2);
    expect(await rig.outbox.claim(10, 1_000)).toHaveLength(1);
    expect(await rig.outbox.claim(10, 1_000)).toHaveLength(1);
    expect(await rig.outbox.claim(10, 1_000)).toEqual([]);
  });
});

describe('coalescing', () => {
  test('a waiting row is replaced by a newer one of its slot; one that is being sent is not', async () => {
    const thread = await aThread();
    await rig.outbox.add([rootPost(thread), rootPost(thread)]);
    const root = await claimOne();
    await rig.outbox.add([rootPost(thread), { ...aPost(thread, 'reply-2'), event: 2 }, rootPost(thread)]);
    expect(await rig.outbox.counts()).toMatchObject({ waiting: 3 });
    await rig.outbox.sent(root, '1.1');
    expect(await sendAll()).toEqual(['root*', 'reply-2']);
  });
});

describe('trouble', () => {
  test('a row whose relay was cut off comes back as ambiguous, under the same id', async () => {
    const thread = await aThread();
    const first = await claimOne();
    await rig.pass(1_001);
    const second = await claimOne();
    expect(second).toMatchObject({ id: first.id, ambiguous: true, attempts: 1 });
    await rig.outbox.sent(first, '1.1');
    await rig.outbox.sent(second, '1.9');
    expect((await rig.outbox.thread(thread))?.root).toBe('1.1');
    expect(await rig.outbox.counts()).toMatchObject({ waiting: 0 });
  });

  test('a row put back waits, and keeps what is known of it', async () => {
    await aThread();
    const first = await claimOne();
    await rig.outbox.retry(first, 5_000, true);
    expect(await rig.outbox.claim(1, 1_000)).toEqual([]);
    await rig.pass(5_001);
    const second = await claimOne();
    expect(second).toMatchObject({ id: first.id, ambiguous: true, attempts: 1 });
    await rig.outbox.retry(first, 60_000, false);
    await rig.outbox.retry(second, 0, false);
    expect(await claimOne()).toMatchObject({ ambiguous: false, attempts: 2 });
  });

  test('a row given up lets the thread go on and is counted', async () => {
    const thread = await aThread();
    await rig.outbox.add([aPost(thread, 'card', 'urgent')]);
    await rig.outbox.dead(await claimOne(), 'invalid "blocks"');
    const card = await claimOne();
    expect(card).toMatchObject({ post: { slot: 'card' }, state: { root: null } });
    await rig.outbox.sent(card, '1.1');
    expect(await rig.outbox.thread(thread)).toMatchObject({ root: '1.1' });
    expect(await rig.outbox.counts()).toEqual({ waiting: 0, dead: 1 });
  });

  test('a held channel waits, others do not; the longest hold counts', async () => {
    await aThread('C1');
    const free = await aThread('C2');
    const now = await rig.store.now();
    await rig.outbox.holdChannel('C1', now + 10_000);
    await rig.outbox.holdChannel('C1', now + 1_000);
    expect((await rig.outbox.claim(5, 60_000)).map(row => row.post.thread)).toEqual([free]);
    await rig.pass(5_000);
    expect(await rig.outbox.claim(5, 60_000)).toEqual([]);
    expect((await rig.store.tick()).readyThreads).toBe(0);
    await rig.pass(5_001);
    expect(await rig.outbox.claim(5, 60_000)).toHaveLength(1);
  });

  test('a moved thread begins anew: root, urgent slots, then what waits', async () => {
    const thread = await aThread();
    await rig.outbox.add([
      aPost(thread, 'card', 'urgent'),
      aPost(thread, 'reply-2'),
      aPost(thread, 'stop-3', 'urgent'),
    ]);
    expect(await sendAll()).toEqual(['root', 'card', 'reply-2', 'stop-3']);
    await rig.outbox.add([aPost(thread, 'verdict'), aPost(thread, 'card', 'urgent')]);
    const inFlight = await claimOne();
    await rig.outbox.move(thread, 'C9');
    await rig.outbox.sent(inFlight, '9.9');
    expect(await rig.outbox.thread(thread)).toEqual({ channel: 'C9', root: null, slots: {} });
    expect(await sendAll()).toEqual(['root', 'card', 'stop-3', 'verdict']);
    expect((await rig.outbox.thread(thread))?.channel).toBe('C9');
  });
});

test('a row for an unknown thread is an error and adds nothing', async () => {
  const thread = await aThread();
  await expect(rig.outbox.add([aPost(thread, 'card'), aPost('nowhere', 'card')])).rejects.toThrow('unknown thread');
  expect(await rig.outbox.counts()).toEqual({ waiting: 1, dead: 0 });
});

test('posts come with the change that caused them, or not at all', async () => {
  const thread = await aThread();
  const posts = [aPost(thread, 'card', 'urgent')];
  await rig.store.change(thread, { version: 9 }, { events: [events.stopAsked], posts });
  expect(await rig.outbox.counts()).toMatchObject({ waiting: 1 });
  await rig.store.change(thread, { version: 1 }, { events: [events.stopAsked], posts });
  expect(await rig.outbox.counts()).toMatchObject({ waiting: 2 });
});
