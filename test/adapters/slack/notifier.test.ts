import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createClients } from '../../../src/adapters/slack/clients.ts';
import { createNotifier, metadataType } from '../../../src/adapters/slack/notifier.ts';
import type { Notifier } from '../../../src/ports/notifier.ts';
import { type SlackRig, startSlackRig } from '../../fakes/slack/rig.ts';
import { type KeptLog, keptLog, screen } from './door.ts';

let slack: SlackRig;
let notifier: Notifier;
let log: KeptLog;
let ops: string;

const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
const button = { type: 'button', text: { type: 'plain_text', text: 'Approve' }, action_id: 'approve', value: 'id.1' };
const sent = (delivery: { kind: string; ts?: string }): string => {
  expect(delivery).toMatchObject({ kind: 'sent' });
  return String(delivery.ts);
};
const root = async (id: string): Promise<string> =>
  sent(await notifier.post({ channel: ops, thread: null, id, screen: screen(`root ${id}`) }));
const at = async (ts: string) => (await slack.messages('ops')).find(message => message.ts === ts);
const repliesTo = async (ts: string) =>
  (await slack.messages('ops')).filter(one => one.thread_ts === ts && one.ts !== ts);

beforeAll(async () => {
  slack = await startSlackRig({
    users: ['mara'],
    channels: [
      'ops',
      { name: 'elsewhere', bot: false },
      { name: 'old', is_archived: true },
      'read-only',
      'archived-later',
    ],
  });
  log = keptLog();
  notifier = createNotifier({
    clients: await createClients({ botToken: slack.bot.token, apiUrl: slack.apiUrl }, log),
    log,
  });
  ops = slack.channel('ops');
});
afterAll(() => slack.close());
afterEach(() => {
  slack.faults.clear();
  slack.workspace.refusedBlocks.clear();
  slack.workspace.deletedParent = 'refuse';
});

describe('posting and editing', () => {
  it('puts the row id into the metadata of post and edit alike', async () => {
    const ts = await root('m1');
    const reply = await notifier.post({
      channel: ops,
      thread: ts,
      id: 'm2',
      screen: screen('card', [section('card')]),
    });
    expect(await at(sent(reply))).toMatchObject({
      thread_ts: ts,
      metadata: { event_type: metadataType, event_payload: { id: 'm2' } },
    });
    sent(await notifier.edit({ channel: ops, ts, id: 'm1', screen: screen('root, edited', [section('edited')]) }));
    const edited = await at(ts);
    expect(edited).toMatchObject({ text: 'root, edited', metadata: { event_payload: { id: 'm1' } } });
    expect(edited?.blocks).toHaveLength(1);
  });

  it('an edit without blocks removes the old ones', async () => {
    const ts = sent(await notifier.post({ channel: ops, thread: null, id: 'b', screen: screen('x', [section('x')]) }));
    sent(await notifier.edit({ channel: ops, ts, id: 'b', screen: screen('only text') }));
    expect((await at(ts))?.blocks ?? []).toEqual([]);
  });

  it('whispers to one person, and lets a failure be', async () => {
    await notifier.whisper({ channel: ops, user: slack.user('mara'), screen: screen('psst') });
    expect(slack.ephemerals('mara').at(-1)?.text).toBe('psst');
    await notifier.whisper({ channel: 'C0NOWHERE', user: slack.user('mara'), screen: screen('psst') });
  });
});

describe('case 11: an ambiguous post', () => {
  it.each([{ kind: 'drop-after' }, { kind: 'hang-after' }] as const)(
    'after %o is found by its metadata',
    async fault => {
      const thread = await root(`for ${fault.kind}`);
      slack.faults.add('chat.postMessage', fault, { times: 1 });
      const id = `m-${fault.kind}`;
      const delivery = await notifier.post({ channel: ops, thread, id, screen: screen('card') });
      expect(delivery.kind).toBe('ambiguous');
      const found = await notifier.probe({ channel: ops, thread, id });
      expect(await at(String(found?.ts))).toMatchObject({ text: 'card' });
      expect(await notifier.probe({ channel: ops, thread, id: 'never-sent' })).toEqual({ ts: null });
    },
  );

  it('a root is found among the channel’s messages', async () => {
    slack.faults.add('chat.postMessage', { kind: 'drop-after' }, { times: 1 });
    expect((await notifier.post({ channel: ops, thread: null, id: 'r-amb', screen: screen('r') })).kind).toBe(
      'ambiguous',
    );
    expect((await notifier.probe({ channel: ops, thread: null, id: 'r-amb' }))?.ts).toMatch(/^\d+\.\d+$/);
  });

  it('cannot be told while Slack is away, and is not guessed', async () => {
    await slack.outage(true);
    expect(await notifier.probe({ channel: ops, thread: null, id: 'x' })).toBeNull();
    expect(await notifier.post({ channel: ops, thread: null, id: 'x', screen: screen('x') })).toMatchObject({
      kind: 'failed',
    });
    await slack.outage(false);
  });
});

