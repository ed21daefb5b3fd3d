import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buttons, reasonForms } from '../../commands/buttons.ts';
import { commands } from '../../commands/index.ts';
import { slackManifest } from '../../src/adapters/slack/manifest.ts';
import { buttonValue } from '../../src/domain/button.ts';
import { type ProposalId, shortRunId, targetId } from '../../src/domain/ids.ts';
import type { Note } from '../../src/domain/note.ts';
import { Refusal, reason } from '../../src/domain/reason.ts';
import { helpTopics } from '../../templates/data.ts';
import { actionIds, formIds, selectIds } from '../../templates/ids.ts';
import { helpReply } from '../../templates/index.ts';
import { target } from './catalogue.ts';
import { cardValue, type Door, openDoor, runOf, textOf } from './door.ts';

let door: Door;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());
beforeEach(() => door.reset());

const cart = targetId('cart-web', 'production');

/** Lets cart-web have run these versions one after another, the last one live. */
async function ran(...versions: readonly string[]) {
  const now = await door.deps.runs.now();
  for (const [index, version] of versions.entries())
    await door.deps.releases.learn(cart, [
      {
        kind: 'deployed',
        key: `k${version.replaceAll('.', '')}`,
        version,
        identity: { commit: `${index}${version.replaceAll('.', '')}`.padEnd(40, 'a') },
        status: 'succeeded',
        by: null,
        at: now - (versions.length - index) * 3_600_000,
        url: null,
      },
    ]);
}

async function graded(version: string, grade: 'verified' | 'bad') {
  const note: Note = { code: 'graded-by-person' };
  const at = await door.deps.runs.now();
  await door.deps.releases.learn(cart, [
    { kind: 'graded', key: `k${version.replaceAll('.', '')}`, grade, note, by: 'Dana', at },
  ]);
}

async function proposed(over: { status?: 'open' } = {}) {
  const id = '01JZZZZZZZZZZZZZZZZZZZZZZA' as ProposalId;
  const at = (await door.deps.runs.now()) - 120_000;
  const episode = {
    ...{ fingerprint: 'f1', source: 'main', name: 'HighErrorRate', severity: 'critical' as const, target: cart },
    ...{ summary: '5xx 7.8 %', startedAt: at, receivedAt: at, resolvedAt: null, lastSeenAt: at },
  };
  const suspect = { version: '2.14.0', key: 'k2140', liveSince: at - 60_000 };
  const good = { version: '2.13.2', key: 'k2132', grade: 'verified', liveMs: 6 * 86_400_000 };
  const facts = { id, target: cart, episode, suspect, good, run: null, version: 1, createdAt: at };
  await door.deps.alerts.propose({ ...facts, status: 'open', ...over }, 'C000000001', [
    { thread: id, slot: 'root', screen: 'proposal', urgency: 'urgent' },
  ]);
  return id;
}

