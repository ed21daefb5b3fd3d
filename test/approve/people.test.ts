import { describe, expect, it } from 'vitest';
import { identify, recognise, refusePermission, rolesOf } from '../../src/approve/identity.ts';
import { refuseQuorum } from '../../src/approve/quorum.ts';
import { findRule, type RuleFacts } from '../../src/approve/rules.ts';
import type { ApprovalRule } from '../../src/domain/approval.ts';
import { everyone } from '../../src/domain/catalogue.ts';
import { personId } from '../../src/domain/ids.ts';
import { Refusal, reason } from '../../src/domain/reason.ts';
import type { Directory, SlackUser } from '../../src/ports/directory.ts';
import type { Visitor } from '../../src/ports/inbound.ts';
import { person, testCatalogue } from '../commands/catalogue.ts';

const member: SlackUser = {
  ...{ id: 'UX', name: 'someone', deleted: false, bot: false, guest: false, outside: false },
  ...{ locale: null, mail: null },
};
const slack = (user: string, outside = false): Visitor => ({ via: 'slack', user, team: 'T', outside });
const terminal = (account: string): Visitor => ({ via: 'cli', account });
const catalogue = testCatalogue({
  people: [
    person('jon', ['UJON', 'UJON2'], ['jon', 'root']),
    person('lee'),
    { ...person('ada', []), mail: 'Ada@Shop.example' },
  ],
  roles: {
    oncall: { name: 'oncall', people: [personId('lee')], slackGroups: ['S1'] },
    duo: { name: 'duo', people: [], slackGroups: ['S2'] },
  },
});

describe('who somebody is', () => {
  it.each([
    ['a listed person in Slack', slack('UJON'), member, 'jon'],
    ['the same with another account', slack('UJON2'), member, 'jon'],
    ['the same on a terminal', terminal('root'), null, 'jon'],
    ['a full member who is not listed', slack('UX'), member, 'slack:UX'],
    ['a person listed by mail only', slack('UADA'), { ...member, mail: 'ada@shop.EXAMPLE' }, 'ada'],
    [
      'somebody with the mail of a person who is listed by user',
      slack('UX'),
      { ...member, mail: 'lee@shop.example' },
      'slack:UX',
    ],
    ['an account that nobody listed', terminal('nobody'), null, 'os:nobody'],
    ['somebody from outside', slack('UX', true), member, 'outside-user'],
    ['somebody whom Slack calls an outsider', slack('UX'), { ...member, outside: true }, 'outside-user'],
    ['a guest', slack('UX'), { ...member, guest: true }, 'outside-user'],
    ['a bot', slack('UX'), { ...member, bot: true }, 'not-a-person'],
    ['a deactivated user', slack('UX'), { ...member, deleted: true }, 'deactivated-user'],
    ['a listed person who was deactivated', slack('UJON'), { ...member, deleted: true }, 'deactivated-user'],
    ['a user whom Slack does not know', slack('UX'), null, 'not-a-person'],
  ] as const)('%s', (_, visitor, user, expected) => {
    const found = identify(catalogue, visitor, user);
    expect(found.kind === 'member' ? found.member.id : found.reason.code).toBe(expected);
  });

  it('cannot be told while Slack does not answer', async () => {
    const found = await recognise({ directory: silent }, catalogue, slack('UJON'));
    expect(found).toMatchObject({ kind: 'refused', reason: { code: 'membership-unknown' } });
    expect((await recognise({ directory: silent }, catalogue, terminal('jon'))).kind).toBe('member');
  });
});

const silent: Directory = {
  user: async () => Promise.reject(new Refusal(reason('membership-unknown'))),
  groupMembers: async () => Promise.reject(new Refusal(reason('membership-unknown'))),
};
const groups: Readonly<Record<string, readonly string[]>> = { S1: ['UJON2'], S2: ['UJON', 'UGONE'] };
const directory: Directory = {
  user: async id => ({ ...member, id, deleted: id === 'UGONE' }),
  groupMembers: async id => groups[id] ?? [],
};
const jon = {
  id: personId('jon'),
  name: 'Jon',
  via: 'cli',
  slack: null,
  slackIds: ['UJON', 'UJON2'],
  locale: null,
  full: true,
} as const;

