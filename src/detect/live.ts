import type { TargetId } from '../domain/ids.ts';
import { note } from '../domain/note.ts';
import type { ObservedRelease, ObservedReleases, Release, ReleaseBook } from '../domain/release.ts';
import { byKey, changeSpan, firstLive, liveRelease, put } from './book.ts';
import { goneBackCode, regrade } from './grade.ts';

/** A release that was current so long until the next distinct one is inferred to be good, in ms. */
const inferredMs = 86_400_000;

/** A release that nobody has judged yet. */
export function newRelease(
  target: TargetId,
  of: Pick<ObservedRelease, 'key' | 'version' | 'identity'>,
  at: number,
): Release {
  return {
    target,
    key: of.key,
    version: of.version,
    identity: of.identity,
    spans: [],
    deployment: null,
    grade: 'unproven',
    gradeNote: note('release-unproven'),
    gradedAt: at,
    gradedBy: null,
    firstSeen: at,
  };
}

/** Makes a release the live one from then on; the one that is left is judged by where it was left for. `trusted`: the one left was seen at the target. */
export function goLive(book: ReleaseBook, key: string, from: number, trusted: boolean): ReleaseBook {
  const next = byKey(book, key);
  const left = liveRelease(book.releases);
  if (!next || left?.key === key) return book;
  const closed = left ? put(book, leave(book, left, next, from, trusted)) : book;
  return put(closed, { ...next, spans: [...next.spans, { from, until: null, soakedMs: 0 }] });
}

function leave(book: ReleaseBook, left: Release, next: Release, at: number, trusted: boolean): Release {
  const since = left.spans.at(-1)?.from ?? at;
  const ended = changeSpan(left, span => ({ ...span, until: Math.max(at, span.from) }));
  if (firstLive(next) < firstLive(left)) {
    return trusted ? regrade(ended, 'bad', note(goneBackCode, { version: next.version }), at) : ended;
  }
  const outside = since < book.since;
  return outside && at - since >= inferredMs
    ? regrade(ended, 'inferred', note('release-inferred', { ms: at - since }), at)
    : ended;
}

/** Adds what the target's own history tells of releases that the book does not know. */
export function addHistory(book: ReleaseBook, target: TargetId, seen: ObservedReleases, at: number): ReleaseBook {
  const line = [...(seen.current ? [seen.current] : []), ...seen.history];
  return seen.history.reduceRight((known, past) => {
    if (byKey(known, past.key) || past.key === seen.current?.key) return known;
    const fresh = newRelease(target, past, at);
    if (past.createdAt === null || past.createdAt > at) return put(known, fresh);
    const next = line[line.indexOf(past) - 1];
    const until = Math.max(past.createdAt, next?.createdAt ?? past.createdAt);
    const lived = { ...fresh, spans: [{ from: past.createdAt, until, soakedMs: 0 }] };
    const ran = until - past.createdAt;
    const outside = past.createdAt < book.since;
    const judged = outside && ran >= inferredMs && !goneBack(line, past);
    return put(known, judged ? regrade(lived, 'inferred', note('release-inferred', { ms: ran }), at) : lived);
  }, book);
}

/** Notes on every release what a look showed of it; what a target shows no more cannot be taken. */
export function noteSeen(book: ReleaseBook, { current, history }: ObservedReleases): ReleaseBook {
  const all = [...history, ...(current ? [current] : [])];
  const seen = new Map(all.map(({ key, missing, shown = {} }) => [key, { missing, shown }]));
  return { ...book, releases: book.releases.map(release => ({ ...release, seen: seen.get(release.key) ?? null })) };
}

/** A line of releases whose times do not fall shows that somebody went back: to the one that is older than its follower, from the follower. */
function goneBack(line: readonly ObservedRelease[], release: ObservedRelease): boolean {
  const at = line.indexOf(release);
  const newer = line[at - 1]?.createdAt ?? null;
  return newer !== null && release.createdAt !== null && newer < release.createdAt;
}
