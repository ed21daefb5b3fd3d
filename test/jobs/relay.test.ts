import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DeliverDeps, deliverRow } from '../../jobs/deliver.ts';
import { createPacing } from '../../jobs/pacing.ts';
import { createRelay, type Relay } from '../../jobs/relay.ts';
import { createClients } from '../../src/adapters/slack/clients.ts';
import { createNotifier } from '../../src/adapters/slack/notifier.ts';
import type { RunId } from '../../src/domain/ids.ts';
import { cardPost, type Post, recordPost, replyPost, rootPost, verdictPost } from '../../src/domain/post.ts';
import { Refusal, reason } from '../../src/domain/reason.ts';
import type { Screen } from '../../src/domain/screen.ts';
import type { Notifier } from '../../src/ports/notifier.ts';
import { type KeptLog, keptLog } from '../adapters/slack/door.ts';
import { useRig } from '../engine/rig.ts';
import { aRequest, aRun, newId } from '../engine/sample.ts';
import type { Fault } from '../fakes/slack/faults.ts';
import { type SlackRig, startSlackRig } from '../fakes/slack/rig.ts';
import type { RigMessage } from '../fakes/slack/workspace.ts';

const rig = useRig();
let slack: SlackRig;
let log: KeptLog;
let notifier: Notifier;
let relays: Relay[] = [];
/** What each slot says now, where a test sets it; else the slot's name. */
const words = new Map<string, Screen | null>();

beforeAll(async () => {
  const channels = [
    'ops',
    'team',
    'other',
    'doomed',
    'kicked',
    'flow-1',
    'flow-2',
    'flow-3',
    'flow-4',
    'flow-5',
    'flow-6',
  ];
  slack = await startSlackRig({ users: ['mara'], channels });
});
afterAll(() => slack.close());
beforeEach(async () => {
  log = keptLog();
  notifier = createNotifier({
    clients: await createClients({ botToken: slack.bot.token, apiUrl: slack.apiUrl }, log),
    log,
  });
});
afterEach(async () => {
  slack.faults.clear();
  await Promise.all(relays.map(relay => relay.stop()));
  relays = [];
  words.clear();
});

function deliverDeps(render: DeliverDeps['render']): DeliverDeps {
  const opsChannel = async () => slack.channel('ops');
  const pacing = createPacing({ now: () => Date.now() });
  return { outbox: rig.outbox, notifier, runs: rig.store, pacing, log, render, opsChannel };
}

function startRelay(): Relay {
  const relay = createRelay(
    deliverDeps(
      async post =>
        words.get(post.slot) ?? (words.has(post.slot) ? null : { text: `${post.thread} ${post.slot}`, blocks: [] }),
    ),
  );
  relays.push(relay);
  return relay;
}

/** A run whose thread stands in a channel, with its first posts waiting. */
async function thread(channel: string, posts: (run: RunId) => Post[]): Promise<RunId> {
  const id = newId();
  const target = `svc-${id}/production` as ReturnType<typeof aRequest>['target'];
  const request = aRequest({ channel: slack.channel(channel), target });
  expect(await rig.store.create(aRun({ id, request, posts: posts(id) }))).toMatchObject({ kind: 'created' });
  return id;
}

const slotOf = (message: RigMessage): string => message.text.split(' ')[1] ?? '';
const of = async (channel: string, run: RunId) =>
  (await slack.messages(channel)).filter(one => one.text.startsWith(run));
const drained = (within = 30_000) =>
  slack.eventually('an empty outbox', async () => (await rig.outbox.counts()).waiting === 0, within);

/** The posts of a whole run, in order. */
const wholeRun = (run: RunId): Post[] => [
  rootPost(run),
  cardPost(run),
  ...[3, 4, 5].map(event => replyPost(run, event, 'executed')),
  verdictPost(run),
  recordPost(run),
];
const wholeOrder = ['root', 'card', 'reply-3-executed', 'reply-4-executed', 'reply-5-executed', 'verdict', 'record'];

