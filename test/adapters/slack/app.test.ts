import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Form, Reply } from '../../../src/ports/inbound.ts';
import type { Json } from '../../fakes/slack/block-rules.ts';
import { type SlackRig, startSlackRig } from '../../fakes/slack/rig.ts';
import { type ServedApp, say, screen, serveApp, sharedMemory, type Table } from './door.ts';

let slack: SlackRig;
let served: ServedApp;

const text = (value: string) => ({ type: 'plain_text', text: value });
const fallback = screen('Open the form here.', [
  { type: 'section', text: text('Open the form here.') },
  { type: 'actions', elements: [{ type: 'button', action_id: 'open-form', text: text('Open'), value: 'v' }] },
]);
const form: Form = {
  id: 'request',
  title: 'Roll back',
  submit: 'Ask',
  close: 'Close',
  metadata: 'm.1',
  blocks: [
    {
      type: 'input',
      block_id: 'reason',
      label: text('Reason'),
      element: { type: 'plain_text_input', action_id: 'reason' },
    },
    {
      type: 'input',
      block_id: 'service',
      label: text('Service'),
      element: { type: 'external_select', action_id: 'services', min_query_length: 0 },
    },
    { type: 'actions', elements: [{ type: 'button', action_id: 'suggest', text: text('Suggest'), value: 'v' }] },
  ],
  fallback,
};
const opensForm = async (): Promise<Reply> => ({ kind: 'form', form });
const card = (actionId: string, thread?: string) => ({
  ts: '1700000000.000100',
  channel: slack.channel('ops'),
  text: 'card',
  ...(thread && { thread_ts: thread }),
  blocks: [
    { type: 'actions', elements: [{ type: 'button', action_id: actionId, text: text('Go'), value: 'id.1' }] },
  ] as Json[],
});

const table: Table = {
  command: async typed => {
    if (typed.text === 'form') return { kind: 'form', form };
    if (typed.text === 'slow') return pause(3500).then(() => say('done in the end'));
    if (typed.text === 'slow form') return pause(3500).then(opensForm);
    if (typed.text === 'throw') throw new Error('redis is away');
    if (typed.text === 'loud') return { kind: 'say', to: 'channel', screen: screen('for all') };
    return say(`heard: ${typed.text}`);
  },
  actions: {
    approve: async press => say(`approved ${press.value}`),
    'open-form': opensForm,
    suggest: async press => ({ kind: 'form', form: { ...form, title: `For ${press.form?.values.reason}` } }),
    nothing: async () => ({ kind: 'nothing' }),
  },
  forms: {
    request: async submission => {
      if (!submission.values.reason) return { kind: 'form-errors', errors: { reason: 'Say why.' } };
      if (submission.values.reason === 'slow') return pause(3500).then(() => say('asked in the end'));
      return say(`asked because ${submission.values.reason}`);
    },
  },
  options: {
    services: async query => ({
      kind: 'options',
      options: Array.from({ length: 300 }, (_, index) => ({ text: `${query.typed}-${index}`, value: `${index}` })),
    }),
  },
};

beforeAll(async () => {
  slack = await startSlackRig({ users: ['mara', 'jon'], channels: ['ops', { name: 'elsewhere', bot: false }] });
});
afterAll(() => slack.close());
beforeEach(async () => {
  served = await serveApp(slack, table);
});
afterEach(async () => {
  slack.faults.clear();
  await served.close();
});

describe('a slash command', () => {
  it('is answered in the ack, to the person alone', async () => {
    const reply = await slack.command(served.url, 'mara', 'ops', 'status');
    expect(reply).toMatchObject({ status: 200, json: { response_type: 'ephemeral', text: 'heard: status' } });
    expect(served.came.commands[0]).toMatchObject({
      visitor: { via: 'slack', user: slack.user('mara'), outside: false },
      channel: slack.channel('ops'),
      thread: null,
      canOpenForm: true,
    });
  });

  it('may answer for all to see', async () => {
    const reply = await slack.command(served.url, 'mara', 'ops', 'loud');
    expect(reply.json.response_type).toBe('in_channel');
  });

  it('opens a form by its trigger', async () => {
    const reply = await slack.command(served.url, 'mara', 'ops', 'form');
    expect(reply).toMatchObject({ status: 200, body: '' });
    const view = await slack.eventually(
      'the form',
      () => slack.calls('views.open').at(-1)?.outcome === 'ok' && slack.view('mara'),
    );
    expect(view).toMatchObject({ callback_id: 'request', private_metadata: 'm.1' });
  });

  it('any command name of ours is answered', async () => {
    const reply = await slack.command(served.url, 'mara', 'ops', 'status', { command: '/backout' });
    expect(reply.json.text).toBe('heard: status');
  });

  it('case 8: is answered with a clear sentence when its handler fails', async () => {
    const reply = await slack.command(served.url, 'mara', 'ops', 'throw');
    expect(reply).toMatchObject({ status: 200, json: { text: 'Not confirmed: redis is away' } });
    const next = await slack.command(served.url, 'mara', 'ops', 'status');
    expect(next.json.text).toBe('heard: status');
  });

  it('case 8: is answered as not confirmed within 3 s when its handler is slow, and told the end later', async () => {
    const reply = await slack.command(served.url, 'mara', 'ops', 'slow');
    expect(reply.status).toBe(200);
    expect(reply.ms).toBeLessThan(3000);
    expect(reply.json.text).toBe('Not confirmed: not-confirmed');
    const later = await slack.eventually('the end', () => reply.responses()[0]);
    expect(later).toMatchObject({ text: 'done in the end', response_type: 'ephemeral', replace_original: false });
  });

  it('has last words when even the sentence for a failure fails', async () => {
    const poor = await serveApp(slack, { ...table, failed: () => Promise.reject(new Error('no words')) });
    const reply = await slack.command(poor.url, 'mara', 'ops', 'throw');
    expect(reply.json.text).toBe('Last words');
    await poor.close();
  });
});

