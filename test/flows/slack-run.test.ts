import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Reply } from '../fakes/slack/requests.ts';
import { type Flow, startFlow } from './backout.ts';

let flow: Flow;

beforeAll(async () => {
  flow = await startFlow(['shop', 'cart', 'pay', 'mail', 'search', 'stock']);
});
afterAll(() => flow.close());

const told = async (reply: Reply): Promise<string> =>
  String((await flow.slack.eventually('an answer to the person', () => reply.responses()[0])).text);
const verified = (name: string) => flow.shown(name, 'the verified end', message => /VERIFIED/.test(message.text));
const roots = async (name: string) =>
  (await flow.slack.messages(name)).filter(message => !message.thread_ts || message.thread_ts === message.ts);

describe('one rollback in Slack', { timeout: 60_000 }, () => {
  it('case 3: decided by those who may and nobody else, run, verified and recorded in one thread', async () => {
    const { slack, url } = flow;
    const card = await flow.card('shop');
    const [root] = await slack.messages('shop');
    expect(card.thread_ts).toBe(root?.ts);
    expect(card.text).toContain(`<!subteam^${slack.group('sre-oncall')}`);
    for (const name of ['mara', 'eve'])
      expect(await told(await slack.click(url, name, card, 'run-approve'))).toBeTruthy();
    expect(flow.done('shop')).toBe(false);
    await slack.click(url, 'jon', card, 'run-approve');
    expect((await verified('shop')).ts).toBe(root?.ts);
    expect(flow.done('shop')).toBe(true);
    await flow.shown('shop', 'the record', message => message.files !== undefined);
    expect(await told(await slack.click(url, 'jon', card, 'run-approve'))).toBeTruthy();
    expect(await roots('shop')).toHaveLength(1);
    expect(slack.calls().filter(call => call.outcome === 'invalid_blocks')).toEqual([]);
    expect(flow.log.lines.filter(line => line.level === 'error')).toEqual([]);
  });

  it('case 1: a double click and two approvers at once make one run', async () => {
    const { slack, url } = flow;
    const card = await flow.card('cart');
    const clickers = ['jon', 'jon', 'lee', 'jon', 'lee'];
    const replies = await Promise.all(clickers.map(name => slack.click(url, name, card, 'run-approve')));
    expect(replies.map(reply => reply.status)).toEqual(clickers.map(() => 200));
    await verified('cart');
    const answers = await Promise.all(replies.map(told));
    expect(answers.filter(text => text.startsWith('Your approval counts.'))).toHaveLength(1);
    expect(answers.filter(text => text.startsWith('Already approved by @'))).toHaveLength(clickers.length - 1);
    expect(
      (await slack.messages('cart')).filter(message => /VERIFIED/.test(message.text) && !message.thread_ts),
    ).toHaveLength(1);
  });

  it('case 2: of an approval and a rejection the first counts, the other is told', async () => {
    const { slack, url } = flow;
    const card = await flow.card('pay');
    await slack.click(url, 'lee', card, 'run-reject');
    const form = await slack.eventually(
      'the form',
      () => slack.workspace.views.some(view => view.callback_id === 'reject') && slack.view('lee'),
    );
    const [approved, rejected] = await Promise.all([
      slack.click(url, 'jon', card, 'run-approve'),
      slack.submit(url, 'lee', form, { reason: 'the cause is elsewhere' }),
    ]);
    expect([approved.status, rejected.status]).toEqual([200, 200]);
    const end = await flow.shown(
      'pay',
      'an end',
      message => !message.thread_ts && /VERIFIED|REJECTED/.test(message.text),
    );
    expect(flow.done('pay')).toBe(/VERIFIED/.test(end.text));
  });

  it('case 4: an approver who left the group after the card was posted is refused', async () => {
    const { slack, url } = flow;
    const card = await flow.card('mail');
    slack.setGroup('sre-oncall', ['jon']);
    const youngest = Date.now() + 3100;
    await slack.eventually('the age at which membership is asked for again', () => Date.now() > youngest);
    expect(await told(await slack.click(url, 'lee', card, 'run-approve'))).toMatch(/^Not (counted|done)/);
    expect((await roots('mail'))[0]?.text).toMatch(/WAITING/);
    expect(flow.done('mail')).toBe(false);
    slack.setGroup('sre-oncall', ['jon', 'lee']);
  });

  it('case 9: Slack away from the click on stops no rollback, and what waited follows in order', async () => {
    const { slack, url } = flow;
    const card = await flow.card('search');
    const triggerId = await slack.triggerId('jon');
    await slack.command(url, 'jon', 'ops', 'status');
    await slack.outage(true);
    await slack.click(url, 'jon', card, 'run-approve', { triggerId });
    await slack.eventually('the effect, with Slack away', () => flow.done('search'), 20_000);
    await slack.outage(false);
    const end = await verified('search');
    expect((await roots('search')).map(message => message.ts)).toEqual([end.ts]);
  });

  it('case 8: with Redis away a command is answered within 3 s, nothing is begun, and it works again afterwards', async () => {
    const { slack, url } = flow;
    flow.redis.pause();
    const reply = await slack.command(url, 'mara', 'ops', 'stock in production because payments fail');
    flow.redis.resume();
    expect(reply.status).toBe(200);
    expect(reply.ms).toBeLessThan(3000);
    expect(String(reply.json.text)).not.toBe('');
    await slack.eventually('an answer as before', async () =>
      String((await slack.command(url, 'mara', 'ops', 'help')).json.text).includes('/rollback'),
    );
    expect(await slack.messages('stock')).toEqual([]);
  });

  it('opens the form, asks for the service as somebody types, and keeps errors in it', async () => {
    const { slack, url } = flow;
    await slack.command(url, 'mara', 'ops', '');
    const view = await slack.eventually('the form', () =>
      slack.workspace.views.findLast(one => one.callback_id === 'request'),
    );
    expect(JSON.stringify((await slack.suggest(url, 'mara', view, 'select-service', 'sto')).json)).toContain('stock');
    const short = await slack.submit(url, 'mara', view, { service: 'stock', reason: null });
    expect(short.json).toMatchObject({ response_action: 'errors' });
  });
});