describe('the relay', () => {
  it('posts the root first and the rest below it, in order, each once', async () => {
    const run = await thread('team', wholeRun);
    startRelay().ring();
    await drained();
    const posted = await of('team', run);
    expect(posted.map(slotOf)).toEqual(wholeOrder);
    const [root, ...below] = posted;
    expect(new Set(below.map(one => one.thread_ts))).toEqual(new Set([root?.ts]));
    expect(await rig.outbox.threadOf(slack.channel('team'), String(posted[1]?.ts))).toBe(run);
  });

  it('edits a slot that stands, and coalesces what changes faster than people read', async () => {
    const run = await thread('team', id => [rootPost(id)]);
    const relay = startRelay();
    relay.ring();
    await drained();
    const before = slack.calls('chat.update').length;
    for (let turn = 1; turn <= 30; turn += 1) {
      words.set('root', { text: `${run} root turn ${turn}`, blocks: [] });
      await rig.outbox.add([rootPost(run)]);
      relay.ring();
    }
    await drained();
    expect((await of('team', run)).map(one => one.text)).toEqual([`${run} root turn 30`]);
    expect(slack.calls('chat.update').length - before).toBeLessThan(8);
  });

  it('two of them share the work without doubles', async () => {
    const runs = await Promise.all(['team', 'other', 'ops'].map(channel => thread(channel, wholeRun)));
    const both = [startRelay(), startRelay()];
    for (const relay of both) relay.ring();
    await drained();
    for (const [index, channel] of ['team', 'other', 'ops'].entries()) {
      expect((await of(channel, runs[index] as RunId)).map(slotOf)).toEqual(wholeOrder);
    }
  });

  it('gives up what has nothing to say, and the thread goes on', async () => {
    words.set('reply-4-executed', null);
    const run = await thread('other', wholeRun);
    startRelay().ring();
    await drained();
    expect((await of('other', run)).map(slotOf)).toEqual(wholeOrder.filter(slot => slot !== 'reply-4-executed'));
    expect((await rig.outbox.counts()).dead).toBe(1);
  });

  it('takes over a row whose relay died after Slack took it: found, not sent twice', async () => {
    const run = await thread('other', id => [rootPost(id), cardPost(id)]);
    const [claimed] = await rig.outbox.claim(1, 20_000);
    if (!claimed) throw new Error('nothing was claimed');
    const screen = { text: `${run} root`, blocks: [] };
    await notifier.post({ channel: slack.channel('other'), thread: null, id: claimed.id, screen });
    await rig.pass(21_000);
    startRelay().ring();
    await drained();
    expect((await of('other', run)).map(slotOf)).toEqual(['root', 'card']);
  });
});

describe('a message that cannot be drawn', () => {
  it.each([
    ['because the store is away waits, however often it was tried', new Refusal(reason('not-confirmed')), 0],
    ['at the last of many attempts is given up', new Error('no such check'), 1],
  ] as const)('%s', async (_, failure, dead) => {
    const run = await thread('team', id => [rootPost(id)]);
    const row = (await rig.outbox.claim(50, 1_000)).find(({ post }) => post.thread === run);
    if (!row) throw new Error('nothing to deliver');
    const before = (await rig.outbox.counts()).dead;
    const left = await deliverRow(
      deliverDeps(() => Promise.reject(failure)),
      { ...row, attempts: 50 },
    );
    expect([(await rig.outbox.counts()).dead - before, left.againInMs === null]).toEqual([dead, dead === 1]);
  });
});

describe('Slack failing for a whole run: none lost, none twice, in order', () => {
  const kinds: [string, Fault][] = [
    ['flow-1', { kind: 'status', status: 500 }],
    ['flow-2', { kind: 'rate-limit', retryAfter: 1 }],
    ['flow-3', { kind: 'drop-after' }],
    ['flow-4', { kind: 'drop-before' }],
    ['flow-5', { kind: 'html' }],
  ];

  it('answering 500, 429 or HTML, cutting before or after it took the message', { timeout: 90_000 }, async () => {
    for (const [channel, fault] of kinds) {
      // An odd round of calls, so that each method is hit in turn, the look for an earlier attempt among them.
      const round = [true, false, true, false, false, true, false];
      let calls = 0;
      const matches = (args: Record<string, unknown>) =>
        args.channel === slack.channel(channel) && round[calls++ % round.length] === true;
      slack.faults.add('*', fault, { matches });
    }
    const runs = await Promise.all(kinds.map(([channel]) => thread(channel, wholeRun)));
    startRelay().ring();
    await drained(80_000);
    slack.faults.clear();
    for (const [index, [channel, fault]] of kinds.entries()) {
      const calls = slack.calls().filter(call => call.args.channel === slack.channel(channel));
      expect(calls.filter(call => call.outcome === `fault:${fault.kind}`).length).toBeGreaterThan(2);
      expect((await of(channel, runs[index] as RunId)).map(slotOf)).toEqual(wholeOrder);
    }
    expect((await rig.outbox.counts()).dead).toBe(0);
  });

  it('hanging before and after it took the message', { timeout: 90_000 }, async () => {
    slack.faults.add('chat.postMessage', { kind: 'hang' }, { times: 1 });
    slack.faults.add('chat.postMessage', { kind: 'hang-after' }, { times: 1 });
    const run = await thread('flow-6', wholeRun);
    startRelay().ring();
    await drained(60_000);
    expect((await of('flow-6', run)).map(slotOf)).toEqual(wholeOrder);
  });

  it('case 9: away, then back: what waited follows in order', { timeout: 60_000 }, async () => {
    await slack.outage(true);
    const run = await thread('flow-6', id => [rootPost(id), cardPost(id)]);
    const relay = startRelay();
    relay.ring();
    await slack.eventually('a failed attempt', () => log.lines.some(line => line.message.includes('did not arrive')));
    await rig.outbox.add([replyPost(run, 3, 'executed'), verdictPost(run)]);
    await slack.outage(false);
    await drained();
    expect((await of('flow-6', run)).map(slotOf)).toEqual(['root', 'card', 'reply-3-executed', 'verdict']);
  });
});

