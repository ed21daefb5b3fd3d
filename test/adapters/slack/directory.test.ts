import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createClients } from '../../../src/adapters/slack/clients.ts';
import { createDirectory } from '../../../src/adapters/slack/directory.ts';
import { createIdentity } from '../../../src/adapters/slack/identity.ts';
import { createSlackProbe } from '../../../src/adapters/slack/probe.ts';
import { scopes } from '../../../src/adapters/slack/scopes.ts';
import type { Directory } from '../../../src/ports/directory.ts';
import { type SlackRig, startSlackRig } from '../../fakes/slack/rig.ts';
import { keptLog } from './door.ts';

let slack: SlackRig;
let directory: Directory;
let now = 1_000_000;

const setUp = async () => {
  const log = keptLog();
  const { interactive: client } = await createClients({ botToken: slack.bot.token, apiUrl: slack.apiUrl }, log);
  return { client, log, identity: createIdentity(client, log), clock: { now: () => now } };
};

beforeAll(async () => {
  slack = await startSlackRig({
    users: ['mara', 'jon', 'lee', 'gus', 'rob', 'out'],
    channels: [
      'ops',
      { name: 'elsewhere', bot: false },
      { name: 'old', is_archived: true },
      { name: 'shared', is_ext_shared: true },
    ],
    groups: { 'sre-oncall': ['jon', 'lee'] },
  });
});
afterAll(() => slack.close());
beforeEach(async () => {
  now += 1_000_000;
  slack.faults.clear();
  directory = createDirectory(await setUp());
});

describe('who is who', () => {
  const traits: [string, Parameters<SlackRig['setUser']>[1], object][] = [
    ['mara', { locale: 'zh-CN' }, { deleted: false, bot: false, guest: false, outside: false, locale: 'zh-CN' }],
    ['jon', { deleted: true }, { deleted: true }],
    ['gus', { is_restricted: true }, { guest: true }],
    ['lee', { is_ultra_restricted: true }, { guest: true }],
    ['rob', { is_bot: true }, { bot: true }],
    ['out', { team_id: 'T0OTHER' }, { outside: true }],
  ];
  it.each(traits)('%s with %o', async (name, given, want) => {
    slack.setUser(name, given);
    expect(await directory.user(slack.user(name))).toMatchObject({ id: slack.user(name), ...want });
  });

  it('nobody behind an unknown id', async () => {
    expect(await directory.user('U0NOBODY')).toBeNull();
  });
});

describe('case 4: a group’s members', () => {
  it('are asked again at the click, once for clicks that come together', async () => {
    const group = slack.group('sre-oncall');
    const before = slack.calls('usergroups.users.list').length;
    const [one, two] = await Promise.all([directory.groupMembers(group), directory.groupMembers(group)]);
    expect(one).toEqual([slack.user('jon'), slack.user('lee')]);
    expect(two).toEqual(one);
    expect(slack.calls('usergroups.users.list')).toHaveLength(before + 1);
    slack.setGroup('sre-oncall', ['lee']);
    now += 3001;
    expect(await directory.groupMembers(group)).toEqual([slack.user('lee')]);
    slack.setGroup('sre-oncall', ['jon', 'lee']);
  });

  it.each([
    { kind: 'status', status: 500 },
    { kind: 'rate-limit', retryAfter: 30 },
  ] as const)('stand for 60 s while Slack answers %o, and are refused after', async fault => {
    const group = slack.group('sre-oncall');
    await directory.groupMembers(group);
    slack.faults.add('usergroups.users.list', fault);
    now += 59_000;
    expect(await directory.groupMembers(group)).toHaveLength(2);
    now += 2000;
    await expect(directory.groupMembers(group)).rejects.toMatchObject({ reason: { code: 'membership-unknown' } });
    slack.faults.clear();
    expect(await directory.groupMembers(group)).toHaveLength(2);
  });

  it('are nobody for a group that does not exist, and unknown without paid groups', async () => {
    expect(await directory.groupMembers('S0GONE')).toEqual([]);
    slack.faults.add('usergroups.users.list', { kind: 'error', error: 'plan_upgrade_required' });
    await expect(directory.groupMembers('S0PAID')).rejects.toMatchObject({
      reason: { code: 'membership-unknown', detail: 'plan_upgrade_required' },
    });
  });
});

describe('doctor', () => {
  const signal = AbortSignal.timeout(30_000);

  it('says where the bot is missing, with what to do', async () => {
    const { client } = await setUp();
    const names = ['ops', 'elsewhere', 'old', 'shared'];
    const channels = async () => [...names.map(name => slack.channel(name)), 'C0NOWHERE'];
    const findings = await createSlackProbe({ client, channels, socketTrouble: () => null })({ signal });
    expect(findings.map(({ state }) => state)).toEqual(['ok', 'ok', 'broken', 'broken', 'warning', 'broken']);
    expect(findings[2]).toMatchObject({
      message: 'the bot is not a member of #elsewhere',
      remedy: expect.stringContaining('/invite'),
    });
    expect(findings[3]?.message).toContain('archived');
  });

  it('names scopes that are missing with their reason, and a revoked token', async () => {
    const { client } = await setUp();
    const probe = createSlackProbe({ client, channels: async () => [], socketTrouble: () => 'not connected yet' });
    slack.workspace.scopes = scopes.filter(scope => scope !== 'usergroups:read');
    const findings = await probe({ signal });
    expect(findings.map(({ subject, state }) => `${subject}: ${state}`)).toEqual([
      'Slack token: ok',
      'Slack scope usergroups:read: broken',
      'Slack Socket Mode: broken',
    ]);
    slack.faults.add('auth.test', { kind: 'error', error: 'token_revoked' }, { times: 1 });
    expect((await probe({ signal }))[0]).toMatchObject({ state: 'broken', message: 'Slack answered: token_revoked' });
  });
});