describe('the table', () => {
  it('has a help topic for each command, and the help shows each in both languages', () => {
    for (const locale of ['en', 'zh-CN'] as const) {
      const said = helpTopics.map(topic => helpReply(locale, { topic, command: '/rollback' }).text).join('\n');
      const unsaid = Object.entries(commands).filter(
        ([name, { door: only }]) => only === undefined && name !== 'rollback' && !said.includes(`/rollback ${name}`),
      );
      expect(unsaid.map(([name]) => name)).toEqual([]);
    }
    expect(Object.values(commands).filter(({ topic }) => !helpTopics.includes(topic))).toEqual([]);
  });

  it('begins each usage with the command, and gives no word to two commands', () => {
    const wrong = Object.entries(commands).filter(
      ([name, { usage }]) => name !== 'rollback' && usage.split(' ')[0] !== name,
    );
    expect(wrong).toEqual([]);
    const words = Object.entries(commands).flatMap(([name, { also }]) => [name, ...also]);
    expect(words.filter((word, index) => words.indexOf(word) !== index)).toEqual([]);
  });

  it('agrees with the Slack manifest', () => {
    const manifest = JSON.stringify(slackManifest({ socketMode: true }));
    expect(manifest).toContain('"command":"/rollback"');
    expect(manifest).toContain('"should_escape":true');
    for (const word of ['status', 'help']) expect(manifest).toContain(word);
  });

  it('answers every button, form and select that the screens can draw', () => {
    const known = Object.keys(buttons);
    expect([...actionIds, ...selectIds].filter(id => !known.includes(id))).toEqual([]);
    expect(formIds.filter(id => id !== 'request' && !Object.hasOwn(reasonForms, id))).toEqual([]);
    expect(Object.keys(door.routes.actions).sort()).toEqual([...actionIds, ...selectIds].sort());
    expect(Object.keys(door.routes.forms).sort()).toEqual([...formIds].sort());
  });

  it('holds handlers of at most 40 lines', () => {
    const files = ['on-run', 'on-target', 'ask', 'buttons', 'form', 'rollback', 'typed'];
    const long = files.flatMap(file => {
      const text = readFileSync(join(import.meta.dirname, `../../commands/${file}.ts`), 'utf8');
      const functions = text.matchAll(/^(?:export )?(?:async )?function (\w+)[\s\S]*?^\}/gm);
      return [...functions].filter(([body]) => body.split('\n').length > 40).map(([, name]) => name);
    });
    expect(long).toEqual([]);
  });
});

