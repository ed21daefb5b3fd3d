import { note } from '../domain/note.ts';
import type { ReleaseBook } from '../domain/release.ts';
import { byKey, changeSpan, put } from './book.ts';
import { regrade } from './grade.ts';

/** The longest time between two looks that still counts as watched, in ms: four missed looks. */
const blindAfterMs = 75_000;

/** A release may restart while it starts up, for so long, in ms. */
const startUpMs = 300_000;

/** Counts the time since the last look towards the soak of the release that runs, and grades it once it was watched for long enough. */
export function soak(book: ReleaseBook, look: NonNullable<ReleaseBook['look']>, soakMs: number): ReleaseBook {
  const before = book.look;
  const release = look.key === null ? null : byKey(book, look.key);
  const span = release?.spans.at(-1);
  if (!release || !span || before?.key !== look.key) return book;
  const restarted = before.restarts !== null && look.restarts !== null && look.restarts > before.restarts;
  if (restarted && look.at - span.from > startUpMs)
    return put(
      book,
      changeSpan(release, was => ({ ...was, soakedMs: 0 })),
    );
  const passed = look.at - before.at;
  const watched = passed <= blindAfterMs && before.settled && look.settled && !book.alerting;
  if (!watched) return book;
  const soakedMs = span.soakedMs + passed;
  const counted = changeSpan(release, was => ({ ...was, soakedMs }));
  return put(
    book,
    soakedMs >= soakMs ? regrade(counted, 'soaked', note('release-soaked', { ms: soakedMs }), look.at) : counted,
  );
}
