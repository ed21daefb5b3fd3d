import type { Alert, Episode, Proposal } from '../domain/alert.ts';
import type { ProposalId, TargetId } from '../domain/ids.ts';
import type { Candidate, Release } from '../domain/release.ts';
import { liveMs, liveRelease, switchSkewMs, wentLive } from './book.ts';

/** An alert that began longer than this before it was received is told to nobody as news, in ms. */
const staleMs = 600_000;

/** Whether an alert that just opened an episode may bring a proposal. */
export function mayPropose(alert: Alert, target: TargetId | null, receivedAt: number): boolean {
  if (alert.kind === 'test' || alert.status !== 'firing' || !target) return false;
  return alert.startsAt === null || receivedAt - alert.startsAt <= staleMs;
}

/** The release that went live within the look-back before the trouble and is live still: the likely cause, never more than that. */
export function suspectOf(releases: readonly Release[], startedAt: number, lookBackMs: number): Release | null {
  const newest = releases.toSorted((one, other) => wentLive(other) - wentLive(one))[0] ?? liveRelease(releases);
  if (!newest) return null;
  const at = wentLive(newest);
  return at > 0 && at >= startedAt - lookBackMs && at <= startedAt + switchSkewMs ? newest : null;
}

/** Makes the proposal for an episode: what went live shortly before, and what would be gone back to. */
export function proposalFor(given: {
  readonly id: ProposalId;
  readonly target: TargetId;
  readonly episode: Episode;
  readonly suspect: Release | null;
  readonly candidates: readonly Candidate[];
  readonly now: number;
}): Proposal {
  const { id, target, episode, suspect, now } = given;
  const good = given.candidates.find(({ verdict }) => verdict === 'suggested')?.release;
  return {
    id,
    target,
    episode,
    suspect: suspect && { version: suspect.version, key: suspect.key, liveSince: wentLive(suspect) },
    good: good ? { version: good.version, key: good.key, grade: good.grade, liveMs: liveMs(good, now) } : null,
    status: 'open',
    run: null,
    version: 1,
    createdAt: now,
  };
}

/** Whether an episode says that something is wrong with the release: `info` (a watchdog, a notice) does not. */
export function speaksAgainst(episode: Episode): boolean {
  return episode.resolvedAt === null && episode.severity !== 'info';
}