describe('asking', () => {
  it('opens the form where nothing was typed, and fills in what was', async () => {
    await ran('2.13.2', '2.14.0');
    await graded('2.13.2', 'verified');
    const empty = await door.type('mara', '');
    expect(empty).toMatchObject({ kind: 'form', form: { id: 'request' } });
    const part = await door.type('mara', 'cart-web to 2.13.2 level 2');
    if (part.kind !== 'form') throw new Error(textOf(part));
    const drawn = JSON.stringify(part.form.blocks);
    expect(drawn).toContain('"initial_option":{"text":{"type":"plain_text","text":"cart-web"');
    expect(drawn).toContain('2.13.2');
    expect(await door.runs()).toEqual([]);
  });

  it('draws the form anew when a select changed, with what is filled in kept', async () => {
    await ran('2.13.2', '2.14.0');
    const form = {
      form: 'request',
      metadata: '{"proposal":"x"}',
      values: { service: 'cart-web', reason: 'payments fail' },
    };
    const reply = await door.press('mara', 'select-service', 'cart-web', { form });
    if (reply.kind !== 'form') throw new Error(textOf(reply));
    expect(JSON.parse(reply.form.metadata)).toMatchObject({
      proposal: 'x',
      service: 'cart-web',
      environment: 'production',
    });
    expect(JSON.stringify(reply.form.blocks)).toContain('2.13.2');
  });

  it('creates one run for one act, however often it arrives', async () => {
    const requestId = 'same';
    const text = 'cart-web level 2 because payments fail';
    const replies = await Promise.all([1, 2, 3].map(() => door.type('mara', text, { requestId })));
    expect(new Set(replies.map(runOf)).size).toBe(1);
    expect(await door.runs()).toHaveLength(1);
    expect(door.rings).toHaveLength(1);
  });

  it('writes what was asked, by whom, and for which worker', async () => {
    const hosted = target('cart-web', 'production', { runsOn: 'host-7', channel: 'C000000009', locale: 'zh-CN' });
    const services = {
      ...door.catalogue.services,
      'cart-web': { name: 'cart-web', aliases: [], owners: null, environments: { production: hosted } },
    };
    await door.publish({ ...door.catalogue, hash: 'hosted', services });
    const missing = await door.type('mara', 'cart-web level 2 scenario security because leak');
    expect(textOf(missing)).toContain('no worker called host-7 is running');
    expect(await door.runs()).toEqual([]);
    await door.deps.runs.announce('host-7', 60_000);
    const { request } = await door.run(
      runOf(await door.type('mara', 'cart-web level 2 scenario security because leak')),
    );
    expect(request).toMatchObject({
      ...{ target: cart, level: 2, scenario: 'security', reason: 'leak', floor: 1, mode: 'act', runsOn: 'host-7' },
      ...{
        channel: 'C000000009',
        locale: 'zh-CN',
        catalogue: 'hosted',
        by: { person: 'mara', name: 'Mara', via: 'slack' },
      },
    });
  });

  it.each([
    ['status because abc level 2', 'observe'],
    ['cart-web dry-run level 2 because abc', 'observe'],
    ['cart-web level 2 because abc', 'act'],
  ])('%s: %s', async (text, mode) => {
    expect((await door.run(runOf(await door.type('mara', `rollback ${text}`)))).request.mode).toBe(mode);
  });

  it('shows a second request the first run, whose it is and since when; it is not queued', async () => {
    const first = runOf(await door.type('jon', 'cart-web level 2 because payments fail'));
    const reply = await door.type('mara', 'cart-web level 2 because the same');
    expect(reply).toMatchObject({ outcome: 'refused' });
    expect(textOf(reply)).toMatch(/Not started: @Jon is rolling back cart-web · production since \d\d:\d\d/);
    if (reply.kind !== 'say') throw new Error('nothing said');
    const drawn = JSON.stringify(reply.screen.blocks);
    for (const action of ['run-open', 'run-notify', 'run-replace']) expect(drawn).toContain(action);
    expect(await door.runs()).toMatchObject([{ id: first }]);
  });

  it('*Replace it* ends the first while it is not approved, and is refused afterwards', async () => {
    const first = await door.ask(runOf(await door.type('mara', 'cart-web level 2 because payments fail')));
    const seed = JSON.stringify({ service: 'cart-web', replaces: { run: first.id, version: first.version } });
    const form = await door.press('jon', 'run-replace', seed);
    if (form.kind !== 'form') throw new Error(textOf(form));
    const values = { service: 'cart-web', environment: 'production', level: '3', reason: 'deeper' };
    const next = runOf(await door.submit('jon', 'request', form.form.metadata, values));
    expect(await door.run(first.id)).toMatchObject({ status: 'superseded', next });
    const second = await door.ask(next);
    await door.type('$lee', `approve ${second.id}`);
    const stale = JSON.stringify({ replaces: { run: next, version: second.version } });
    expect(textOf(await door.submit('jon', 'request', stale, values))).toContain('out of date');
  });

  it('`logs` is asked for once at a time, by whom the catalogue lets, where there is a plan', async () => {
    const first = runOf(await door.type('mara', 'cart-web level 2 because payments fail'));
    expect(textOf(await door.type('mara', `logs ${first}`))).toContain('there is no object in the plan');
    const run = await door.ask(first);
    for (const _ of [1, 2]) expect(textOf(await door.type('mara', `describe ${run.id}`))).toContain('in its thread');
    expect(textOf(await door.press('mara', 'run-logs', buttonValue(run.id, 1)))).toContain('in its thread');
    expect(textOf(await door.press('gus', 'run-logs', buttonValue(run.id, 1)))).not.toContain('in its thread');
    const asked = async () =>
      ((await door.deps.runs.read(run.id))?.events ?? []).filter(({ kind }) => kind === 'logs-asked').length;
    expect(await asked()).toBe(1);
    await door.pass(90_001);
    await door.press('jon', 'run-logs', buttonValue(run.id, 1));
    expect(await asked()).toBe(2);
  });

  it('`logs` is refused while the only worker that could look is away', async () => {
    const hosted = target('cart-web', 'production', { runsOn: 'host-7' });
    const service = { name: 'cart-web', aliases: [], owners: null, environments: { production: hosted } };
    await door.publish({ ...door.catalogue, hash: 'hosted', services: { 'cart-web': service } });
    await door.deps.runs.announce('host-7', 5_000);
    const run = await door.ask(runOf(await door.type('mara', 'cart-web level 2 because payments fail')));
    await door.pass(5_001);
    expect(textOf(await door.type('mara', `logs ${run.id}`))).toContain('no worker called host-7 is running');
    expect((await door.deps.runs.read(run.id))?.events.at(-1)?.kind).toBe('approval-asked');
  });

  it('*Tell me when done* is kept in the log once', async () => {
    const run = runOf(await door.type('jon', 'cart-web level 2 because payments fail'));
    for (const _ of [1, 2])
      expect(textOf(await door.press('mara', 'run-notify', buttonValue(run, 1)))).toContain('told when');
    const log = (await door.deps.runs.read(run))?.events ?? [];
    expect(log.filter(event => event.kind === 'watch-asked')).toMatchObject([{ by: { person: 'mara' } }]);
  });
});

