import type { Catalogue, TargetSpec } from '../src/domain/catalogue.ts';
import type { Log } from '../src/ports/log.ts';
import type { Once } from '../src/ports/once.ts';
import type { BoundReleaseSource } from '../src/ports/release-source.ts';
import type { ReleaseStore } from '../src/ports/release-store.ts';
import type { RunStore } from '../src/ports/run-store.ts';
import { lookAt } from './gather.ts';
import { pause } from './pause.ts';

/** What a worker watches releases with. */
export interface WatchDeps {
  /** Today's; null before the first was published. */
  readonly catalogue: () => Catalogue | null;
  readonly releaseSources: ReadonlyMap<string, BoundReleaseSource>;
  readonly releases: Pick<ReleaseStore, 'learn'>;
  readonly runs: Pick<RunStore, 'now'>;
  /** Lets one of several workers look at a target that any of them could. */
  readonly once: Once;
  /** The name that `runsOn` calls this worker by. */
  readonly worker: string;
  /** A number from 0 to below 1, so that many workers do not look all at the same moment. */
  readonly random: () => number;
  readonly log: Log;
}

/** How often a target is looked at, in ms; soaking counts gaps of up to five looks. A short soak is looked at more often. */
const everyMs = 15_000;
const leastEveryMs = 1_000;

function paceOf(spec: Pick<TargetSpec, 'soakMs'>): number {
  return Math.max(leastEveryMs, Math.min(everyMs, spec.soakMs / 4));
}

/** Targets looked at at the same time. */
const atOnce = 4;

/** Looks at every target that this worker can see and that no other worker looked at just now; answers how many it looked at. */
export async function watchOnce(deps: WatchDeps, signal: AbortSignal): Promise<number> {
  const waiting = targetsOf(deps.catalogue(), deps.worker);
  let looked = 0;
  const look = async () => {
    for (let spec = waiting.shift(); spec && !signal.aborted; spec = waiting.shift()) {
      if (await watchTarget(deps, spec, signal)) looked += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, look));
  return looked;
}

function targetsOf(catalogue: Catalogue | null, worker: string): TargetSpec[] {
  return Object.values(catalogue?.services ?? {})
    .flatMap(service => Object.values(service.environments))
    .filter(spec => spec.releaseSource !== null && (spec.runsOn === null || spec.runsOn === worker));
}

/** A target that cannot be asked is blind time, not a fault of the release. */
async function watchTarget(deps: WatchDeps, spec: TargetSpec, signal: AbortSignal): Promise<boolean> {
  try {
    if (!(await deps.once(`watch:${spec.target}`, paceOf(spec) * 0.8))) return false;
    const releases = await lookAt(deps, spec, signal);
    if (!releases) return false;
    await deps.releases.learn(spec.target, [{ kind: 'seen', releases, at: await deps.runs.now() }]);
    return true;
  } catch (failure) {
    if (!signal.aborted)
      deps.log.warn({ target: spec.target, err: failure }, 'The releases of a target cannot be seen');
    return false;
  }
}

/** Watches until stopped; the answer stops it and waits for the looks on their way. */
export function startWatch(deps: WatchDeps): () => Promise<void> {
  const stop = new AbortController();
  const watching = (async () => {
    while (!stop.signal.aborted) {
      await watchOnce(deps, stop.signal);
      const pace = Math.min(everyMs, ...targetsOf(deps.catalogue(), deps.worker).map(paceOf));
      await pause(pace * (0.9 + 0.2 * deps.random()), stop.signal);
    }
  })();
  return async () => {
    stop.abort();
    await watching;
  };
}
