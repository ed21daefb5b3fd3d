import { describe, expect, it } from 'vitest';
import { emptyBook, liveRelease } from '../../src/detect/book.ts';
import { learnReleases } from '../../src/detect/learn.ts';
import { targetId } from '../../src/domain/ids.ts';
import { note } from '../../src/domain/note.ts';
import type { Grade, ObservedRelease, ObservedReleases, ReleaseBook } from '../../src/domain/release.ts';
import type { ReleaseFact } from '../../src/ports/release-store.ts';

const target = targetId('shop', 'production');
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const start = 100 * day;

function shown(key: string, createdAt: number | null = null): ObservedRelease {
  return { key, version: `v-${key}`, identity: { commit: key.padEnd(40, '0') }, createdAt, missing: null };
}

function look(at: number, key: string | null, more: Partial<ObservedReleases> = {}): ReleaseFact {
  const current = key === null ? null : shown(key);
  return { kind: 'seen', at, releases: { current, settled: true, history: [], ...more } };
}

/** Looks every 15 s from `from` for `ms`. */
function looks(from: number, ms: number, key: string, more: Partial<ObservedReleases> = {}): ReleaseFact[] {
  return Array.from({ length: Math.floor(ms / 15_000) + 1 }, (_, at) => look(from + at * 15_000, key, more));
}

function learnt(...facts: (ReleaseFact | readonly ReleaseFact[])[]): ReleaseBook {
  return learnReleases(target, null, facts.flat(), hour) ?? emptyBook(0);
}

function grades(book: ReleaseBook): Record<string, Grade> {
  return Object.fromEntries(book.releases.map(({ version, grade }) => [version, grade]));
}

const graded = (key: string, grade: Grade, at: number, by: string | null = null): ReleaseFact => {
  return { kind: 'graded', key, grade, note: note('graded'), by, at };
};
const deployed = (key: string, at: number, status = 'succeeded' as const, version = `v-${key}`): ReleaseFact => {
  const identity = { commit: key.padEnd(40, '0') };
  return { kind: 'deployed', key: `deployment:${key}`, version, identity, status, by: 'ci', at, url: null };
};
const alerting = (firing: boolean, at: number): ReleaseFact => ({ kind: 'alerting', firing, at });

const rows: readonly [
  what: string,
  facts: readonly (ReleaseFact | readonly ReleaseFact[])[],
  expected: Record<string, Grade>,
][] = [
  ['a first look knows nothing', [look(start, 'a')], { 'v-a': 'unproven' }],
  ['an hour under watch soaks', [looks(start, hour, 'a')], { 'v-a': 'soaked' }],
  ['a quarter of an hour less does not', [looks(start, 45 * minute, 'a')], { 'v-a': 'unproven' }],
  ['blind time does not count', [look(start, 'a'), look(start + 2 * hour, 'a')], { 'v-a': 'unproven' }],
  [
    'blind time only pauses the soak',
    [looks(start, 30 * minute, 'a'), looks(start + 5 * hour, 30 * minute, 'a')],
    { 'v-a': 'soaked' },
  ],
  [
    'time beside another version does not count',
    [looks(start, 2 * hour, 'a', { settled: false })],
    { 'v-a': 'unproven' },
  ],
  [
    'an alert in between starts the soak anew and leaves a doubt',
    [looks(start, 50 * minute, 'a'), alerting(true, start + 50 * minute), looks(start + 51 * minute, 50 * minute, 'a')],
    { 'v-a': 'suspect' },
  ],
  [
    'an alert that clears without a change: soaked again after the whole time',
    [
      looks(start, 50 * minute, 'a'),
      alerting(true, start + 50 * minute),
      alerting(false, start + 55 * minute),
      looks(start + 56 * minute, hour, 'a'),
    ],
    { 'v-a': 'soaked' },
  ],
  [
    'a restart after the start-up starts the soak anew',
    [looks(start, 30 * minute, 'a', { restarts: 0 }), looks(start + 31 * minute, 45 * minute, 'a', { restarts: 1 })],
    { 'v-a': 'unproven' },
  ],
  [
    'a restart while it starts up is forgiven',
    [looks(start, 2 * minute, 'a', { restarts: 0 }), looks(start + 2 * minute + 1, hour, 'a', { restarts: 2 })],
    { 'v-a': 'soaked' },
  ],
  [
    'a crash loop is bad',
    [look(start, 'a'), look(start + 15_000, 'a', { failing: note('crash-loop') })],
    { 'v-a': 'bad' },
  ],
  [
    'a crash loop of a proven release is in doubt only',
    [look(start, 'a'), graded('a', 'verified', start + 1), look(start + 15_000, 'a', { failing: note('crash-loop') })],
    { 'v-a': 'suspect' },
  ],
  [
    'history from before: current for a day until the next one is inferred',
    [
      look(start, 'c', {
        current: shown('c', start - hour),
        history: [shown('b', start - 3 * hour), shown('a', start - 9 * day)],
      }),
    ],
    { 'v-c': 'unproven', 'v-b': 'unproven', 'v-a': 'inferred' },
  ],
  [
    'history from before: one that was gone back from is not inferred',
    [
      look(start, 'a', {
        current: shown('a', start - 9 * day),
        history: [shown('c', start - 2 * day), shown('b', start - 8 * day)],
      }),
    ],
    { 'v-a': 'unproven', 'v-c': 'unproven', 'v-b': 'inferred' },
  ],
  [
    'what ran since before and is left for a newer one is inferred',
    [look(start, 'a', { current: shown('a', start - 3 * day) }), look(start + minute, 'b')],
    { 'v-a': 'inferred', 'v-b': 'unproven' },
  ],
  [
    'whoever goes back makes the one left bad',
    [look(start, 'a'), look(start + hour, 'b'), look(start + 2 * hour, 'a')],
    { 'v-a': 'unproven', 'v-b': 'bad' },
  ],
  [
    'going forward again to the newer one makes nothing bad',
    [look(start, 'a'), look(start + hour, 'b'), look(start + 2 * hour, 'a'), look(start + 3 * hour, 'b')],
    { 'v-a': 'unproven', 'v-b': 'bad' },
  ],
  ['a verdict verifies', [look(start, 'a'), graded('a', 'verified', start + 1)], { 'v-a': 'verified' }],
  [
    'a verdict does not clear bad, a person does',
    [look(start, 'a'), graded('a', 'bad', start + 1), graded('a', 'verified', start + 2)],
    { 'v-a': 'bad' },
  ],
  [
    'a person clears bad',
    [look(start, 'a'), graded('a', 'bad', start + 1), graded('a', 'verified', start + 2, 'Mara')],
    { 'v-a': 'verified' },
  ],
  [
    'an old verdict that comes again does not undo a person',
    [look(start, 'a'), graded('a', 'bad', start + 5, 'Mara'), graded('a', 'verified', start + 2)],
    { 'v-a': 'bad' },
  ],
  [
    'a rollback that did not clear the alert: the one left is in doubt, not bad',
    [look(start, 'a'), look(start + hour, 'b'), look(start + 2 * hour, 'a'), graded('b', 'suspect', start + 3 * hour)],
    { 'v-a': 'unproven', 'v-b': 'suspect' },
  ],
  ['a failed deployment is bad', [deployed('a', start, 'failed' as never)], { 'v-a': 'bad' }],
  [
    'an alert that began under the release before is not held against the new one',
    [look(start, 'a'), look(start + hour, 'b'), alerting(true, start + minute)],
    { 'v-a': 'suspect', 'v-b': 'unproven' },
  ],
  [
    'an alert that began while the new release was going out is held against the new one',
    [looks(start, hour, 'a'), look(start + hour + minute, 'b'), alerting(true, start + hour + minute - 20_000)],
    { 'v-a': 'soaked', 'v-b': 'suspect' },
  ],
  [
    'a deployment and what the target shows are one release',
    [look(start, 'a'), deployed('b', start + minute), look(start + 2 * minute, 'b')],
    { 'v-a': 'unproven', 'v-b': 'unproven' },
  ],
];

