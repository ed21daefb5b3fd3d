import type { TargetId } from '../domain/ids.ts';
import { note } from '../domain/note.ts';
import type { ObservedRelease, Release, ReleaseBook } from '../domain/release.ts';
import type { ReleaseFact } from '../ports/release-store.ts';
import { byKey, changeSpan, emptyBook, liveRelease, put, sameThing, switchSkewMs, wentLive } from './book.ts';
import { alertedCode, applyGrade, gradeFailure, regrade } from './grade.ts';
import { addHistory, goLive, newRelease, noteSeen } from './live.ts';
import { soak } from './soak.ts';

/** A look at the target that is younger than this tells better than a deployment event what is live, in ms. */
const freshLookMs = 120_000;

type Fact<Kind extends ReleaseFact['kind']> = Extract<ReleaseFact, { kind: Kind }>;

/** Works facts, oldest first, into what is known of a target's releases. Repeated facts change nothing. */
export function learnReleases(
  target: TargetId,
  known: ReleaseBook | null,
  facts: readonly ReleaseFact[],
  soakMs: number,
): ReleaseBook | null {
  const [first] = facts;
  if (!first) return known;
  return facts.reduce((book, fact) => {
    if (fact.kind === 'seen') return seen(book, target, fact, soakMs);
    if (fact.kind === 'deployed') return deployed(book, target, fact);
    if (fact.kind === 'alerting') return alerting(book, fact);
    const release = byKey(book, fact.key);
    return release ? put(book, applyGrade(release, fact)) : book;
  }, known ?? emptyBook(first.at));
}

function seen(book: ReleaseBook, target: TargetId, { releases, at }: Fact<'seen'>, soakMs: number): ReleaseBook {
  const before = book.look;
  if (before && at <= before.at) return book;
  const { current, settled } = releases;
  const look = { at, key: current?.key ?? null, settled, restarts: releases.restarts ?? null };
  if (!current) return { ...book, look };
  const complete = addHistory(meet(book, target, current, at), target, releases, at);
  const left = liveRelease(complete.releases);
  const switched = goLive(complete, current.key, liveFrom(complete, current, at), before?.key === left?.key);
  const soaked = soak(switched, look, soakMs);
  const release = byKey(soaked, current.key);
  const failed = release && releases.failing ? put(soaked, gradeFailure(release, releases.failing, at)) : soaked;
  return { ...noteSeen(failed, releases), look };
}

/** Makes sure that the book knows what runs: under its key, or as the deployment that announced it. */
function meet(book: ReleaseBook, target: TargetId, current: ObservedRelease, at: number): ReleaseBook {
  const { key, version, identity } = current;
  const known = byKey(book, key);
  const announced = book.releases.find(release => isAnnouncementOf(release, current));
  if (!announced)
    return put(book, known ? { ...known, identity: fuller(known, identity) } : newRelease(target, current, at));
  const met = known
    ? { ...known, identity: fuller(known, identity), deployment: announced.deployment }
    : { ...announced, key, version, identity };
  return put(book, met, announced.key);
}

/** What is seen of a release grows: images have digests only once their pods run. */
function fuller(known: Release, identity: ObservedRelease['identity']): Release['identity'] {
  return { ...known.identity, ...identity };
}

/** Keys of releases that only a deployment event told of so far begin so. */
const announcedPrefix = 'deployment:';

function isAnnouncementOf(release: Release, current: ObservedRelease): boolean {
  if (!release.key.startsWith(announcedPrefix)) return false;
  const nameless = Object.keys(release.identity).length === 0;
  return nameless ? release.version === current.version : sameThing(release.identity, current.identity);
}

/** What runs went live when its deployment said so or the target made it, unless that lies before the last look: then it came back between the looks. */
function liveFrom(book: ReleaseBook, current: ObservedRelease, at: number): number {
  const deployment = byKey(book, current.key)?.deployment;
  const told = deployment?.status === 'succeeded' ? deployment.at : null;
  const since = book.look?.at ?? 0;
  return [told, current.createdAt].find(made => made !== null && made <= at && made > since) ?? at;
}

function deployed(book: ReleaseBook, target: TargetId, fact: Fact<'deployed'>): ReleaseBook {
  const known =
    byKey(book, fact.key) ??
    book.releases.find(release => release.key === book.look?.key && sameThing(release.identity, fact.identity)) ??
    book.releases.find(release => sameThing(release.identity, fact.identity)) ??
    newRelease(target, fact, fact.at);
  if (known.deployment && known.deployment.at > fact.at) return book;
  const { status, by, at, url } = fact;
  const told = { ...known, deployment: { status, by, at, url } };
  if (status === 'failed' || status === 'aborted')
    return put(book, gradeFailure(told, note(`deployment-${status}`), at));
  if (status === 'rolled_back') return put(book, regrade(told, 'bad', note('deployment-rolled_back'), at));
  const noted = put(book, told);
  const since = liveRelease(noted.releases)?.spans.at(-1)?.from ?? 0;
  const watched = book.look !== null && book.look.key !== null && at - book.look.at < freshLookMs;
  return status === 'succeeded' && !watched && at > since ? goLive(noted, told.key, at, true) : noted;
}

function alerting(book: ReleaseBook, { firing, at }: Fact<'alerting'>): ReleaseBook {
  const live = liveRelease(book.releases);
  if (!firing) {
    const recovered = live && live.grade === 'suspect' && live.gradeNote.code === alertedCode;
    const fresh = recovered ? put(book, soakAnew(regrade(live, 'unproven', note('release-recovered'), at))) : book;
    return { ...fresh, alerting: false };
  }
  const then = book.releases.find(({ spans }) => spans.some(span => span.from <= at && at < (span.until ?? Infinity)));
  const came = book.releases.find(release => wentLive(release) > at && wentLive(release) <= at + switchSkewMs);
  const blamed = came ?? then ?? live;
  const marked = blamed ? put(book, soakAnew(regrade(blamed, 'suspect', note(alertedCode), at))) : book;
  return { ...marked, alerting: true };
}

function soakAnew(release: Release): Release {
  return changeSpan(release, span => ({ ...span, soakedMs: 0 }));
}
