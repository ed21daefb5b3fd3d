import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buttonValue } from '../../src/domain/button.ts';
import type { RunEventKind } from '../../src/domain/event.ts';
import type { RunId } from '../../src/domain/ids.ts';
import { reason } from '../../src/domain/reason.ts';
import { target } from './catalogue.ts';
import { cardValue, type Door, openDoor, runOf, textOf } from './door.ts';

let door: Door;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());
beforeEach(() => door.reset());

/** A request of Mara's whose approvers are asked. */
async function waiting(seats = 1) {
  const id = runOf(await door.type('mara', 'cart-web level 2 because payments fail'));
  return await door.ask(id, seats);
}

async function kinds(id: RunId): Promise<readonly RunEventKind[]> {
  return ((await door.deps.runs.read(id))?.events ?? []).map(event => event.kind);
}

describe('case 1: double click and two approvers at once', () => {
  it('makes one transition and one ring; the second is told who approved and when', async () => {
    const run = await waiting();
    const rung = door.rings.length;
    const value = cardValue(run);
    const answers = await Promise.all(
      ['jon', 'jon', 'lee', 'jon', 'lee'].map(who => door.press(who, 'run-approve', value)),
    );
    const said = answers.map(textOf);
    expect((await kinds(run.id)).filter(kind => kind === 'approved')).toHaveLength(1);
    expect((await door.run(run.id)).approval?.votes).toHaveLength(1);
    expect(said.filter(text => text.includes('Your approval counts'))).toHaveLength(1);
    expect(said.filter(text => /Already approved by @\w+ \d\d:\d\d/.test(text))).toHaveLength(4);
    expect(door.rings).toHaveLength(rung + 1);
  });

  it('counts two people towards two seats, and one person once', async () => {
    const run = await waiting(2);
    expect(textOf(await door.press('jon', 'run-approve', cardValue(run)))).toContain('Still needed: 1 more');
    expect(textOf(await door.press('jon', 'run-approve', cardValue(run)))).toMatch(/you have voted already/i);
    expect((await door.run(run.id)).status).toBe('awaiting-approval');
    expect(textOf(await door.type('$lee', `approve ${run.id}`))).toContain('The rollback starts');
    expect((await door.run(run.id)).status).toBe('approved');
  });
});

describe('case 2: approve and reject race', () => {
  it('lets the first committed win and tells the other', async () => {
    const run = await waiting();
    const answers = await Promise.all([
      door.press('jon', 'run-approve', cardValue(run)),
      door.submit('lee', 'reject', cardValue(run), { reason: 'not now' }),
    ]);
    const { status } = await door.run(run.id);
    expect(['approved', 'rejected']).toContain(status);
    const [approved, rejected] = answers.map(textOf);
    expect(status === 'approved' ? rejected : approved).toContain(`Already ${status} by`);
    expect(status === 'approved' ? approved : rejected).toContain('counts');
  });
});

describe('case 3: a click of somebody who may not', () => {
  it.each([
    ['mara', 'you asked for this rollback', 'requester-excluded'],
    ['dana', 'you may not do this', 'not-allowed'],
  ])('%s: no change, a reason, an audit entry', async (who, sentence, code) => {
    const run = await waiting();
    const reply = await door.press(who, 'run-approve', cardValue(run));
    await door.press(who, 'run-approve', cardValue(run));
    expect(reply).toMatchObject({ outcome: 'refused' });
    expect(textOf(reply)).toContain(sentence);
    const log = (await door.deps.runs.read(run.id))?.events ?? [];
    const refused = log.filter(event => event.kind === 'vote-refused');
    expect(refused).toMatchObject([{ reason: { code }, by: { person: who } }]);
    expect(await door.run(run.id)).toMatchObject({ status: 'awaiting-approval', approval: { votes: [] } });
  });

  it.each([['gus'], ['outsider']])('%s is not let in at all', async who => {
    const run = await waiting();
    const visitor = { via: 'slack', user: door.slack.user('stranger'), team: 'TOTHER', outside: true } as const;
    const reply = await door.press(who === 'gus' ? 'gus' : 'stranger', 'run-approve', cardValue(run), {
      ...(who === 'gus' ? {} : { visitor }),
    });
    expect(textOf(reply)).toContain('people from another workspace and guests may not do this');
    expect((await door.run(run.id)).version).toBe(run.version);
  });
});

