import type { TargetSpec } from '../src/domain/catalogue.ts';
import { Refusal, reason } from '../src/domain/reason.ts';
import type { Candidate, ObservedReleases, Release } from '../src/domain/release.ts';
import { listCandidates } from '../src/plan/candidates.ts';
import type { Log } from '../src/ports/log.ts';
import type { BoundReleaseSource, Following } from '../src/ports/release-source.ts';
import type { ReleaseStore } from '../src/ports/release-store.ts';
import { inTime } from './in-time.ts';

/** What looking at a target's releases needs. */
export interface GatherDeps {
  readonly releases: Pick<ReleaseStore, 'learn' | 'list' | 'holds'>;
  readonly releaseSources: ReadonlyMap<string, BoundReleaseSource>;
  readonly log: Log;
}

/** What is known of a target's releases at this moment. */
export interface Gathered {
  readonly current: Release | null;
  readonly candidates: readonly Candidate[];
}

/** How long looking at a target's releases may take, in ms. */
const lookMs = 20_000;

/** What a target's releases are judged for: the key of what was live when the trouble began, and whether no person decides. */
export interface GatherQuestion {
  readonly suspect: string | null;
  readonly automatic: boolean;
  /** The store's time, epoch ms. */
  readonly now: () => Promise<number>;
  readonly signal: AbortSignal;
}

/** Looks at what a target shows, learns it, and says which releases it could go back to. */
export async function gather(deps: GatherDeps, spec: TargetSpec, question: GatherQuestion): Promise<Gathered> {
  const { suspect, automatic, signal } = question;
  const observed = await lookAt(deps, spec, signal);
  // A watcher may have looked in the meantime: ours counts as the later look, or it would be dropped.
  const now = await question.now();
  if (observed) await deps.releases.learn(spec.target, [{ kind: 'seen', releases: observed, at: now }]);
  const releases = await deps.releases.list(spec.target);
  const holds = await deps.releases.holds(spec.target);
  const live = releases.find(release => release.spans.some(span => span.until === null)) ?? null;
  const current = observed ? (releases.find(release => release.key === observed.current?.key) ?? null) : live;
  return { current, candidates: listCandidates({ releases, observed, holds, suspect, automatic, now }) };
}

/** Asks a target's own source what runs and what it holds, or, where it may follow the target, what it heard of it; null where the catalogue names no source. */
export async function lookAt(
  deps: Pick<GatherDeps, 'releaseSources'>,
  spec: TargetSpec,
  signal: AbortSignal,
  following?: Following,
): Promise<ObservedReleases | null> {
  if (!spec.releaseSource) return null;
  const { kind, input } = spec.releaseSource;
  const entry = deps.releaseSources.get(kind);
  if (!entry) throw new Refusal(reason('plan-failed', { step: kind }));
  const source = await entry.load();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(lookMs)]);
  return inTime(limit, source.look({ signal: limit, ...(following && { following }) }, input));
}