describe('case 10: a throttled channel', () => {
  it('holds up its own threads only', async () => {
    slack.faults.add(
      'chat.postMessage',
      { kind: 'rate-limit', retryAfter: 3 },
      { times: 1, matches: args => args.channel === slack.channel('team') },
    );
    const slow = await thread('team', id => [rootPost(id)]);
    const relay = startRelay();
    relay.ring();
    await slack.eventually('the refusal', () =>
      slack.calls('chat.postMessage').some(call => call.outcome === 'fault:rate-limit'),
    );
    const began = Date.now();
    const quick = await thread('other', id => [rootPost(id), cardPost(id)]);
    relay.ring();
    await slack.eventually('the other thread', async () => (await of('other', quick)).length === 2);
    expect(Date.now() - began).toBeLessThan(2500);
    expect(await of('team', slow)).toEqual([]);
    await drained();
    expect(await of('team', slow)).toHaveLength(1);
  });

  it('lets cards go before the progress of other threads', async () => {
    const relay = startRelay();
    const busy = await Promise.all(Array.from({ length: 8 }, () => thread('team', id => [rootPost(id)])));
    relay.ring();
    const urgent = await thread('team', id => [rootPost(id, 'urgent'), cardPost(id)]);
    relay.ring();
    await drained();
    const all = (await slack.messages('team')).filter(one => [urgent, ...busy].some(run => one.text.startsWith(run)));
    expect(all).toHaveLength(10);
    const card = all.findIndex(one => one.text === `${urgent} card`);
    expect(card).toBeLessThan(9);
  });
});

describe('threads that begin anew', () => {
  const logOf = async (run: RunId) => (await rig.store.read(run))?.events.map(event => event.kind) ?? [];

  it('case 14: goes on in the ops channel when the bot is not in its own', async () => {
    slack.kickBot('kicked');
    const run = await thread('kicked', id => [rootPost(id), cardPost(id)]);
    startRelay().ring();
    await drained();
    expect((await of('ops', run)).map(slotOf)).toEqual(['root', 'card']);
    expect(await logOf(run)).toEqual(['requested', 'thread-moved']);
    expect(await rig.outbox.thread(run)).toMatchObject({ channel: slack.channel('ops') });
  });

  it('case 15: goes on in the ops channel when its own is archived in the middle', async () => {
    const run = await thread('doomed', id => [rootPost(id), cardPost(id)]);
    const relay = startRelay();
    relay.ring();
    await drained();
    await slack.setChannel('doomed', { is_archived: true });
    await rig.outbox.add([rootPost(run)]);
    relay.ring();
    await drained();
    expect((await of('ops', run)).map(slotOf)).toEqual(['root', 'card']);
  });

  it('case 16: a deleted root is posted anew once, with its card', async () => {
    const run = await thread('team', id => [rootPost(id), cardPost(id), replyPost(id, 3, 'executed')]);
    const relay = startRelay();
    relay.ring();
    await drained();
    const [root] = await of('team', run);
    await slack.deleteMessage('team', String(root?.ts));
    await rig.outbox.add([rootPost(run), verdictPost(run)]);
    relay.ring();
    await drained();
    const state = await rig.outbox.thread(run);
    const anew = (await of('team', run)).filter(one => one.ts === state?.root || one.thread_ts === state?.root);
    expect(anew.map(slotOf)).toEqual(['root', 'card', 'verdict']);
    expect(await logOf(run)).toEqual(['requested', 'thread-moved']);
  });

  it('a deleted card is posted anew below the same root, a deleted reply stays deleted', async () => {
    const run = await thread('team', id => [rootPost(id), cardPost(id), replyPost(id, 3, 'executed')]);
    const relay = startRelay();
    relay.ring();
    await drained();
    const [root, card, reply] = await of('team', run);
    for (const gone of [card, reply]) await slack.deleteMessage('team', String(gone?.ts));
    await rig.outbox.add([cardPost(run), replyPost(run, 3, 'executed')]);
    relay.ring();
    await drained();
    expect((await of('team', run)).map(slotOf)).toEqual(['root', 'card']);
    expect((await rig.outbox.thread(run))?.root).toBe(root?.ts);
  });

  it('waits where the ops channel does not take it either: nothing is lost', async () => {
    await slack.setChannel('ops', { postError: 'restricted_action' });
    const run = await thread('kicked', id => [rootPost(id)]);
    startRelay().ring();
    await slack.eventually('the complaint', () => log.lines.some(line => line.message.startsWith('No channel takes')));
    await slack.workspace.channelTraits.delete(slack.channel('ops'));
    expect(await rig.outbox.counts()).toEqual({ waiting: 1, dead: 0 });
    await rig.pass(61_000);
    startRelay().ring();
    await drained();
    expect((await of('ops', run)).map(slotOf)).toEqual(['root']);
  });
});