describe('releases', () => {
  it('a release is found by version, key or commit; an unknown one gives the nearest and creates nothing', async () => {
    await ran('2.13.1', '2.13.2', '2.14.0');
    await graded('2.13.2', 'verified');
    const unknown = await door.type('mara', 'cart-web to 2.13.9 because abc');
    expect(textOf(unknown)).toMatch(/no release 2.13.9 is known.*\n.*2\.13\./);
    expect(await door.runs()).toEqual([]);
    const byCommit = await door.type('mara', `cart-web to 12132${'a'.repeat(6)} because abc`);
    expect((await door.run(runOf(byCommit))).request.release).toBe('k2132');
  });

  it('a bad one may not be taken', async () => {
    await ran('2.13.2', '2.14.0');
    await graded('2.13.2', 'bad');
    const reply = await door.type('mara', 'cart-web to 2.13.2 because abc');
    expect(textOf(reply)).toContain('2.13.2 may not be taken');
    expect(await door.runs()).toEqual([]);
  });

  it('with no good release known, a request that needs one is not started and offers those that may be named', async () => {
    await ran('2.13.2', '2.14.0');
    const step = { kind: 'git.restore-release', title: null, input: {}, timeoutMs: 1000 };
    const spec = target('cart-web', 'production');
    const runbooks = spec.runbooks.map(runbook => ({ ...runbook, steps: [step] }));
    const environments = { production: { ...spec, runbooks } };
    const services = {
      ...door.catalogue.services,
      'cart-web': { name: 'cart-web', aliases: [], owners: null, environments },
    };
    await door.publish({ ...door.catalogue, hash: 'needs', services });
    const reply = await door.type('mara', 'cart-web because payments fail');
    expect(textOf(reply)).toMatch(/Not started: no known-good release for cart-web/i);
    expect(textOf(reply)).toContain('backout rollback cart-web in production to k2132');
    expect(runOf(await door.type('mara', 'cart-web to 2.13.2 because payments fail'))).toBeTruthy();
  });

  it('are graded by hand, held and released', async () => {
    await ran('2.13.2', '2.14.0');
    expect(textOf(await door.type('mara', 'grade cart-web 2.14.0 bad because it crashed'))).toContain('bad');
    const [live] = await door.deps.releases.list(cart);
    expect(live).toMatchObject({ version: '2.14.0', grade: 'bad', gradedBy: 'Mara' });
    expect(textOf(await door.type('mara', 'hold cart-web 2.14.0 because it crashed'))).toContain('is on hold');
    expect(textOf(await door.type('mara', 'status cart-web'))).toContain('2.14.0');
    expect(textOf(await door.type('mara', 'release-hold cart-web'))).toContain('no longer on hold');
    expect(await door.deps.releases.holds(cart)).toEqual([]);
  });
});

describe('freezes', () => {
  it('stop the rollbacks of the levels they name, and offer the others', async () => {
    await door.type('dana', 'freeze cart-web level 3 for 2h because “quarter close”');
    const frozen = await door.type('mara', 'cart-web level 3 because payments fail');
    expect(textOf(frozen)).toMatch(/Not started: .*frozen until .* by @?Dana \(“quarter close”\).*Open: level 2/);
    expect(textOf(frozen)).toContain('level 2');
    expect(runOf(await door.type('mara', 'cart-web level 2 because payments fail'))).toBeTruthy();
  });

  it('stop deployments, say so at the gate, and end by themselves', async () => {
    await door.type('dana', 'freeze cart-web for 10m because quarter close');
    expect(await door.type('mara', 'gate cart-web 2.14.0')).toMatchObject({ outcome: 'refused' });
    await door.pass(601_000);
    expect(await door.type('mara', 'gate cart-web 2.14.0')).toMatchObject({ outcome: 'ok' });
  });

  it.each(['freeze checkout-api because quarter close', 'unfreeze checkout-api', 'candidates checkout-api'])(
    '%s asks which environment',
    async text => {
      expect(textOf(await door.type('dana', text))).toMatch(
        /say which environment of checkout-api.*production, staging/,
      );
    },
  );
});