describe('case 4: an approver who left the group after the card was posted', () => {
  const byGroup = async () => {
    const group = door.slack.group('sre-oncall');
    const roles = { ...door.catalogue.roles, 'sre-oncall': { name: 'sre-oncall', people: [], slackGroups: [group] } };
    await door.publish({ ...door.catalogue, hash: 'by-group', roles });
  };

  it('is looked up at the click and refused', async () => {
    await byGroup();
    const run = await waiting();
    door.slack.setGroup('sre-oncall', ['lee']);
    await door.pass(61_000);
    expect(textOf(await door.press('jon', 'run-approve', cardValue(run)))).toContain('you may not do this');
    expect(textOf(await door.press('lee', 'run-approve', cardValue(run)))).toContain('The rollback starts');
    door.slack.setGroup('sre-oncall', ['jon', 'lee']);
  });

  it('is looked up again when the quorum is reached: a vote that no longer stands does not fill a seat', async () => {
    await byGroup();
    const run = await waiting(2);
    await door.press('jon', 'run-approve', cardValue(run));
    door.slack.setGroup('sre-oncall', ['lee']);
    await door.pass(61_000);
    await door.press('lee', 'run-approve', cardValue(run));
    expect((await door.run(run.id)).status).toBe('awaiting-approval');
    door.slack.setGroup('sre-oncall', ['jon', 'lee']);
  });

  it('must qualify under the catalogue of the run and of today', async () => {
    const run = await waiting();
    const roles = { ...door.catalogue.roles, 'sre-oncall': { name: 'sre-oncall', people: [], slackGroups: [] } };
    await door.publish({ ...door.catalogue, hash: 'nobody', roles });
    expect(textOf(await door.press('jon', 'run-approve', cardValue(run)))).toContain('you may not do this');
  });

  it('is refused while Slack cannot be asked and nothing young enough is known', async () => {
    await byGroup();
    const run = await waiting();
    await door.pass(600_000 - 5_000);
    await door.slack.outage(true);
    const reply = await door.press('jon', 'run-approve', cardValue(run));
    await door.slack.outage(false);
    expect(textOf(reply)).toContain('Slack cannot say right now');
    expect((await door.run(run.id)).approval?.votes).toEqual([]);
  });
});

describe('case 5: a stale card', () => {
  it('of a run that is over says how it ended', async () => {
    const run = await waiting();
    await door.press('jon', 'run-cancel', cardValue(run));
    expect(textOf(await door.press('lee', 'run-approve', cardValue(run)))).toContain('Already cancelled');
    expect((await door.run(run.id)).status).toBe('cancelled');
  });

  it('drawn before the plan was shown counts for nothing', async () => {
    const run = await waiting();
    const reply = await door.press('jon', 'run-approve', buttonValue(run.id, 1));
    expect(textOf(reply)).toContain('out of date');
    expect((await door.run(run.id)).status).toBe('awaiting-approval');
  });

  it('past its deadline loses, even where no timer has fired', async () => {
    const run = await waiting();
    await door.pass(600_001);
    const reply = await door.press('jon', 'run-approve', cardValue(run));
    expect(textOf(reply)).toContain('nobody decided in time');
    expect((await door.run(run.id)).status).toBe('awaiting-approval');
  });

  it.each(['', 'nonsense', 'DROP TABLE', `${'Z'.repeat(26)}.1`])('with the value %j is refused kindly', async value => {
    const reply = await door.press('jon', 'run-approve', value);
    expect(reply).toMatchObject({ kind: 'say', to: 'person' });
    expect(await door.runs()).toEqual([]);
  });

  it('of a stop that was decided, or that is not the latest, is refused', async () => {
    const run = await stopped();
    expect(textOf(await door.press('jon', 'operator-continue', buttonValue(run.id, 2)))).toContain('out of date');
    expect(textOf(await door.press('jon', 'operator-continue', cardValue(run)))).toContain('look again and continue');
    const late = await door.submit('lee', 'put-back', cardValue(run), { reason: 'too late' });
    expect(textOf(late)).toMatch(/decided already.*Jon/);
  });
});

/** A run that stopped in the middle of its only operation. */
async function stopped() {
  const run = await waiting();
  await door.press('jon', 'run-approve', cardValue(run));
  const worker = await door.deps.runs.acquire(run.request.target, run.id, 'w1', 60_000, false);
  if (!worker.ok) throw new Error('the target is held');
  await door.drive(run.id, [{ kind: 'execution-started', status: 'executing' }]);
  await door.deps.runs.begin(run.id, { phase: 'apply', index: 0, fence: worker.fence, worker: 'w1' });
  return await door.drive(run.id, [
    { kind: 'stopped', reason: reason('step-unknown'), now: [], byHand: [], status: 'needs-operator' },
  ]);
}

