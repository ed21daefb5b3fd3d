import { describe, expect, it } from 'vitest';
import { targetId } from '../../src/domain/ids.ts';
import { note } from '../../src/domain/note.ts';
import type { Grade, Hold, ObservedReleases, Release } from '../../src/domain/release.ts';
import { type CandidateQuestion, listCandidates } from '../../src/plan/candidates.ts';

const target = targetId('shop', 'production');
const hour = 3_600_000;
const now = 1_000 * hour;

/** Releases by version and grade, newest first; the first is live, each was live for an hour. */
function releases(...named: readonly (readonly [version: string, grade: Grade])[]): Release[] {
  return named.map(([version, grade], at) => ({
    target,
    key: version,
    version,
    identity: {},
    spans: [{ from: now - (at + 1) * hour, until: at === 0 ? null : now - at * hour, soakedMs: 0 }],
    deployment: null,
    grade,
    gradeNote: note('x'),
    gradedAt: now - (at + 1) * hour,
    gradedBy: null,
    firstSeen: now - (at + 1) * hour,
  }));
}

function asked(of: Release[], more: Partial<CandidateQuestion> = {}): Record<string, string> {
  const question = { releases: of, observed: null, holds: [], suspect: null, automatic: false, now, ...more };
  return Object.fromEntries(
    listCandidates(question).map(({ release, verdict, why }) => [release.version, `${verdict} ${why.code}`]),
  );
}

const hold = (releaseKey: string): Hold => ({
  target,
  releaseKey,
  version: releaseKey,
  since: 0,
  by: 'Mara',
  reason: 'it failed',
  run: null,
});

function holding(keys: readonly string[], missing: readonly string[] = []): ObservedReleases {
  const history = keys.map(key => ({
    key,
    version: key,
    identity: {},
    createdAt: null,
    missing: missing.includes(key) ? note('image-missing') : null,
  }));
  return { current: null, settled: true, history };
}

describe('candidates', () => {
  it('the newest verified or soaked release is suggested, never the running one (inventory 373)', () => {
    expect(asked(releases(['v1.10', 'verified'], ['v1.9', 'soaked'], ['v1.8', 'verified']))).toEqual({
      'v1.10': 'no candidate-current',
      'v1.9': 'suggested candidate-newest-good',
      'v1.8': 'open candidate-good',
    });
  });

  it('the order is that of going live, not of version strings (inventory 371, 372)', () => {
    const listed = asked(releases(['v2', 'unproven'], ['v1.10', 'verified'], ['v1.9', 'verified']));
    expect(Object.keys(listed)).toEqual(['v2', 'v1.10', 'v1.9']);
    expect(listed['v1.10']).toBe('suggested candidate-newest-good');
  });

  it('an older good release goes before a newer inferred one', () => {
    expect(asked(releases(['d', 'unproven'], ['c', 'inferred'], ['b', 'bad'], ['a', 'soaked']))).toEqual({
      d: 'no candidate-current',
      c: 'open candidate-inferred',
      b: 'no candidate-bad',
      a: 'suggested candidate-newest-good',
    });
  });

  it('without a good one the newest inferred is suggested, but not to automatic rollback', () => {
    const of = releases(['c', 'unproven'], ['b', 'inferred'], ['a', 'inferred']);
    expect(asked(of).b).toBe('suggested candidate-newest-inferred');
    expect(asked(of, { automatic: true }).b).toBe('open candidate-inferred');
  });

  it('unproven and suspect ones are only taken when named', () => {
    expect(asked(releases(['c', 'unproven'], ['b', 'unproven'], ['a', 'suspect']))).toEqual({
      c: 'no candidate-current',
      b: 'named candidate-unproven',
      a: 'named candidate-suspect',
    });
  });

  it('is older than what was live when the trouble began', () => {
    const of = releases(['c', 'verified'], ['b', 'verified'], ['a', 'verified']);
    expect(asked(of, { suspect: 'b' })).toEqual({
      c: 'no candidate-current',
      b: 'named candidate-newer',
      a: 'suggested candidate-newest-good',
    });
  });

  it('one on hold, with parts missing or not kept any more is skipped, with why', () => {
    const of = releases(['d', 'unproven'], ['c', 'verified'], ['b', 'verified'], ['a', 'verified'], ['z', 'verified']);
    expect(asked(of, { holds: [hold('c')], observed: holding(['c', 'b', 'z'], ['b']) })).toEqual({
      d: 'no candidate-current',
      c: 'no candidate-on-hold',
      b: 'no image-missing',
      a: 'no candidate-not-kept',
      z: 'suggested candidate-newest-good',
    });
  });

  it('where nobody asks the target, its latest look counts', () => {
    const [d, c, b, a] = releases(['d', 'unproven'], ['c', 'verified'], ['b', 'verified'], ['a', 'verified']);
    if (!d || !c || !b || !a) throw new Error('four releases');
    const there = { missing: null, shown: {} };
    const known = [
      d,
      { ...c, seen: { ...there, missing: note('image-missing') } },
      { ...b, seen: null },
      { ...a, seen: there },
    ];
    expect(asked(known)).toEqual({
      d: 'no candidate-current',
      c: 'no image-missing',
      b: 'no candidate-not-kept',
      a: 'suggested candidate-newest-good',
    });
    expect(asked(known, { observed: holding(['c']) })).toMatchObject({ a: 'no candidate-not-kept' });
  });

  it('automatic rollback takes a soaked release only a day after', () => {
    const of = releases(['c', 'unproven'], ['b', 'soaked'], ['a', 'verified']);
    expect(asked(of, { automatic: true })).toMatchObject({
      b: 'named candidate-too-young',
      a: 'suggested candidate-newest-good',
    });
    expect(asked(of, { automatic: true, now: now + 24 * hour }).b).toBe('suggested candidate-newest-good');
  });
});