describe('case 7: the request guard', () => {
  const now = () => Math.floor(Date.now() / 1000);
  const refused: [string, () => Parameters<SlackRig['command']>[4]][] = [
    ['an old one', () => ({ timestamp: now() - 310 })],
    ['one from the future', () => ({ timestamp: now() + 65 })],
    ['a far one from the future', () => ({ timestamp: now() + 3600 })],
    ['a forged one', () => ({ secret: 'guessed' })],
    ['one without a signature', () => ({ signature: '' })],
    ['one with half a signature', () => ({ signature: 'v0=00' })],
    ['one without a number for a time', () => ({ timestamp: Number.NaN })],
  ];
  it.each(refused)('answers %s with 401', async (_, options) => {
    const reply = await slack.command(served.url, 'mara', 'ops', 'status', options());
    expect(reply).toMatchObject({ status: 401, body: '' });
    expect(served.came.commands).toEqual([]);
  });

  it('accepts a clock that is a little ahead or behind', async () => {
    for (const offset of [-290, 0, 50]) {
      const reply = await slack.command(served.url, 'mara', 'ops', 'status', { timestamp: now() + offset });
      expect(reply.status).toBe(200);
    }
  });

  it('acknowledges a replay without effect, in another process too', async () => {
    const once = sharedMemory();
    const [one, two] = [await serveApp(slack, table, once), await serveApp(slack, table, once)];
    const body = { timestamp: now(), triggerId: await slack.triggerId('mara') };
    await slack.click(one.url, 'mara', card('approve'), 'approve', body);
    const first = await slack.command(one.url, 'mara', 'ops', 'status');
    const replayed = await first.again();
    expect(replayed).toMatchObject({ status: 200, body: '' });
    await slack.click(two.url, 'mara', card('approve'), 'approve', body);
    expect([one.came.commands.length, one.came.presses.length, two.came.presses.length]).toEqual([1, 1, 0]);
    await one.close();
    await two.close();
  });

  it('refuses bodies over the limit, and other methods', async () => {
    const huge = await slack.command(served.url, 'mara', 'ops', 'x'.repeat(5_000_000));
    expect(huge.status).toBe(413);
    expect((await fetch(`${served.url}/slack/events`)).status).toBe(404);
    expect(served.came.commands).toEqual([]);
  });

  it('acknowledges events that nobody listens to', async () => {
    const check = await slack.event(served.url, { type: 'team_join', user: { id: slack.user('jon') } });
    expect(check).toMatchObject({ status: 200, body: '' });
    expect(served.came.commands).toEqual([]);
  });

  it('lets requests through while the shared memory is away', async () => {
    const away = await serveApp(slack, table, () => Promise.reject(new Error('redis is away')));
    expect((await slack.command(away.url, 'mara', 'ops', 'status')).json.text).toBe('heard: status');
    await away.close();
  });
});

describe('case 6: a redelivered event', () => {
  it('runs once, whatever the retry', async () => {
    await slack.mention(served.url, 'mara', 'ops', 'status', { eventId: 'Ev6' });
    for (const num of [1, 2, 3]) {
      const retry = { num, reason: 'http_timeout' };
      const reply = await slack.mention(served.url, 'mara', 'ops', 'status', { eventId: 'Ev6', retry });
      expect(reply.status).toBe(200);
    }
    await slack.eventually('the mention', () => served.came.commands.length > 0);
    expect(served.came.commands).toHaveLength(1);
  });
});