describe('case 8: a command while Redis is down', () => {
  it('answers within 3 s that it is not confirmed, creates nothing, and works again afterwards', async () => {
    door.redis.pause();
    const begun = Date.now();
    const reply = await door.type('mara', 'cart-web because payments fail').finally(() => door.redis.resume());
    expect(Date.now() - begun).toBeLessThan(3_000);
    expect(reply).toMatchObject({ outcome: 'not-confirmed' });
    expect(textOf(reply)).toContain('Not confirmed');
    await expect.poll(() => door.runs().catch(() => null), { timeout: 10_000 }).toEqual([]);
    await expect
      .poll(async () => textOf(await door.type('mara', 'cart-web level 2 because payments fail')), { timeout: 10_000 })
      .toContain('is taken');
    expect(await door.runs()).toHaveLength(1);
  });

  it('says the same of a failure that nobody foresaw', async () => {
    const screen = await door.routes.failed({ via: 'cli', account: 'mara' }, new Error('boom'));
    expect(screen.text).toContain('Not confirmed');
    expect(screen.text).not.toContain('boom');
  });

  it.each([-600_000, 600_000])('judges by the clock of the server, %d ms from ours', async skew => {
    await door.connection.redis.incrby('{backout}:test-offset', skew);
    const reply = await door.type('mara', 'cart-web level 2 because payments fail');
    expect(textOf(reply)).toContain('is taken');
  });

  it('creates nothing once the person was due an answer', async () => {
    const reply = await door.type('mara', 'cart-web level 2 because late', { answerBy: Date.now() - 86_400_000 });
    expect(reply).toMatchObject({ outcome: 'not-confirmed' });
    expect(await door.runs()).toEqual([]);
  });
});

describe('case 18: a deactivated approver', () => {
  it('is refused, and an approval given before does not fill a seat any more', async () => {
    const run = await waiting(2);
    await door.press('jon', 'run-approve', cardValue(run));
    door.slack.setUser('jon', { deleted: true });
    await door.pass(61_000);
    expect(textOf(await door.press('jon', 'run-approve', cardValue(run)))).toContain('deactivated');
    await door.press('lee', 'run-approve', cardValue(run));
    expect((await door.run(run.id)).status).toBe('awaiting-approval');
    door.slack.setUser('jon', { deleted: false });
  });
});

describe('case 19: commands in direct messages and threads', () => {
  it('asked in a direct message, the run is told in the channel of the service, and the person told where', async () => {
    const reply = await door.type('mara', 'cart-web level 2 because payments fail', { channel: 'D000000001' });
    expect(textOf(reply)).toContain('<#C000000001>');
    const run = await door.run(runOf(reply));
    expect(run.request.channel).toBe('C000000001');
    expect(await door.deps.outbox.thread(run.id)).toMatchObject({ channel: 'C000000001' });
  });

  it('in the thread of a run, its commands need no run', async () => {
    const run = await waiting();
    const [row] = (await door.deps.outbox.claim(10, 5_000)).filter(({ post }) => post.thread === run.id);
    if (!row) throw new Error('no root row');
    await door.deps.outbox.sent(row, '1700000000.000100');
    const inThread = { channel: 'C000000001', thread: '1700000000.000100', canOpenForm: false };
    expect(textOf(await door.type('jon', 'show', inThread))).toContain('cart-web · production');
    expect(textOf(await door.type('jon', 'cancel', inThread))).toContain('is cancelled');
  });

  it('where no form can be opened, what is missing is said with a button that opens it', async () => {
    const reply = await door.type('mara', 'checkout-api because payments fail', { canOpenForm: false });
    expect(textOf(reply)).toContain('which environment');
    if (reply.kind !== 'say') throw new Error('nothing said');
    expect(JSON.stringify(reply.screen.blocks)).toContain('form-open');
    expect(await door.runs()).toEqual([]);
  });
});

describe('case 20: entities in a command', () => {
  it('a mention never becomes a name; the word is pointed at and nothing is created', async () => {
    const reply = await door.type('mara', '<@U1|cart-web> because payments fail');
    expect(reply).toMatchObject({ outcome: 'usage' });
    expect(textOf(reply)).toContain('▸@cart-web◂');
    expect(await door.runs()).toEqual([]);
  });
  it('an auto-linked host name is a name', async () => {
    const reply = await door.type('mara', '<http://api.example.com|api.example.com> level 2 because a &amp; b');
    expect((await door.run(runOf(reply))).request).toMatchObject({
      target: 'api.example.com/production',
      reason: 'a & b',
    });
  });
});