describe('show SERVICE RELEASE', () => {
  it('shows one release in full, by its version or key, and offers to go back to it', async () => {
    await ran('2.13.2', '2.14.0');
    await graded('2.13.2', 'verified');
    for (const text of ['show cart-web 2.13.2', 'show cart-web in production k2132', '查看 cart-web 2.13.2']) {
      const reply = await door.type('mara', text);
      expect(textOf(reply)).toMatch(/cart-web · production: 2\.13\.2[\s\S]*verified by [\s\S]*suggested[\s\S]*commit/);
      expect(reply).toMatchObject({ data: { release: { key: 'k2132' }, verdict: 'suggested' } });
    }
    expect(textOf(await door.type('mara', 'show cart-web 2.14.0'))).toMatch(/may not be taken: this is what runs now/);
  });

  it.each([
    ['show cart-web 9.9.9', /9\.9\.9/],
    ['show cart-web', /RELEASE/],
    ['show checkout-api 1.0.0', /environment/],
    ['show R-0000 2.13.2', /2\.13\.2/],
  ])('%s is refused with what is wrong', async (text, said) => {
    await ran('2.13.2', '2.14.0');
    const reply = await door.type('mara', text);
    expect(reply).toMatchObject({ outcome: 'usage' });
    expect(textOf(reply)).toMatch(said);
  });
});