describe('what somebody may do', () => {
  it('holds roles by name and by any of their Slack accounts', async () => {
    expect(await rolesOf({ directory }, catalogue, jon)).toEqual({ held: ['duo', everyone, 'oncall'], unknown: [] });
  });

  it('does not guess a role that only Slack could confirm', async () => {
    expect(await rolesOf({ directory: silent }, catalogue, jon)).toEqual({
      held: [everyone],
      unknown: ['duo', 'oncall'],
    });
    const lee = { ...jon, id: personId('lee') };
    expect((await rolesOf({ directory: silent }, catalogue, lee)).held).toContain('oncall');
  });

  it.each([
    [['duo'], directory, null],
    [[everyone], silent, null],
    [['admins'], directory, 'not-allowed'],
    [['duo'], silent, 'membership-unknown'],
  ] as const)('%j', async (roles, asked, refusal) => {
    const permissions = { ...catalogue.permissions, cancel: roles };
    const why = await refusePermission({ directory: asked }, { ...catalogue, permissions }, jon, 'cancel');
    expect(why?.code ?? null).toBe(refusal);
  });
});

describe('a quorum, before anybody is asked', () => {
  const rule = (seats: ApprovalRule['seats'], requesterExcluded = true): ApprovalRule => ({
    ...{ name: 'r', seats, requesterExcluded, withinMs: 1, remindBeforeMs: 0 },
  });
  it.each([
    ['one of a role', rule([{ role: 'oncall', count: 1 }]), 'jon', null],
    ['the requester alone holds it', rule([{ role: 'duo', count: 1 }]), 'jon', { role: 'duo', needed: 1, have: 0 }],
    ['the requester may', rule([{ role: 'duo', count: 1 }], false), 'jon', null],
    [
      'a deactivated member does not count',
      rule([{ role: 'duo', count: 2 }], false),
      null,
      { role: 'duo', needed: 2, have: 1 },
    ],
    [
      'one person for two seats',
      rule([
        { role: 'duo', count: 1 },
        { role: 'oncall', count: 2 },
      ]),
      null,
      { role: 'oncall', needed: 2, have: 1 },
    ],
    ['everyone', rule([{ role: everyone, count: 3 }]), 'jon', null],
    ['a role that is not there', rule([{ role: 'ghosts', count: 1 }]), null, { role: 'ghosts', needed: 1, have: 0 }],
  ] as const)('%s', async (_, asked, requester, facts) => {
    const why = await refuseQuorum({ directory }, [catalogue], asked, requester && personId(requester));
    expect(why?.facts ?? null).toEqual(facts);
  });

  it('must hold under the run’s catalogue and today’s', async () => {
    const today = {
      ...catalogue,
      roles: { ...catalogue.roles, oncall: { name: 'oncall', people: [], slackGroups: [] } },
    };
    const why = await refuseQuorum({ directory }, [catalogue, today], rule([{ role: 'oncall', count: 1 }]), null);
    expect(why?.code).toBe('quorum-unreachable');
  });

  it('is not refused because Slack does not answer', async () => {
    expect(await refuseQuorum({ directory: silent }, [catalogue], rule([{ role: 'duo', count: 1 }]), null)).toBeNull();
  });
});

describe('the rule of a rollback', () => {
  const base = { seats: [{ role: 'oncall', count: 1 }], requesterExcluded: true, withinMs: 1, remindBeforeMs: 0 };
  const any = { services: null, environments: null, levels: null, scenarios: null };
  const rules = [
    { ...base, ...any, name: 'staging', environments: ['staging'], seats: [] },
    { ...base, ...any, name: 'data', levels: [4 as const] },
    { ...base, ...any, name: 'security', services: ['shop'], scenarios: ['security'] },
  ];
  const facts: RuleFacts = {
    service: 'shop',
    environment: 'production',
    level: 3,
    scenario: 'other',
    to: null,
    undo: false,
  };
  it.each([
    [{ environment: 'staging' }, 'staging', 0],
    [{ environment: 'staging', level: 4 }, 'staging', 0],
    [{ level: 4 }, 'data', 1],
    [{ scenario: 'security' }, 'security', 1],
    [{ scenario: 'security', service: 'cart' }, null, 0],
    [{}, null, 0],
    [{ level: 4, to: { grade: 'unproven' } }, 'data', 2],
    [{ level: 4, to: { grade: 'verified' } }, 'data', 1],
    [{ environment: 'staging', to: { grade: 'suspect' } }, 'staging', 1],
    [{ level: 4, to: { grade: 'bad' }, undo: true }, 'data', 1],
  ] as const)('%j', (change, name, people) => {
    const rule = findRule({ rules }, { ...facts, ...change });
    expect(rule?.name ?? null).toBe(name);
    expect(rule?.seats.reduce((sum, { count }) => sum + count, 0) ?? 0).toBe(people);
  });
});