describe('case 10: 429', () => {
  it('is told at once with its time, for the channel of a post and the method of an edit', async () => {
    const ts = await root('throttled');
    slack.faults.add('chat.postMessage', { kind: 'rate-limit', retryAfter: 9 }, { times: 1 });
    const began = Date.now();
    const post = await notifier.post({ channel: ops, thread: ts, id: 'x', screen: screen('x') });
    expect(post).toEqual({ kind: 'later', afterMs: 9000, scope: 'channel' });
    slack.faults.add('chat.update', { kind: 'rate-limit' }, { times: 1 });
    const edit = await notifier.edit({ channel: ops, ts, id: 'x', screen: screen('x') });
    expect(edit).toEqual({ kind: 'later', afterMs: 30_000, scope: 'method' });
    expect(Date.now() - began).toBeLessThan(2000);
  });
});

describe('case 12: too long', () => {
  it('is cut with a mark and the full text goes along as a file', async () => {
    const text = `start ${'x'.repeat(12_000)} end`;
    const ts = sent(await notifier.post({ channel: ops, thread: null, id: 'long', screen: screen(text) }));
    expect((await at(ts))?.text).toMatch(/^start x+…$/);
    const [file] = await repliesTo(ts);
    expect(file?.files?.[0]).toMatchObject({ name: 'message.txt', size: text.length });
    sent(await notifier.edit({ channel: ops, ts, id: 'long', screen: screen(text) }));
    expect(await repliesTo(ts)).toHaveLength(1);
  });

  it('more than 50 blocks are cut to 50', async () => {
    const blocks = Array.from({ length: 60 }, (_, index) => section(`block ${index}`));
    const ts = sent(await notifier.post({ channel: ops, thread: null, id: 'many', screen: screen('many', blocks) }));
    expect((await at(ts))?.blocks).toHaveLength(50);
  });

  it('a screen’s own file goes into the thread, once', async () => {
    const thread = await root('with record');
    const record = { ...screen('record'), file: { name: 'R-4K7Q.md', content: '# Record' } };
    slack.faults.add('files.completeUploadExternal', { kind: 'status', status: 500 }, { times: 1 });
    const first = await notifier.post({ channel: ops, thread, id: 'rec', screen: record });
    expect(first).toMatchObject({ kind: 'ambiguous' });
    const found = await notifier.probe({ channel: ops, thread, id: 'rec' });
    const again = { channel: ops, thread, ts: String(found?.ts), id: 'rec', screen: record };
    sent(await notifier.edit(again));
    sent(await notifier.edit(again));
    const files = (await repliesTo(thread)).flatMap(message => message.files ?? []);
    expect(files).toMatchObject([{ name: 'R-4K7Q.md' }]);
  });
});

describe('case 13: invalid_blocks', () => {
  const drawn = screen('plain words', [{ type: 'alert', text: { type: 'mrkdwn', text: 'new' } }, section('classic')]);

  it('is sent with classic blocks where new ones are not known', async () => {
    slack.workspace.refusedBlocks.add('alert');
    const ts = sent(await notifier.post({ channel: ops, thread: null, id: 'c', screen: drawn }));
    expect((await at(ts))?.blocks?.map(block => block.type)).toEqual(['section']);
  });

  it('is sent as text where the blocks are bad, logged once', async () => {
    const bad = screen('plain words', [section('x'.repeat(3001)), { type: 'actions', elements: [button, button] }]);
    const before = log.lines.filter(line => line.level === 'error').length;
    const ts = sent(await notifier.post({ channel: ops, thread: null, id: 'p', screen: bad }));
    const posted = await at(ts);
    expect(posted).toMatchObject({ text: 'plain words' });
    expect(posted).not.toHaveProperty('blocks');
    expect(log.lines.filter(line => line.level === 'error')).toHaveLength(before + 1);
    sent(await notifier.edit({ channel: ops, ts, id: 'p', screen: bad }));
  });
});

describe('cases 14, 15, 17: a channel that does not take it', () => {
  it.each([
    ['elsewhere', 'not_in_channel'],
    ['old', 'is_archived'],
  ])('%s: %s', async (name, why) => {
    const delivery = await notifier.post({ channel: slack.channel(name), thread: null, id: 'x', screen: screen('x') });
    expect(delivery).toEqual({ kind: 'wrong-channel', why });
  });

  it('names the precise reason of a posting restriction', async () => {
    await slack.setChannel('read-only', { postError: 'restricted_action_read_only_channel' });
    const delivery = await notifier.post({
      channel: slack.channel('read-only'),
      thread: null,
      id: 'x',
      screen: screen('x'),
    });
    expect(delivery).toEqual({ kind: 'wrong-channel', why: 'restricted_action_read_only_channel' });
  });

  it('an edit in a channel archived meanwhile', async () => {
    const channel = slack.channel('archived-later');
    const ts = sent(await notifier.post({ channel, thread: null, id: 'x', screen: screen('x') }));
    await slack.setChannel('archived-later', { is_archived: true });
    expect(await notifier.edit({ channel, ts, id: 'x', screen: screen('y') })).toEqual({
      kind: 'wrong-channel',
      why: 'is_inactive',
    });
  });
});

describe('case 16: a deleted root', () => {
  it('is gone for edits and for replies', async () => {
    const ts = await root('doomed');
    await slack.deleteMessage('ops', ts);
    expect(await notifier.edit({ channel: ops, ts, id: 'doomed', screen: screen('y') })).toEqual({ kind: 'gone' });
    expect(await notifier.post({ channel: ops, thread: ts, id: 'r', screen: screen('y') })).toEqual({ kind: 'gone' });
    expect(await notifier.probe({ channel: ops, thread: ts, id: 'r' })).toEqual({ ts: null });
  });
});