describe('a mention', () => {
  it('is a command in its thread, answered to the person', async () => {
    const root = await served.clients.timeline.chat.postMessage({ channel: slack.channel('ops'), text: 'root' });
    await slack.mention(served.url, 'mara', 'ops', 'cancel 4K7Q', { threadTs: String(root.ts), eventId: 'Ev-thread' });
    const heard = await slack.eventually('an answer', () =>
      slack.ephemerals('mara').find(one => one.text === 'heard: cancel 4K7Q'),
    );
    expect(heard.thread_ts).toBe(root.ts);
    expect(served.came.commands[0]).toMatchObject({ text: 'cancel 4K7Q', thread: root.ts, canOpenForm: false });
  });

  it('says the fallback where a form would open, and answers for all in the thread', async () => {
    await slack.mention(served.url, 'jon', 'ops', 'form');
    expect(
      await slack.eventually('the fallback', () => slack.ephemerals('jon').find(one => one.text === fallback.text)),
    ).toMatchObject({
      text: fallback.text,
    });
    const asked = await served.clients.timeline.chat.postMessage({ channel: slack.channel('ops'), text: 'asked' });
    await slack.mention(served.url, 'jon', 'ops', 'loud', { ts: String(asked.ts) });
    const told = await slack.eventually('an answer for all', async () =>
      (await slack.messages('ops')).find(message => message.text === 'for all'),
    );
    expect(told.thread_ts).toBe(asked.ts);
  });

  it('of a bot is ignored: no loop', async () => {
    const event = {
      type: 'app_mention',
      user: slack.user('jon'),
      bot_id: 'B999',
      text: 'x',
      channel: slack.channel('ops'),
      ts: '1.2',
    };
    await slack.event(served.url, event);
    await slack.mention(served.url, 'jon', 'ops', 'status', { eventId: 'Ev-after' });
    await slack.eventually('the next', () => served.came.commands.length > 0);
    expect(served.came.commands.map(one => one.requestId)).toEqual(['Ev-after']);
  });
});

describe('a click', () => {
  it('is acked at once and answered to the person, with id and version alone', async () => {
    const reply = await slack.click(served.url, 'jon', card('approve', '1700000000.000001'), 'approve');
    expect(reply).toMatchObject({ status: 200, body: '' });
    const told = await slack.eventually('the answer', () => reply.responses()[0]);
    expect(told).toMatchObject({ text: 'approved id.1', response_type: 'ephemeral', thread_ts: '1700000000.000001' });
    expect(served.came.presses[0]).toMatchObject({ action: 'approve', value: 'id.1', thread: '1700000000.000001' });
  });

  it('on a button of an older message is answered kindly', async () => {
    const reply = await slack.click(served.url, 'jon', card('gone-long-ago'), 'gone-long-ago');
    expect(reply.status).toBe(200);
    expect(await slack.eventually('the answer', () => reply.responses()[0])).toMatchObject({
      text: 'Not confirmed: stale-card',
    });
  });

  it.each(['constructor', '__proto__', 'toString'])('on a button called %s finds no handler', async name => {
    const reply = await slack.click(served.url, 'jon', card(name), name);
    expect(await slack.eventually('the answer', () => reply.responses()[0])).toMatchObject({
      text: 'Not confirmed: stale-card',
    });
  });

  it('case 3: of a Slack Connect outsider is told apart', async () => {
    await served.identity.learn();
    await slack.click(served.url, 'jon', card('approve'), 'approve', { userTeamId: 'T0OTHER' });
    expect(served.came.presses[0]?.visitor).toMatchObject({ outside: true, team: 'T0OTHER' });
  });

  it('case 14: reaches the person where the response_url and the channel do not take it', async () => {
    slack.faults.add('response_url', { kind: 'status', status: 404 });
    const inElsewhere = { ...card('approve'), channel: slack.channel('elsewhere') };
    await slack.click(served.url, 'jon', inElsewhere, 'approve');
    await slack.eventually('a direct message', () =>
      slack.calls('chat.postMessage').some(call => call.args.channel === slack.user('jon') && call.outcome === 'ok'),
    );
  });
});

