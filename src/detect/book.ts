import type { Note } from '../domain/note.ts';
import type { Grade, Identity, LiveSpan, Release, ReleaseBook } from '../domain/release.ts';

const mostReleases = 60;
const mostSpans = 20;

/** A book with nothing in it but the moment it begins. */
export function emptyBook(since: number): ReleaseBook {
  return { releases: [], since, look: null, alerting: false };
}

/** The release by its key; null where the book does not know it. */
export function byKey(book: ReleaseBook, key: string): Release | null {
  return book.releases.find(release => release.key === key) ?? null;
}

/** The release that is live now, as far as the book knows. */
export function liveRelease(releases: readonly Release[]): Release | null {
  return releases.find(release => release.spans.at(-1)?.until === null) ?? null;
}

/** When a release went live last: its last span, or a deployment that was reported later than that; 0 where it never did. */
export function wentLive(release: Release): number {
  const deployed = release.deployment?.status === 'succeeded' ? release.deployment.at : 0;
  return Math.max(release.spans.at(-1)?.from ?? 0, deployed);
}

/** How much earlier than the switch we saw an alert may begin and still be about the release that came, in ms: pods of it served before. */
export const switchSkewMs = 120_000;

/** When a release went live first: the order of releases, since neither tags nor version strings are one (inventory 372). */
export function firstLive(release: Release): number {
  return release.spans[0]?.from ?? release.deployment?.at ?? release.firstSeen;
}

/** How long a release has been live in all, in ms. */
export function liveMs(release: Release, now: number): number {
  return release.spans.reduce((sum, span) => sum + Math.max(0, (span.until ?? now) - span.from), 0);
}

/** Puts a release into the book in the place of the one with its key; the oldest fall out when there are too many. */
export function put(book: ReleaseBook, release: Release, instead: string = release.key): ReleaseBook {
  const others = book.releases.filter(({ key }) => key !== release.key && key !== instead);
  const all = [{ ...release, spans: release.spans.slice(-mostSpans) }, ...others];
  const sorted = all.sort((one, other) => wentLive(other) - wentLive(one) || other.firstSeen - one.firstSeen);
  return { ...book, releases: sorted.slice(0, mostReleases) };
}

/** Changes the span that is still going on. */
export function changeSpan(release: Release, change: (span: LiveSpan) => LiveSpan): Release {
  const last = release.spans.at(-1);
  return last ? { ...release, spans: [...release.spans.slice(0, -1), change(last)] } : release;
}

/** Gives a release its grade without asking the rules. */
export function withGrade(
  release: Release,
  grade: Grade,
  gradeNote: Note,
  at: number,
  by: string | null = null,
): Release {
  return { ...release, grade, gradeNote, gradedAt: at, gradedBy: by };
}

const digest = /[0-9a-f]{64}/;
const commit = /^[0-9a-f]{7,64}$/;

/** Whether two identities name the same thing: an image digest or a commit in common. Labels are never compared. */
export function sameThing(one: Identity, other: Identity): boolean {
  return Object.values(one).some(mine =>
    Object.values(other).some(its => {
      const found = digest.exec(mine)?.[0];
      if (found) return its.includes(found);
      return commit.test(mine) && commit.test(its) && (mine.startsWith(its) || its.startsWith(mine));
    }),
  );
}
