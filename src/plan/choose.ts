import { type Reason, reason } from '../domain/reason.ts';
import type { Candidate, Release } from '../domain/release.ts';

/** The release to go back to, or why there is none. */
export type Choice =
  | { readonly kind: 'chosen'; readonly candidate: Candidate; readonly release: Release }
  | { readonly kind: 'none'; readonly reason: Reason };

/** Takes the release that was named, or else the suggested one; one that is gone, current or bad is refused with its grade. */
export function chooseRelease(
  candidates: readonly Candidate[],
  named: string | null,
  automatic: boolean,
  target: string,
): Choice {
  const none = (cause: Reason): Choice => ({ kind: 'none', reason: cause });
  const candidate = named
    ? candidates.find(({ release }) => release.key === named)
    : candidates.find(({ verdict }) => verdict === 'suggested');
  if (!candidate)
    return none(named ? reason('unknown-release', { name: named, target }) : reason('no-good-release', { target }));
  const { release, verdict } = candidate;
  const refused = verdict === 'no' || (automatic && verdict !== 'suggested');
  if (refused) return none(reason('release-not-eligible', { release: release.version, grade: release.grade }));
  return { kind: 'chosen', candidate, release };
}