describe('case 21: Chinese, quotes and dashes', () => {
  it('回滚 订单服务', async () => {
    const reply = await door.type('mara', '回滚 订单服务 在 prod —级别 2 因为 “支付失败”');
    const { request } = await door.run(runOf(reply));
    expect(request).toMatchObject({ target: 'orders/prod', level: 2, reason: '支付失败' });
  });
  it('an unknown service gives the nearest names and creates nothing', async () => {
    const reply = await door.type('mara', 'chekout-api because payments fail');
    expect(textOf(reply)).toMatch(/no service is called chekout-api.*\n.*checkout-api/s);
    expect(await door.runs()).toEqual([]);
  });
});

describe('case 23: more than 100 of something', () => {
  it('the search offers at most 100, and finds each by typing', async () => {
    const names = Array.from({ length: 250 }, (_, n) => `svc-${String(n).padStart(3, '0')}`);
    const many = names.map(name => [
      name,
      { name, aliases: [], owners: null, environments: { production: target(name, 'production') } },
    ]);
    await door.publish({ ...door.catalogue, hash: 'many', services: Object.fromEntries(many) });
    const ask = (typed: string) =>
      door.routes.options['select-service']?.({
        visitor: { via: 'slack', user: door.slack.user('mara'), team: door.slack.team, outside: false },
        select: 'select-service',
        typed,
        metadata: '',
      });
    expect(await ask('')).toMatchObject({ kind: 'options', options: { length: 100 } });
    expect(await ask('svc-249')).toMatchObject({ options: [{ text: 'svc-249', value: 'svc-249' }] });
    const reply = await door.type('mara', '');
    expect(reply.kind).toBe('form');
  });
});

describe('case 24: forms and races', () => {
  const values = { service: 'cart-web', environment: 'production', level: '2', release: 'suggest', scenario: null };

  it('an empty or short reason is refused at its field', async () => {
    for (const why of [null, '', ' x ', '\u202e\u200b'])
      expect(await door.submit('mara', 'request', '{}', { ...values, reason: why })).toMatchObject({
        kind: 'form-errors',
        errors: { reason: expect.stringContaining('why') },
      });
    expect(await door.runs()).toEqual([]);
  });

  it.each([
    [{ environment: 'staging' }, 'environment'],
    [{ environment: '__proto__' }, 'environment'],
    [{ service: 'checkout-api', environment: null }, 'environment'],
    [{ service: '__proto__' }, 'service'],
    [{ service: null }, 'service'],
  ])('%j is shown at its field, and no other target is taken for it', async (over, block) => {
    const sent = await door.submit('mara', 'request', '{}', { ...values, reason: 'payments fail', ...over });
    expect(sent).toMatchObject({ kind: 'form-errors', errors: { [block]: expect.any(String) } });
    expect(await door.runs()).toEqual([]);
  });

  it('a form sent after somebody else began is shown that run', async () => {
    const first = runOf(await door.type('jon', 'cart-web level 2 because payments fail'));
    const reply = await door.submit('mara', 'request', '{}', { ...values, reason: 'payments fail' });
    expect(textOf(reply)).toContain('Not started: @Jon is rolling back cart-web · production');
    expect(await door.runs()).toMatchObject([{ id: first }]);
  });

  it('a form that was opened for a run which is over changes nothing', async () => {
    const run = await waiting();
    await door.press('jon', 'run-approve', cardValue(run));
    const reply = await door.submit('lee', 'reject', cardValue(run), { reason: 'too late' });
    expect(textOf(reply)).toContain('Already approved by @Jon');
  });

  it('keeps what the form was opened for in its metadata, within 3,000 characters and without secrets', async () => {
    const long = 'payments fail '.repeat(60);
    const reply = await door.type('mara', `checkout-api to 2.13.2 because ${long}`);
    if (reply.kind !== 'form') throw new Error(textOf(reply));
    expect(reply.form.metadata.length).toBeLessThanOrEqual(3_000);
    expect(JSON.parse(reply.form.metadata)).toMatchObject({ service: 'checkout-api', release: '2.13.2' });
  });

  it.each(['', 'not json', '[]', '{"level":9}', 'null'])('survives the metadata %j', async metadata => {
    const reply = await door.submit('mara', 'request', metadata, { ...values, reason: 'payments fail' });
    expect(textOf(reply)).toContain('is taken');
  });
});
