import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Routes } from '../../src/ports/inbound.ts';
import { type ServedApp, serveApp } from '../adapters/slack/door.ts';
import { blockProblems, type Json } from '../fakes/slack/block-rules.ts';
import { cardValue, type Door, openDoor } from './door.ts';

let door: Door;
let app: ServedApp;

beforeAll(async () => {
  door = await openDoor();
  app = await serveApp(door.slack, inTime(door.routes));
});
afterAll(async () => {
  await app.close();
  await door.close();
});
beforeEach(() => door.reset());

/** The routes as Slack reaches them, with deadlines by the tests' clock. */
function inTime(routes: Routes) {
  const late = <Act extends { answerBy: number }>(act: Act): Act => ({
    ...act,
    answerBy: door.deps.clock.now() + 2_500,
  });
  const each = <Act extends { answerBy: number }, To>(table: Readonly<Record<string, (act: Act) => To>>) =>
    Object.fromEntries(Object.entries(table).map(([id, handle]) => [id, (act: Act) => handle(late(act))]));
  return {
    command: (typed: Parameters<Routes['command']>[0]) => routes.command(late(typed)),
    actions: each(routes.actions),
    forms: each(routes.forms),
    options: routes.options,
    failed: routes.failed,
  };
}

const rules = { surface: 'message', refused: new Set<string>() } as const;
const type = (who: string, text: string) => door.slack.command(app.url, who, 'checkout', text);
const said = (reply: { json: Json }) => ({
  ts: '1700000000.000200',
  channel: door.slack.channel('checkout'),
  ...reply.json,
});

describe('through the real Slack app', () => {
  it.each([
    'status',
    'history',
    'help',
    'help operator',
    'doctor',
    'candidates cart-web',
    'show R-0000',
    'chekout because abc',
    'cart-web level 9 --foo because x',
    '回滚 订单服务 级别 9',
    'freeze checkout-api because abc',
  ])('%s is answered in the ack with blocks that Slack takes', async text => {
    const reply = await type('mara', text);
    expect(reply.status).toBe(200);
    expect(reply.json.text).toBeTruthy();
    expect(blockProblems(reply.json.blocks ?? [], rules)).toEqual([]);
  });

  it('the form opens, is drawn anew, refuses a short reason, and asks', async () => {
    const before = door.slack.calls('views.open').length;
    await type('mara', 'checkout-api');
    await door.slack.eventually('the form', () => door.slack.calls('views.open')[before]?.outcome === 'ok');
    const view = door.slack.view('mara');
    await door.slack.click(app.url, 'mara', view, 'select-environment', { pick: 'staging' });
    await door.slack.eventually('the form drawn anew', () =>
      JSON.stringify(door.slack.view('mara').private_metadata).includes('staging'),
    );
    const open = door.slack.view('mara');
    const short = await door.slack.submit(app.url, 'mara', open, { environment: 'staging', reason: 'x' });
    expect(short.json).toMatchObject({ response_action: 'errors', errors: { reason: expect.any(String) } });
    const level = { environment: 'staging', level: '2', reason: 'payments fail' };
    const sent = await door.slack.submit(app.url, 'mara', open, level);
    expect(JSON.stringify(sent.json)).toContain('is taken');
    expect(await door.runs()).toMatchObject([{ request: { target: 'checkout-api/staging', level: 2 } }]);
  });

  it('a second request is shown the first, and its buttons work', async () => {
    await type('jon', 'cart-web level 2 because payments fail');
    const reply = await type('mara', 'cart-web level 2 because “the same & more”');
    expect(blockProblems(reply.json.blocks, rules)).toEqual([]);
    const shown = said(reply);
    const told = await door.slack.click(app.url, 'mara', shown, 'run-notify');
    await door.slack.eventually('the answer', () => JSON.stringify(told.responses()).includes('You will be told'));
    const open = await door.slack.click(app.url, 'mara', shown, 'run-open');
    await door.slack.eventually('the run', () => JSON.stringify(open.responses()).includes('PLANNING'));
    const before = door.slack.calls('views.open').length;
    await door.slack.click(app.url, 'mara', shown, 'run-replace');
    await door.slack.eventually('the form', () => door.slack.calls('views.open')[before]?.outcome === 'ok');
    expect(JSON.stringify(door.slack.view('mara').blocks)).toContain('the same & more');
  });

  it('a rejection asks for its reason in a form, and a refused click is told to the clicker alone', async () => {
    await type('mara', 'cart-web level 2 because payments fail');
    const [created] = await door.runs();
    if (!created) throw new Error('no run');
    const run = await door.ask(created.id);
    const button = (action_id: string) => ({
      type: 'button',
      action_id,
      text: { type: 'plain_text', text: 'x' },
      value: cardValue(run),
    });
    const blocks = [{ type: 'actions', elements: ['run-approve', 'run-reject', 'run-diff'].map(button) }];
    const card = { ts: '1700000000.000300', channel: door.slack.channel('checkout'), blocks };
    const refused = await door.slack.click(app.url, 'mara', card, 'run-approve');
    await door.slack.eventually('why not', () => JSON.stringify(refused.responses()).includes('you asked for this'));
    expect(refused.responses()[0]).toMatchObject({ response_type: 'ephemeral' });
    const diff = await door.slack.click(app.url, 'lee', card, 'run-diff');
    await door.slack.eventually('the diff', () => JSON.stringify(diff.responses()).includes('+b'));
    const before = door.slack.calls('views.open').length;
    await door.slack.click(app.url, 'jon', card, 'run-reject');
    const form = await door.slack.eventually(
      'the form',
      () => door.slack.calls('views.open')[before]?.outcome === 'ok' && door.slack.view('jon'),
    );
    await door.slack.submit(app.url, 'jon', form, { reason: 'not tonight' });
    const rejected = { status: 'rejected', approval: { votes: [{ reason: 'not tonight' }] } };
    await vi.waitFor(async () => expect(await door.run(run.id)).toMatchObject(rejected));
  });

  it('a mention in a thread is answered there, with a button that opens the form', async () => {
    await door.slack.mention(app.url, 'mara', 'checkout', 'checkout-api because payments fail', {
      threadTs: '1700000000.000400',
    });
    const shown = await door.slack.eventually('the answer', () =>
      door.slack.ephemerals('mara').find(one => JSON.stringify(one).includes('form-open')),
    );
    expect(JSON.stringify(shown)).toMatch(/environment/);
  });
});
