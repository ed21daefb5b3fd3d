import { expect, it } from 'vitest';
import { refuseQuorum } from '../../src/approve/quorum.ts';
import { personId } from '../../src/domain/ids.ts';
import { nobodyInSlack, slackUnasked } from '../../src/main/slack.ts';
import { person, testCatalogue } from '../commands/catalogue.ts';

/** Two people whose only way in is Slack. */
const catalogue = testCatalogue({
  people: [person('ann', ['UANN'], []), person('bo', ['UBO'], [])],
  roles: { pair: { name: 'pair', people: ['ann', 'bo'].map(personId), slackGroups: [] } },
});
const seats = [{ role: 'pair', count: 2 }];
const rule = { name: 'r', seats, requesterExcluded: false, withinMs: 1, remindBeforeMs: 0 };

it.each([
  ['asks people that only the bot can find in Slack', slackUnasked, null],
  ['refuses them where there is no Slack at all', nobodyInSlack, 'quorum-unreachable'],
] as const)('a worker without a token %s', async (_, directory, code) => {
  expect((await refuseQuorum({ directory }, [catalogue], rule, null))?.code ?? null).toBe(code);
});