describe('runs', () => {
  it('are named by their id or the end of it; several that fit are listed', async () => {
    const run = runOf(await door.type('mara', 'cart-web level 2 because abc'));
    for (const name of [run, run.toLowerCase(), shortRunId(run), shortRunId(run).slice(2).toLowerCase()])
      expect(textOf(await door.type('mara', `show ${name}`))).toContain('cart-web · production');
    expect(textOf(await door.type('mara', 'show R-0000'))).toContain('no run is called R-0000');
    const twin = `01JZZZZZZZZZZZZZZZZZZZ${run.slice(-4)}` as typeof run;
    const { request } = await door.run(run);
    const other = { ...request, target: targetId('orders', 'prod') };
    const notAfter = (await door.deps.runs.now()) + 1_000;
    await door.deps.runs.create({ id: twin, request: other, idempotencyKey: 'twin', notAfter, posts: [] });
    const both = await door.type('mara', `show ${shortRunId(run)}`);
    expect(both).toMatchObject({ outcome: 'usage' });
    expect(textOf(both)).toContain(`R-${run.slice(-8)}`);
    expect(textOf(both)).toContain(`R-${twin.slice(-8)}`);
  });

  it('cancel: before anything was touched the run ends; while it acts it is asked to stop, once', async () => {
    const run = await door.ask(runOf(await door.type('mara', 'cart-web level 2 because abc')));
    await door.press('jon', 'run-approve', cardValue(run));
    await door.drive(run.id, [
      { kind: 'preflight-started', worker: 'w', fence: 1, status: 'preflight' },
      { kind: 'execution-started', status: 'executing' },
    ]);
    const stop = { reason: 'it is the wrong service' };
    for (const _ of [1, 2])
      expect(textOf(await door.submit('mara', 'stop', cardValue(run), stop))).toContain('stops when');
    expect(await door.run(run.id)).toMatchObject({ status: 'executing', stopAsked: true });
    const other = runOf(await door.type('mara', 'orders in prod level 2 because abc'));
    expect(textOf(await door.type('mara', `cancel ${other} because wrong one`))).toContain('is cancelled');
    expect(await door.run(other)).toMatchObject({ status: 'cancelled', reason: { detail: 'wrong one' } });
  });

  /** A run of cart-web that went from 2.14.0 to 2.13.2 and was verified. */
  async function done() {
    const run = await door.ask(runOf(await door.type('mara', 'cart-web level 2 because abc')));
    await door.press('jon', 'run-approve', cardValue(run));
    await door.drive(run.id, [
      { kind: 'preflight-started', worker: 'w', fence: 1, status: 'preflight' },
      { kind: 'execution-started', status: 'executing' },
      { kind: 'executed', status: 'verifying' },
    ]);
    return run.id;
  }

  it('a box of the checklist is answered once, by name', async () => {
    const id = await done();
    const value = cardValue(await door.run(id), '0');
    expect(textOf(await door.press('jon', 'check-pass', value))).toContain('Payments work');
    expect(textOf(await door.press('lee', 'check-fail', value))).toContain('decided already');
    expect((await door.run(id)).ticks).toEqual({ box: true });
  });

  it('undo: the latest run only, with a warning of a known-bad release, by the same approval', async () => {
    await ran('2.13.2', '2.14.0');
    await graded('2.14.0', 'bad');
    const id = await done();
    expect(textOf(await door.type('jon', `undo ${id} because wrong`))).toContain('is not over yet');
    expect(textOf(await door.type('jon', `resolve ${id} put-back because abc`))).toContain(
      'does not wait for a decision',
    );
    const by = { kind: 'system', name: 'w' } as const;
    await door.drive(id, [{ kind: 'ended', status: 'succeeded', reason: null, by }]);
    await door.type('dana', 'freeze cart-web level 2 because audit');
    expect(textOf(await door.type('jon', `undo ${id} because wrong`))).toContain('are frozen');
    await door.type('dana', 'unfreeze cart-web');
    const form = await door.press('jon', 'run-undo', cardValue(await door.run(id)));
    if (form.kind !== 'form') throw new Error(textOf(form));
    expect(JSON.stringify(form.form.blocks)).toContain('2.14.0 is known to be bad');
    const reply = await door.submit('jon', 'undo', form.form.metadata, { reason: 'the fix is worse' });
    expect(textOf(reply)).toContain('2.14.0 is known to be bad');
    const undoing = await door.run(runOf(reply));
    expect(undoing.request).toMatchObject({ undoOf: id, causedBy: id, release: 'k2140', level: 2 });
    await door.drive(undoing.id, [{ kind: 'ended', status: 'cancelled', reason: null, by }]);
    const later = await done();
    await door.drive(later, [{ kind: 'ended', status: 'succeeded', reason: null, by }]);
    expect(textOf(await door.type('jon', `undo ${id} because wrong`))).toContain(`that is ${shortRunId(later)}`);
  });

  it('next level: closes the stopped run as partial and opens a linked one with the next floor, once', async () => {
    const run = await door.ask(runOf(await door.type('mara', 'cart-web level 2 because abc')));
    await door.press('jon', 'run-approve', cardValue(run));
    await door.drive(run.id, [
      { kind: 'preflight-started', worker: 'w', fence: 1, status: 'preflight' },
      { kind: 'execution-started', status: 'executing' },
      { kind: 'stopped', reason: reason('step-failed'), now: [], byHand: [], status: 'needs-operator' },
    ]);
    const value = cardValue(await door.run(run.id));
    const both = await Promise.all(
      ['jon', 'lee'].map(who => door.submit(who, 'next-level', value, { reason: 'code then' })),
    );
    const begun = both.filter(reply => reply.kind === 'say' && reply.outcome === undefined);
    expect(begun.length).toBeGreaterThanOrEqual(1);
    const [linked, ...others] = (await door.runs()).filter(({ status }) => status === 'requested');
    expect(others).toEqual([]);
    expect(linked?.request).toMatchObject({ floor: 3, causedBy: run.id, level: null, reason: 'code then' });
    expect(await door.run(run.id)).toMatchObject({ status: 'partial', next: linked?.id });
  });

  it('next level: goes by the catalogue of today, and where that has the target no more, nothing is closed', async () => {
    const asked = await door.ask(runOf(await door.type('mara', 'cart-web level 2 because abc')));
    await door.press('jon', 'run-approve', cardValue(asked));
    const stopped = await door.drive(asked.id, [
      { kind: 'preflight-started', worker: 'w', fence: 1, status: 'preflight' },
      { kind: 'execution-started', status: 'executing' },
      { kind: 'stopped', reason: reason('step-failed'), now: [], byHand: [], status: 'needs-operator' },
    ]);
    const service = door.catalogue.services['cart-web'];
    if (!service) throw new Error('no cart-web');
    const { 'cart-web': _gone, ...others } = door.catalogue.services;
    const rows = [others, { ...others, 'cart-web': { ...service, environments: {} } }];
    for (const [index, services] of rows.entries()) {
      await door.publish({ ...door.catalogue, hash: `without-${index}`, services });
      const reply = await door.type('jon', `resolve ${asked.id} next-level because code then`);
      expect(textOf(reply)).toContain('no service is called cart-web/production');
      expect(await door.run(asked.id)).toEqual(stopped);
      expect((await door.runs()).length).toBe(1);
    }
    const today = { mode: 'observe', channel: 'C000000009', runsOn: 'w9' } as const;
    const environments = { production: target('cart-web', 'production', today) };
    const services = { ...others, 'cart-web': { ...service, environments } };
    await door.publish({ ...door.catalogue, hash: 'moved', services });
    const early = await door.type('jon', `resolve ${asked.id} next-level because code then`);
    expect(textOf(early)).toContain('w9');
    expect(await door.run(asked.id)).toEqual(stopped);
    await door.deps.runs.announce('w9', 60_000);
    const linked = await door.run(runOf(await door.type('jon', `resolve ${asked.id} next-level because code then`)));
    expect(linked.request).toMatchObject({ ...today, catalogue: 'moved', floor: 3, causedBy: asked.id });
    expect(await door.run(asked.id)).toMatchObject({ status: 'partial', next: linked.id });
  });

  it('history tells the parts of each run that is over', async () => {
    const id = runOf(await door.type('mara', 'cart-web level 2 because abc'));
    await door.type('mara', `cancel ${id}`);
    expect(textOf(await door.type('jon', 'history cart-web'))).toContain(shortRunId(id));
    expect(textOf(await door.type('jon', 'history orders'))).not.toContain(shortRunId(id));
  });
});

