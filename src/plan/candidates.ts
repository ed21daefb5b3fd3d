import { type Note, note } from '../domain/note.ts';
import type { Candidate, Hold, ObservedReleases, Release } from '../domain/release.ts';

/** Without a person, a soaked release is taken only this long after it soaked, in ms. */
const automaticAgeMs = 86_400_000;

/** What the candidates of a target are judged by. */
export interface CandidateQuestion {
  /** All known releases, the one that went live last first. */
  readonly releases: readonly Release[];
  /** What the target shows; null where it is not asked: then the latest look counts, and where there was none nothing is known of its parts. */
  readonly observed: ObservedReleases | null;
  readonly holds: readonly Hold[];
  /** Key of what was live when the trouble began; null: what is live now. */
  readonly suspect: string | null;
  /** Whether no person decides. */
  readonly automatic: boolean;
  readonly now: number;
}

/** Lists what could be gone back to, newest first, each with why it may or may not be taken (inventory 371-373). The order is that of going live, never of version strings. */
export function listCandidates(question: CandidateQuestion): readonly Candidate[] {
  const { releases, observed } = question;
  const current = observed?.current?.key ?? releases.find(release => release.spans.at(-1)?.until === null)?.key ?? null;
  const anchor = releases.find(({ key }) => key === (question.suspect ?? current)) ?? null;
  const judged = releases.map(release => judge(release, current, anchor, question));
  const taken =
    judged.find(({ verdict, release }) => verdict === 'open' && release.grade !== 'inferred') ??
    judged.find(({ verdict }) => verdict === 'open' && !question.automatic);
  return judged.map(candidate => {
    if (candidate !== taken) return candidate;
    const code = candidate.release.grade === 'inferred' ? 'candidate-newest-inferred' : 'candidate-newest-good';
    return { ...candidate, verdict: 'suggested', why: note(code) };
  });
}

function judge(
  release: Release,
  current: string | null,
  anchor: Release | null,
  question: CandidateQuestion,
): Candidate {
  const as = (verdict: Candidate['verdict'], why: Note): Candidate => ({ release, verdict, why });
  if (release.key === current) return as('no', note('candidate-current'));
  if (release.grade === 'bad') return as('no', note('candidate-bad'));
  const gone = goneFrom(release, question);
  if (gone) return as('no', gone);
  if (release.grade === 'unproven') return as('named', note('candidate-unproven'));
  if (release.grade === 'suspect') return as('named', note('candidate-suspect'));
  if (anchor && firstLive(release) >= firstLive(anchor)) return as('named', note('candidate-newer'));
  const young = question.automatic && release.grade === 'soaked' && question.now - release.gradedAt < automaticAgeMs;
  if (young) return as('named', note('candidate-too-young'));
  return as('open', note(release.grade === 'inferred' ? 'candidate-inferred' : 'candidate-good'));
}

/** What stands in the way of taking a release at all, whatever its grade. */
function goneFrom({ key, seen }: Release, { holds, observed }: CandidateQuestion): Note | null {
  const hold = holds.find(held => held.releaseKey === key);
  if (hold) return note('candidate-on-hold', { by: hold.by, reason: hold.reason });
  if (!observed && seen === undefined) return null;
  const there = observed ? observed.history.find(past => past.key === key) : seen;
  return there ? there.missing : note('candidate-not-kept');
}

function firstLive({ spans, deployment, firstSeen }: Release): number {
  return spans[0]?.from ?? deployment?.at ?? firstSeen;
}
