import type { Note } from '../domain/note.ts';
import type { Grade, Release } from '../domain/release.ts';
import { withGrade } from './book.ts';

/** Note of a release that was gone back from. */
export const goneBackCode = 'release-gone-back-from';
/** Note of a release during which an alert fired. */
export const alertedCode = 'release-alerted';

/** From which grades each may be given without a person; `bad` is left by a named person alone. */
const from: Readonly<Record<Grade, readonly Grade[]>> = {
  verified: ['verified', 'soaked', 'inferred', 'unproven', 'suspect'],
  soaked: ['inferred', 'unproven'],
  inferred: ['unproven'],
  unproven: ['suspect'],
  suspect: ['verified', 'soaked', 'inferred', 'unproven'],
  bad: ['verified', 'soaked', 'inferred', 'unproven', 'suspect'],
};

/** Grades a release by what was seen of it; unchanged where the table does not allow that. */
export function regrade(release: Release, grade: Grade, note: Note, at: number): Release {
  return from[grade].includes(release.grade) ? withGrade(release, grade, note, at) : release;
}

/** Applies a grade that a person or a verdict gave; a repeated or older one changes nothing. */
export function applyGrade(
  release: Release,
  fact: { readonly grade: Grade; readonly note: Note; readonly by: string | null; readonly at: number },
): Release {
  if (fact.at < release.gradedAt && (release.gradedBy !== null || fact.by === null)) return release;
  if (fact.by !== null) return withGrade(release, fact.grade, fact.note, fact.at, fact.by);
  const notToBlame = fact.grade === 'suspect' && release.grade === 'bad' && release.gradeNote.code === goneBackCode;
  if (notToBlame) return withGrade(release, 'suspect', fact.note, fact.at);
  return regrade(release, fact.grade, fact.note, fact.at);
}

/** Grades a release that failed: one that had proven itself is in doubt, since the cause may lie elsewhere; any other is bad. */
export function gradeFailure(release: Release, note: Note, at: number): Release {
  const proven = release.grade === 'verified' || release.grade === 'soaked';
  return regrade(release, proven ? 'suspect' : 'bad', note, at);
}
