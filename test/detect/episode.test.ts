import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyAlert } from '../../src/detect/episode.ts';
import { mayPropose } from '../../src/detect/proposal.ts';
import type { Alert, AlertStatus, Episode } from '../../src/domain/alert.ts';
import { targetId } from '../../src/domain/ids.ts';

const target = targetId('shop', 'production');

function alert(
  status: AlertStatus,
  startsAt: number | null,
  endsAt: number | null = null,
  kind: Alert['kind'] = 'alert',
): Alert {
  return {
    source: 'alertmanager',
    kind,
    status,
    fingerprint: 'f',
    name: 'HighErrorRate',
    severity: 'critical',
    rawSeverity: 'critical',
    service: 'shop',
    environment: 'production',
    startsAt,
    endsAt,
    summary: '5xx',
    labels: {},
    links: [],
  };
}

/** Applies alerts in order, each received a second after the one before; answers the changes and the episode left. */
function told(...alerts: readonly Alert[]): { changes: string[]; episode: Episode | null } {
  let episode: Episode | null = null;
  const changes = alerts.map((one, at) => {
    const step = applyAlert(episode, one, target, 1_000_000 + at * 1_000);
    episode = step.episode ?? episode;
    return step.change;
  });
  return { changes, episode };
}

describe('an episode', () => {
  it.each([
    ['opens once and is repeated', [alert('firing', 100), alert('firing', 100)], ['opened', 'repeated'], null],
    [
      'is the same after the sender restarted with a new start',
      [alert('firing', 100), alert('firing', 500)],
      ['opened', 'repeated'],
      null,
    ],
    ['resolves', [alert('firing', 100), alert('resolved', 100, 900)], ['opened', 'resolved'], 900],
    [
      'resolves once',
      [alert('firing', 100), alert('resolved', 100, 900), alert('resolved', 100, 900)],
      ['opened', 'resolved', 'ignored'],
      900,
    ],
    [
      'is not resolved by a message older than its start',
      [alert('firing', 100), alert('resolved', 50, 90)],
      ['opened', 'ignored'],
      null,
    ],
    [
      'is not opened by a late message',
      [alert('firing', 100), alert('resolved', 100, 900), alert('firing', 100)],
      ['opened', 'resolved', 'ignored'],
      900,
    ],
    [
      'is not opened by a message that its resolution overtook',
      [alert('resolved', 100, 900), alert('firing', 100)],
      ['ignored', 'ignored'],
      900,
    ],
    [
      'opens anew when it fires again',
      [alert('firing', 100), alert('resolved', 100, 900), alert('firing', 950)],
      ['opened', 'resolved', 'opened'],
      null,
    ],
    [
      'is not resolved by missing data',
      [alert('firing', 100), alert('no_data', 100), alert('unknown', 100)],
      ['opened', 'ignored', 'ignored'],
      null,
    ],
    ['is not opened by a test', [alert('firing', 100, null, 'test')], ['ignored'], undefined],
  ] as const)('%s', (_what, alerts, changes, resolvedAt) => {
    const result = told(...alerts);
    expect(result.changes).toEqual(changes);
    expect(result.episode?.resolvedAt).toBe(resolvedAt);
  });

  it('ends resolved exactly where the newest word of the source says so, whatever the order', () => {
    const firings = fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 });
    const property = fc.property(firings, fc.boolean(), fc.infiniteStream(fc.nat()), (starts, open, dice) => {
      const sorted = starts.toSorted((a, b) => a - b);
      const messages = sorted.flatMap((start, at) => {
        const firing = alert('firing', start * 100);
        const ended = alert('resolved', start * 100, start * 100 + 50);
        return at === sorted.length - 1 && open ? [firing] : [firing, ended];
      });
      const last = sorted.at(-1) ?? 0;
      const shuffled = messages.map(message => ({ message, key: dice.next().value })).toSorted((a, b) => a.key - b.key);
      const { episode } = told(...shuffled.map(({ message }) => message), ...messages.slice(-2));
      expect(episode?.resolvedAt).toBe(open ? null : last * 100 + 50);
    });
    fc.assert(property, { numRuns: 300 });
  });

  it.each([
    ['a firing alert of a target', alert('firing', 900_000), target, true],
    ['one without a start', alert('firing', null), target, true],
    ['one that began ten minutes ago', alert('firing', 400_000), target, true],
    ['one that began longer ago', alert('firing', 399_999), target, false],
    ['one that maps to no target', alert('firing', 900_000), null, false],
    ['a test', alert('firing', 900_000, null, 'test'), target, false],
    ['missing data', alert('no_data', 900_000), target, false],
  ] as const)('%s may bring a proposal or not', (_what, one, of, expected) => {
    expect(mayPropose(one, of, 1_000_000)).toBe(expected);
  });
});