describe('proposals', () => {
  it('a field that nobody touched keeps what the form was filled in with', async () => {
    await ran('2.13.2', '2.14.0');
    await graded('2.13.2', 'verified');
    const form = await door.press('mara', 'proposal-take', buttonValue(await proposed(), 1));
    if (form.kind !== 'form') throw new Error(textOf(form));
    const untouched = { service: null, environment: null, release: null, level: null, scenario: null, reason: null };
    const reply = await door.submit('mara', 'request', form.form.metadata, untouched);
    const { request } = await door.run(runOf(reply));
    expect(request).toMatchObject({ target: 'cart-web/production', release: 'k2132' });
    expect(request.reason).not.toBe('');
  });

  it('the form opens filled in, whoever clicks is the requester, and the run knows its alert', async () => {
    await ran('2.13.2', '2.14.0');
    await graded('2.13.2', 'verified');
    const id = await proposed();
    const form = await door.press('mara', 'proposal-take', buttonValue(id, 1));
    if (form.kind !== 'form') throw new Error(textOf(form));
    const values = { service: 'cart-web', environment: 'production', release: 'k2132', level: '3', scenario: 'alert' };
    const reply = await door.submit('mara', 'request', form.form.metadata, { ...values, reason: '5xx since 03:07' });
    const { request } = await door.run(runOf(reply));
    expect(request).toMatchObject({
      ...{ proposal: id, episode: 'f1', suspectRelease: 'k2140', release: 'k2132', scenario: 'alert' },
      by: { person: 'mara' },
    });
    expect(request.detectedAt).not.toBeNull();
    expect(await door.deps.alerts.proposal(id)).toMatchObject({ status: 'taken', run: runOf(reply) });
    expect(textOf(await door.press('jon', 'proposal-take', buttonValue(id, 1)))).toContain('cart-web · production');
  });

  it('one that cannot be closed does not hide the run that was begun from it', async () => {
    await ran('2.13.2', '2.14.0');
    await graded('2.13.2', 'verified');
    const form = await door.press('mara', 'proposal-take', buttonValue(await proposed(), 1));
    if (form.kind !== 'form') throw new Error(textOf(form));
    const { alerts } = door.deps;
    const { close } = alerts;
    Object.assign(alerts, { close: () => Promise.reject(new Refusal(reason('not-confirmed'))) });
    const reply = await door.submit('mara', 'request', form.form.metadata, {});
    Object.assign(alerts, { close });
    expect((await door.run(runOf(reply))).request.release).toBe('k2132');
  });

  it('*Not now* closes it once', async () => {
    const id = await proposed();
    expect(textOf(await door.press('mara', 'proposal-dismiss', buttonValue(id, 1)))).toContain('Put aside');
    expect(textOf(await door.press('jon', 'proposal-dismiss', buttonValue(id, 1)))).toContain('out of date');
    expect(await door.deps.alerts.proposal(id)).toMatchObject({ status: 'dismissed' });
  });
});