describe('grades', () => {
  it.each(rows)('%s', (_what, facts, expected) => {
    expect(grades(learnt(...facts))).toEqual(expected);
  });

  it('repeated facts change nothing', () => {
    const facts = [
      look(start, 'a'),
      deployed('b', start + minute),
      look(start + 2 * minute, 'b'),
      graded('b', 'verified', start + hour),
    ];
    const once = learnt(facts);
    expect(learnReleases(target, once, facts, hour)).toEqual(once);
  });

  it('what a look shows of a release is kept with it, and what it shows no more is marked so', () => {
    const missing = note('parts-gone', { missing: ['ConfigMap flags'] });
    const old = { ...shown('a', start - day), missing, shown: { revision: '1' } };
    const seenOf = (book: ReleaseBook) => Object.fromEntries(book.releases.map(({ version, seen }) => [version, seen]));
    const first = learnt(look(start, 'b', { history: [old] }));
    expect(seenOf(first)).toEqual({
      'v-a': { missing, shown: { revision: '1' } },
      'v-b': { missing: null, shown: {} },
    });
    const later = learnReleases(target, first, [look(start + minute, 'b')], hour);
    expect(later && seenOf(later)).toEqual({ 'v-a': null, 'v-b': { missing: null, shown: {} } });
  });

  it('a deployment event alone makes a release live where nothing looks', () => {
    const book = learnt(deployed('a', start), deployed('b', start + hour));
    expect(liveRelease(book.releases)?.version).toBe('v-b');
    expect(book.releases.map(({ version, spans }) => [version, spans[0]?.from, spans[0]?.until])).toEqual([
      ['v-b', start + hour, null],
      ['v-a', start, start + hour],
    ]);
  });

  it('a deployment that is only announced takes the key of what the target shows', () => {
    const book = learnt(look(start, 'a'), deployed('b', start + minute), look(start + 2 * minute, 'b'));
    const release = book.releases.find(({ version }) => version === 'v-b');
    expect(release?.key).toBe('b');
    expect(release?.deployment).toMatchObject({ by: 'ci', at: start + minute });
  });

  it('remembers a bounded number of releases', () => {
    const facts = Array.from({ length: 200 }, (_, at) => look(start + at * minute, `r${at}`));
    expect(learnt(facts).releases.length).toBe(60);
  });
});
