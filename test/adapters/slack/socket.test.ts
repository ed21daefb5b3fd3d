import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../../fakes/slack/block-rules.ts';
import { socketUrl } from '../../fakes/slack/requests.ts';
import { type SlackRig, startSlackRig } from '../../fakes/slack/rig.ts';
import type { SocketHost } from '../../fakes/slack/socket.ts';
import { type ServedApp, say, serveApp, sharedMemory } from './door.ts';

let slack: SlackRig;
let host: SocketHost;
let served: ServedApp;

beforeAll(async () => {
  slack = await startSlackRig({ users: ['mara'], channels: ['ops'] });
  await slack.outage(true);
  const table = {
    command: async (typed: { text: string }) => say(`heard: ${typed.text}`),
    actions: { approve: async (press: { value: string }) => say(`approved ${press.value}`) },
  };
  served = await serveApp(slack, table, sharedMemory(), 'xapp-rig');
  served.app.start();
  await slack.eventually('a failed attempt to connect', () => served.app.trouble() !== 'not connected yet');
  host = await slack.openSocketMode();
  await slack.outage(false);
  await slack.eventually('the connection', () => host.open() > 0 && served.app.trouble() === null, 20_000);
});
afterAll(async () => {
  await served.close();
  await slack.close();
});

describe('Socket Mode', () => {
  it('serves no HTTP, starts while Slack is away and connects when it is back', () => {
    expect(served.app.listener).toBeNull();
    expect(host.open()).toBe(1);
  });

  it('answers commands and clicks in the ack of their envelope', async () => {
    const reply = await slack.command(socketUrl, 'mara', 'ops', 'status');
    expect(reply.json).toMatchObject({ response_type: 'ephemeral', text: 'heard: status' });
    const element = { type: 'button', action_id: 'approve', text: { type: 'plain_text', text: 'Go' }, value: 'id.1' };
    const card = {
      ts: '1.2',
      channel: slack.channel('ops'),
      text: 'card',
      blocks: [{ type: 'actions', elements: [element] }] as Json[],
    };
    const click = await slack.click(socketUrl, 'mara', card, 'approve');
    expect(await slack.eventually('the answer', () => click.responses()[0])).toMatchObject({ text: 'approved id.1' });
  });

  it('a redelivered envelope runs once', async () => {
    const before = served.came.commands.length;
    const reply = await slack.command(socketUrl, 'mara', 'ops', 'once');
    const again = await reply.again();
    expect(again.json).toEqual({});
    expect(served.came.commands).toHaveLength(before + 1);
  });

  it('says what is wrong while it is cut, and comes back by itself', { timeout: 40_000 }, async () => {
    host.cut();
    await slack.eventually('trouble', () => served.app.trouble() !== null);
    await slack.eventually('the connection', () => host.open() === 1 && served.app.trouble() === null, 30_000);
    const reply = await slack.command(socketUrl, 'mara', 'ops', 'back');
    expect(reply.json.text).toBe('heard: back');
  });
});