describe('case 22: triggers', () => {
  it('says the fallback when the trigger was used up', async () => {
    const triggerId = await slack.triggerId('mara');
    await served.clients.interactive.views.open({
      trigger_id: triggerId,
      view: { type: 'modal', title: { type: 'plain_text', text: 'x' }, blocks: [] },
    });
    const reply = await slack.command(served.url, 'mara', 'ops', 'form', { triggerId });
    const told = await slack.eventually('the fallback', () => reply.responses()[0]);
    expect(told.text).toBe(fallback.text);
    const opened = slack.calls('views.open').filter(call => call.outcome === 'ok').length;
    await slack.click(served.url, 'mara', { ...card('x'), blocks: told.blocks as Json[] }, 'open-form');
    await slack.eventually(
      'a fresh form',
      () => slack.calls('views.open').filter(call => call.outcome === 'ok').length > opened,
    );
    expect(served.log.lines.filter(line => line.level === 'error')).toEqual([]);
  });

  it('says the fallback when the handler was slower than the trigger lives', async () => {
    const reply = await slack.command(served.url, 'mara', 'ops', 'slow form');
    expect(reply.ms).toBeLessThan(3000);
    const told = await slack.eventually('the fallback', () => reply.responses()[0]);
    expect(told.text).toBe(fallback.text);
  });

  it.each([{ kind: 'hang' }, { kind: 'rate-limit', retryAfter: 30 }, { kind: 'status', status: 500 }] as const)(
    'says the fallback when Slack answers views.open with %o',
    async fault => {
      slack.faults.add('views.open', fault, { times: 1 });
      const reply = await slack.command(served.url, 'mara', 'ops', 'form');
      expect(reply.status).toBe(200);
      expect(await slack.eventually('the fallback', () => reply.responses()[0])).toMatchObject({ text: fallback.text });
    },
  );
});

describe('a form', () => {
  const open = async () => {
    const before = slack.calls('views.open').length;
    await slack.command(served.url, 'mara', 'ops', 'form');
    return slack.eventually(
      'the form',
      () => slack.calls('views.open')[before]?.outcome === 'ok' && slack.view('mara'),
    );
  };

  it('case 24: keeps errors inline, then gives way to the answer', async () => {
    const view = await open();
    const wrong = await slack.submit(served.url, 'mara', view, { reason: null });
    expect(wrong.json).toEqual({ response_action: 'errors', errors: { reason: 'Say why.' } });
    const right = await slack.submit(served.url, 'mara', view, { reason: 'payments fail', service: 'checkout-api' });
    expect(right.json).toMatchObject({ response_action: 'update', view: { title: { text: 'Roll back' } } });
    expect(JSON.stringify(right.json.view)).toContain('asked because payments fail');
    expect(served.came.submissions[1]).toMatchObject({
      metadata: 'm.1',
      values: { reason: 'payments fail', service: 'checkout-api' },
    });
  });

  it('that is late says so, then shows how it ended', async () => {
    const view = await open();
    const reply = await slack.submit(served.url, 'mara', view, { reason: 'slow' });
    expect(reply.ms).toBeLessThan(3000);
    expect(JSON.stringify(reply.json)).toContain('not-confirmed');
    await slack.eventually('the end', () => JSON.stringify(slack.view('mara')).includes('asked in the end'));
  });

  it('that is not known any more is answered kindly; a closed one leaves things as they are', async () => {
    const view = await open();
    const reply = await slack.submit(served.url, 'mara', { ...view, callback_id: 'older' }, { reason: 'x' });
    expect(JSON.stringify(reply.json)).toContain('stale-card');
    expect((await slack.closeView(served.url, 'mara', view)).status).toBe(200);
  });

  it('is drawn anew by a button in it, with what is filled in', async () => {
    const view = await open();
    await slack.click(
      served.url,
      'mara',
      { ...view, state: { values: { reason: { reason: { type: 'plain_text_input', value: 'why' } } } } } as never,
      'suggest',
    );
    await slack.eventually('the new title', () => JSON.stringify(slack.view('mara').title).includes('For why'));
  });

  it('case 23: offers at most 100 options of many', async () => {
    const view = await open();
    const reply = await slack.suggest(served.url, 'mara', view, 'services', 'check');
    const options = reply.json.options as { text: { text: string } }[];
    expect(options).toHaveLength(100);
    expect(options[0]?.text.text).toBe('check-0');
    expect(reply.ms).toBeLessThan(3000);
  });

  it('opens from a message shortcut, in the thread of the message', async () => {
    const message = {
      ts: '1700000000.000300',
      channel: slack.channel('ops'),
      text: 'alert',
      thread_ts: '1700000000.000100',
    };
    const reply = await slack.shortcut(served.url, 'mara', message, 'rollback_from_message');
    expect(reply.status).toBe(200);
    expect(served.came.commands[0]).toMatchObject({ text: '', thread: '1700000000.000100', canOpenForm: true });
  });
});

describe('case 9: Slack away', () => {
  it('at start and in a run: commands are answered, and the identity is learnt later', async () => {
    await slack.outage(true);
    try {
      const away = await serveApp(slack, table);
      away.app.start();
      const triggerId = 'T.away';
      const reply = await slack.command(away.url, 'mara', 'ops', 'status', { triggerId });
      expect(reply.json.text).toBe('heard: status');
      expect(slack.calls('auth.test').filter(call => call.at > Date.now() - 100)).toEqual([]);
      await away.close();
    } finally {
      await slack.outage(false);
    }
    served.app.start();
    const identity = await slack.eventually('the identity', () => served.identity.current() ?? undefined);
    expect(identity).toMatchObject({ botUserId: slack.bot.userId, teamId: slack.team });
  });
});