describe('care', () => {
  it('reload says what is wrong and that the catalogue before stays', async () => {
    const problem = { line: 3, column: 5, path: 'services', message: 'unknown step', suggestion: null };
    door.world.reload = { kind: 'refused', data: { file: 'backout.yaml', problems: [problem], kept: true } };
    const reply = await door.type('dana', 'reload');
    expect(reply).toMatchObject({ outcome: 'refused' });
    expect(textOf(reply)).toContain('unknown step');
  });

  it('doctor tells what it found', async () => {
    const found = { subject: 'Redis', state: 'broken', message: 'no persistence', remedy: 'turn it on' } as const;
    door.world.probes = [{ subject: 'Redis', look: async () => [found] }];
    const reply = await door.type('mara', 'doctor');
    door.world.probes = [];
    expect(reply).toMatchObject({ outcome: 'refused' });
    expect(textOf(reply)).toContain('turn it on');
  });

  it('doctor never says that all is well where a probe fails, gives up, or never ends', async () => {
    const fine = { subject: 'Redis', state: 'ok', message: 'persists', remedy: null } as const;
    const gaveUp = ({ signal }: { signal: AbortSignal }) =>
      new Promise<never>((_, failed) => signal.addEventListener('abort', () => failed(signal.reason)));
    door.world.probes = [
      { subject: 'Redis', look: async () => [fine] },
      { subject: 'Kubernetes', look: gaveUp },
      { subject: 'Helm', look: () => new Promise<never>(() => undefined) },
      { subject: 'Slack', look: () => Promise.reject(new Error('an answer of another shape')) },
    ];
    const reply = await door.type('mara', 'doctor');
    door.world.probes = [];
    expect(reply).toMatchObject({ outcome: 'refused' });
    expect(textOf(reply)).toContain('0 broken, 0 to look at, 3 unknown');
    expect(textOf(reply)).toMatch(/Kubernetes.*in time[\s\S]*Helm.*in time[\s\S]*Slack.*[\s\S]*Redis/);
  });

  it('speaks the language of the person, else of Slack, else of the catalogue', async () => {
    const people = door.catalogue.people.map(one => (one.id === 'mara' ? { ...one, locale: 'zh-CN' as const } : one));
    await door.publish({ ...door.catalogue, hash: 'zh', people });
    expect(textOf(await door.type('mara', 'chekout because abc'))).toContain('没有名为');
    expect(textOf(await door.type('jon', 'chekout because abc'))).toContain('no service');
    await door.publish({ ...door.catalogue, hash: 'zh2', locale: 'zh-CN' });
    expect(textOf(await door.type('$jon', 'chekout because abc'))).toContain('没有名为');
  });
});
