import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ErrorCode, WebClient } from '@slack/web-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SlackRig, startSlackRig } from './rig.ts';

let slack: SlackRig;
let client: WebClient;
let app: Server;
let appUrl: string;
const seen: { body: string; headers: Record<string, unknown> }[] = [];

beforeAll(async () => {
  slack = await startSlackRig({
    users: ['mara', 'jon'],
    channels: ['ops', { name: 'secret', is_private: true }, { name: 'elsewhere', bot: false }],
    groups: { 'sre-oncall': ['jon'] },
  });
  client = new WebClient(slack.bot.token, {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: 1000,
  });
  app = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', chunk => chunks.push(chunk));
    request.on('end', () => {
      seen.push({ body: Buffer.concat(chunks).toString(), headers: request.headers });
      response.end('{"text":"hello"}');
    });
  });
  await new Promise<void>(resolve => app.listen(0, '127.0.0.1', resolve));
  appUrl = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await slack.close();
  app.closeAllConnections();
  await new Promise(resolve => app.close(resolve));
});

const code = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'ok',
    (error: { data?: { error: string }; code: ErrorCode }) => error.data?.error ?? error.code,
  );

describe('the Slack rig', () => {
  it('keeps messages, threads, metadata and edits', async () => {
    const channel = slack.channel('ops');
    const metadata = { event_type: 'backout_message', event_payload: { id: 'm1' } };
    const root = await client.chat.postMessage({ channel, text: 'root', metadata });
    await client.chat.postMessage({ channel, text: 'reply', thread_ts: String(root.ts) });
    await client.chat.update({ channel, ts: String(root.ts), text: 'root, edited', metadata });
    const texts = (await slack.messages('ops')).map(message => message.text);
    expect(texts).toEqual(['root, edited', 'reply']);
    const bare = await client.conversations.replies({ channel, ts: String(root.ts) });
    expect(bare.messages?.[0]).not.toHaveProperty('metadata');
    const full = await client.conversations.replies({ channel, ts: String(root.ts), include_all_metadata: true });
    expect(full.messages?.[0]).toMatchObject({ metadata });
  });

  it('knows groups, people and channels as Slack does', async () => {
    const members = await client.usergroups.users.list({ usergroup: slack.group('sre-oncall') });
    expect(members.users).toEqual([slack.user('jon')]);
    slack.setUser('jon', { deleted: true, locale: 'zh-CN' });
    const info = await client.users.info({ user: slack.user('jon'), include_locale: true });
    expect(info.user).toMatchObject({ deleted: true, locale: 'zh-CN' });
    slack.setUser('jon', { deleted: false });
    const channel = await client.conversations.info({ channel: slack.channel('elsewhere') });
    expect(channel.channel?.is_member).toBe(false);
    expect((await client.auth.test()).response_metadata?.scopes).toContain('usergroups:read');
  });

  const button = (text: string, more: object = {}) => ({
    type: 'button',
    text: { type: 'plain_text', text },
    action_id: 'a',
    ...more,
  });
  const actions = (...elements: object[]) => ({ type: 'actions', elements });
  const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
  const badBlocks: [string, object[]][] = [
    ['51 blocks', Array.from({ length: 51 }, () => ({ type: 'divider' }))],
    ['a section of 3001', [section('x'.repeat(3001))]],
    ['an empty section', [section('')]],
    ['a button value of 2001', [actions(button('ok', { value: 'x'.repeat(2001) }))]],
    ['a button text of 76', [actions(button('x'.repeat(76)))]],
    ['an action id used twice', [actions(button('one'), button('two'))]],
    [
      'a block id used twice',
      [
        { type: 'divider', block_id: 'b' },
        { type: 'divider', block_id: 'b' },
      ],
    ],
    ['an unknown type', [{ type: 'sparkles' }]],
    ['26 elements', [actions(...Array.from({ length: 26 }, (_, index) => button('x', { action_id: `a${index}` })))]],
    ['a bad style', [actions(button('x', { style: 'green' }))]],
  ];
  it.each(badBlocks)('refuses %s', async (_, blocks) => {
    expect(
      await code(client.chat.postMessage({ channel: slack.channel('ops'), text: 'x', blocks: blocks as never })),
    ).toBe('invalid_blocks');
  });

  it('refuses posts where the bot is not, edits that are too long or archived, replies to what is gone', async () => {
    const channel = slack.channel('ops');
    expect(await code(client.chat.postMessage({ channel: slack.channel('elsewhere'), text: 'x' }))).toBe(
      'not_in_channel',
    );
    slack.kickBot('secret');
    expect(await code(client.chat.postMessage({ channel: slack.channel('secret'), text: 'x' }))).toBe(
      'channel_not_found',
    );
    slack.inviteBot('secret');
    const posted = await client.chat.postMessage({ channel: slack.channel('secret'), text: 'x' });
    expect(
      await code(
        client.chat.update({ channel: slack.channel('secret'), ts: String(posted.ts), text: 'x'.repeat(4001) }),
      ),
    ).toBe('msg_too_long');
    await slack.setChannel('secret', { is_archived: true });
    expect(await code(client.chat.update({ channel: slack.channel('secret'), ts: String(posted.ts), text: 'y' }))).toBe(
      'is_inactive',
    );
    expect(await code(client.chat.postMessage({ channel: slack.channel('secret'), text: 'y' }))).toBe('is_archived');
    const root = await client.chat.postMessage({ channel, text: 'to be deleted' });
    await slack.deleteMessage('ops', String(root.ts));
    expect(await code(client.chat.postMessage({ channel, text: 'x', thread_ts: String(root.ts) }))).toBe(
      'thread_not_found',
    );
  });

  const faults: [Parameters<SlackRig['faults']['add']>[1], string, number][] = [
    [{ kind: 'rate-limit', retryAfter: 3 }, 'slack_webapi_rate_limited_error', 0],
    [{ kind: 'status', status: 500 }, 'slack_webapi_http_error', 0],
    [{ kind: 'hang' }, 'slack_webapi_request_error', 0],
    [{ kind: 'drop-before' }, 'slack_webapi_request_error', 0],
    [{ kind: 'drop-after' }, 'slack_webapi_request_error', 1],
    [{ kind: 'hang-after' }, 'slack_webapi_request_error', 1],
    [{ kind: 'error', error: 'ekm_access_denied' }, 'ekm_access_denied', 0],
  ];
  it.each(faults)('can answer with %o', async (fault, want, kept) => {
    const text = `fault ${fault.kind}`;
    slack.faults.add('chat.postMessage', fault, { times: 1 });
    expect(await code(client.chat.postMessage({ channel: slack.channel('ops'), text }))).toBe(want);
    expect((await slack.messages('ops')).filter(message => message.text === text)).toHaveLength(kept);
    expect(await code(client.chat.postMessage({ channel: slack.channel('ops'), text: 'after' }))).toBe('ok');
  });

  it('can be away and come back', async () => {
    await slack.outage(true);
    expect(await code(client.auth.test())).toBe('slack_webapi_request_error');
    await slack.outage(false);
    expect(await code(client.auth.test())).toBe('ok');
  });

  it('opens views by real triggers, once, and uploads files into threads', async () => {
    const trigger_id = await slack.triggerId('mara');
    const view = {
      type: 'modal',
      callback_id: 'form',
      title: { type: 'plain_text', text: 'Form' },
      blocks: [{ type: 'divider' }],
    } as const;
    expect(await code(client.views.open({ trigger_id, view: { ...view, blocks: [...view.blocks] } }))).toBe('ok');
    expect(await code(client.views.open({ trigger_id, view: { ...view, blocks: [...view.blocks] } }))).toBe(
      'exchanged_trigger_id',
    );
    expect(slack.view('mara').callback_id).toBe('form');
    const root = await client.chat.postMessage({ channel: slack.channel('ops'), text: 'with file' });
    await client.filesUploadV2({
      channel_id: slack.channel('ops'),
      thread_ts: String(root.ts),
      content: 'log',
      filename: 'log.txt',
    });
    const shared = (await slack.messages('ops')).find(message => message.files);
    expect(shared?.thread_ts).toBe(root.ts);
  });

  it('acts towards an app with signed requests, and hosts five answers', async () => {
    const reply = await slack.command(appUrl, 'mara', 'ops', 'status');
    expect(reply).toMatchObject({ status: 200, json: { text: 'hello' } });
    const sent = new URLSearchParams(seen.at(-1)?.body);
    expect(sent.get('user_id')).toBe(slack.user('mara'));
    const statuses: number[] = [];
    for (let use = 0; use < 6; use += 1) {
      statuses.push(
        (await fetch(String(sent.get('response_url')), { method: 'POST', body: '{"text":"later"}' })).status,
      );
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200, 404]);
    expect(reply.responses()).toHaveLength(5);
    const message = {
      channel: slack.channel('ops'),
      ts: '1.2',
      text: 'card',
      blocks: [actions(button('Go', { value: 'v1' }))] as never,
    };
    await slack.click(appUrl, 'jon', message, 'a');
    const payload = JSON.parse(String(new URLSearchParams(seen.at(-1)?.body).get('payload')));
    expect(payload).toMatchObject({
      type: 'block_actions',
      user: { id: slack.user('jon') },
      actions: [{ action_id: 'a', value: 'v1' }],
    });
    await expect(slack.click(appUrl, 'jon', message, 'nothing')).rejects.toThrow("No 'nothing' to click");
    await slack.mention(appUrl, 'jon', 'ops', 'status', { retry: { num: 1, reason: 'http_timeout' } });
    expect(seen.at(-1)?.headers['x-slack-retry-num']).toBe('1');
  });
});
