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

/** A target of which something was heard is looked at so often at most, in ms. */
const heardEveryMs = 1_000;

/** Targets looked at at the same time. */
const atOnce = 4;

/** What one look is for: it keeps the other workers from looking for so many ms. */
interface Turn {
  readonly name: string;
  readonly ms: (spec: TargetSpec) => number;
}
const regular: Turn = { name: 'watch', ms: spec => paceOf(spec) * 0.8 };
const afterNews: Turn = { name: 'heard', ms: () => heardEveryMs * 0.8 };

/** What is called when something is heard of a target; the same for each of its looks. */
type HearerOf = (target: string) => () => void;

/** Looks at every target that this worker can see and that no other worker looked at just now; answers how many it looked at. */
export async function watchOnce(deps: WatchDeps, signal: AbortSignal, hearerOf?: HearerOf): Promise<number> {
  return lookAtAll(deps, regular, targetsOf(deps.catalogue(), deps.worker), signal, hearerOf);
}

async function lookAtAll(
  deps: WatchDeps,
  turn: Turn,
  waiting: TargetSpec[],
  signal: AbortSignal,
  hearerOf?: HearerOf,
): Promise<number> {
  let looked = 0;
  const look = async () => {
    for (let spec = waiting.shift(); spec && !signal.aborted; spec = waiting.shift()) {
      if (await watchTarget(deps, turn, spec, signal, hearerOf)) looked += 1;
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
async function watchTarget(
  deps: WatchDeps,
  turn: Turn,
  spec: TargetSpec,
  signal: AbortSignal,
  hearerOf?: HearerOf,
): Promise<boolean> {
  const { target } = spec;
  try {
    if (!(await deps.once(`${turn.name}:${target}`, turn.ms(spec)))) return false;
    const releases = await lookAt(deps, spec, signal, hearerOf && { until: signal, heard: hearerOf(target) });
    if (!releases) return false;
    await deps.releases.learn(target, [{ kind: 'seen', releases, at: await deps.runs.now() }]);
    return true;
  } catch (failure) {
    if (!signal.aborted) deps.log.warn({ target, err: failure }, 'The releases of a target cannot be seen');
    return false;
  }
}

/** Watches until stopped, each target in turn and at once those of which something is heard; the answer stops it and waits for the looks on their way. */
export function startWatch(deps: WatchDeps): () => Promise<void> {
  const stop = new AbortController();
  const news = createNews();
  const inTurn = async () => {
    while (!stop.signal.aborted) {
      await watchOnce(deps, stop.signal, news.hearerOf);
      const pace = Math.min(everyMs, ...targetsOf(deps.catalogue(), deps.worker).map(paceOf));
      await pause(pace * (0.9 + 0.2 * deps.random()), stop.signal);
    }
  };
  const atNews = async () => {
    for (;;) {
      const heard = await news.next(stop.signal);
      if (stop.signal.aborted) return;
      if (heard.size === 0) continue;
      const meant = targetsOf(deps.catalogue(), deps.worker).filter(({ target }) => heard.has(target));
      await lookAtAll(deps, afterNews, meant, stop.signal, news.hearerOf);
      await pause(heardEveryMs, stop.signal);
    }
  };
  const watching = Promise.all([inTurn(), atNews()]);
  return async () => {
    stop.abort();
    await watching;
  };
}

/** Gathers of which targets something was heard. */
function createNews() {
  let heard = new Set<string>();
  let ring = () => {};
  const hearers = new Map<string, () => void>();
  return {
    hearerOf: (target: string): (() => void) => {
      const hearer =
        hearers.get(target) ??
        (() => {
          heard.add(target);
          ring();
        });
      hearers.set(target, hearer);
      return hearer;
    },
    /** Those heard of since the call before, as soon as there are any; none where the signal is aborted. */
    next: async (signal: AbortSignal): Promise<ReadonlySet<string>> => {
      if (heard.size === 0) {
        const waiting = new AbortController();
        ring = () => waiting.abort();
        await pause(everyMs, AbortSignal.any([signal, waiting.signal]));
      }
      const told = heard;
      heard = new Set();
      return told;
    },
  };
}
