import type { JsonObject } from '../../domain/json.ts';
import type { KeptTexts } from '../../ports/kept-texts.ts';
import { type Closure, createClosures, type Judged, judgeSight } from './closure.ts';
import type { Connection } from './connect.ts';
import { createKeeper, type Keeper } from './keep.ts';
import type { Pod } from './objects.ts';
import type { Found } from './references.ts';
import { timeOf } from './rollout.ts';
import { releaseKey } from './template.ts';

/** Where the configuration lies, and how long may be looked. */
export interface Where {
  readonly connection: Connection;
  readonly namespace: string;
  readonly signal: AbortSignal;
}

/** What is seen of a workload. */
interface Sighting {
  /** Uid of the workload. */
  readonly workload: string;
  /** Name of the revision that is current; null while the controller has not made it. */
  readonly revision: string | null;
  readonly template: JsonObject;
  /** Keys of the templates that its history holds. */
  readonly templates: readonly string[];
  /** The pods of the current revision. */
  readonly pods: readonly Pod[];
  /** The configuration that the template names, as it is now. */
  readonly found: readonly Found[];
}

/** What runs, and what was recorded of the history's templates by their key. */
export interface Recorded {
  readonly current: Closure;
  readonly closures: ReadonlyMap<string, readonly Closure[]>;
}

/** Records what runs with which configuration, and keeps the contents. */
export interface Recorder {
  record(where: Where, sighting: Sighting): Promise<Recorded>;
  /** What a release needs, as far as it would be found when it came back: what is gone and can be made anew counts as there. */
  restorable(where: Where, closure: Closure | null, found: readonly Found[]): Promise<readonly Found[]>;
}

const dayMs = 86_400_000;
/** How much of what was kept is remembered, so that it is not kept again at each look. */
const mostRemembered = 10_000;

/** Makes a recorder. */
export function createRecorder(kept: KeptTexts, clock: { now(): number }): Recorder {
  const closures = createClosures(kept);
  const keeper = createKeeper(kept);
  const fresh = rememberForADay(clock);
  return {
    async record(where, { workload, revision, template, templates, pods, found }) {
      const key = releaseKey(template);
      const known = await closures.of(workload, [...new Set([key, ...templates])]);
      const sight = { revision, template: key, found, startedAt: startedAt(pods), now: clock.now() };
      const judged = judgeSight(known.get(key) ?? [], sight);
      const recorded = judged.record ?? known.get(key) ?? [];
      if (judged.record || (recorded.length > 0 && fresh(`${workload} ${key}`))) {
        await closures.record(workload, key, recorded);
      }
      await keepContents(keeper, where, found, judged, fresh);
      return { current: judged.current, closures: new Map([...known, [key, recorded]]) };
    },
    async restorable(where, closure, found) {
      return Promise.all(found.map(one => asRestored(keeper, where, closure, one)));
    },
  };
}

/** Answers whether a text comes for the first time today: what is kept is written again each day, lest it be forgotten. */
function rememberForADay(clock: { now(): number }): (text: string) => boolean {
  const seen = new Set<string>();
  let day = 0;
  return text => {
    const today = Math.floor(clock.now() / dayMs);
    if (today !== day || seen.size > mostRemembered) seen.clear();
    day = today;
    const first = !seen.has(text);
    seen.add(text);
    return first;
  };
}

/** When the container that has run longest was started, epoch ms; null where none runs. */
function startedAt(pods: readonly Pod[]): number | null {
  const alive = pods.filter(({ metadata }) => !metadata.deletionTimestamp);
  const times = alive.flatMap(({ status }) =>
    status.containerStatuses.map(({ state }) => timeOf(state?.running?.startedAt)).filter(time => time > 0),
  );
  return times.length > 0 ? Math.min(...times) : null;
}

/** Keeps what the containers run with; what they do not run with belongs to no release yet. */
async function keepContents(
  keeper: Keeper,
  { connection, namespace, signal }: Where,
  found: readonly Found[],
  { current }: Judged,
  fresh: (text: string) => boolean,
): Promise<void> {
  for (const { kind, name, hash, content } of found) {
    if (kind !== 'ConfigMap' && kind !== 'Secret') continue;
    const runs = hash !== null && current.configuration[`${kind}/${name}`] === hash;
    if (!content || !runs || !fresh(`${namespace} ${hash}`)) continue;
    await keeper.keep(connection, { kind, namespace, name }, content, { dryRun: false, signal });
  }
}

async function asRestored(
  keeper: Keeper,
  { connection, namespace, signal }: Where,
  closure: Closure | null,
  found: Found,
): Promise<Found> {
  const { kind, name, state } = found;
  const then = closure?.configuration[`${kind}/${name}`];
  if (state !== 'gone' || then === undefined || (kind !== 'ConfigMap' && kind !== 'Secret')) return found;
  const content = await keeper.find(connection, { kind, namespace, name }, then, signal);
  return content ? { ...found, state: 'there', missingKeys: [] } : found;
}
