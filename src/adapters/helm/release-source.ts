import { type Note, note } from '../../domain/note.ts';
import type { ObservedRelease, ObservedReleases } from '../../domain/release.ts';
import type { Cluster } from '../../ports/cluster.ts';
import type { ReleaseSource } from '../../ports/release-source.ts';
import { createHistory, type History } from './history.ts';
import { type HelmDeps, objectOf, type Place, placeInput } from './input.ts';
import { isWorkload, type Part, partsOf } from './manifest.ts';
import { isPending, type Revision, wasDeployed } from './revision.ts';
import { readWorkload, type WorkloadState } from './workloads.ts';

/** Shows the releases of a Helm release: the newest revision, and what its older ones still hold. */
export function createReleaseSource(deps: Pick<HelmDeps, 'openCluster'>): ReleaseSource {
  const history = createHistory();
  return {
    kind: 'helm.release',
    look: async ({ signal }, input) => {
      const place = placeInput.parse(input);
      return lookAt(await deps.openCluster(place), history, place, signal);
    },
  };
}

async function lookAt(
  cluster: Cluster,
  history: History,
  place: Place,
  signal: AbortSignal,
): Promise<ObservedReleases> {
  const { revisions, unread } = await history.read(cluster, place, signal);
  const [latest] = revisions;
  const unknown = unread.some(number => number > (latest?.number ?? 0));
  if (!latest || unknown || latest.status.startsWith('uninstall')) {
    return { current: null, settled: false, history: olderReleases(place, revisions, null) };
  }
  const states = await statesOf(cluster, history, place, latest, signal);
  const settled = latest.status === 'deployed' && states.every(state => state?.settled === true);
  const restarts = states.reduce<number | null>((sum, state) => added(sum, state?.restarts ?? null), 0);
  return {
    current: { ...observed(latest), missing: null },
    settled,
    restarts,
    failing: failingNote(revisions, latest, states),
    history: olderReleases(place, revisions, latest),
  };
}

/** How each workload of the live manifest stands; null for one that may not be read. */
async function statesOf(
  cluster: Cluster,
  history: History,
  place: Place,
  latest: Revision,
  signal: AbortSignal,
): Promise<readonly (WorkloadState | null)[]> {
  const stored = await history.open(cluster, place, latest.number, signal);
  const parts: readonly Part[] = stored ? partsOf(stored.payload.manifest, place.namespace).filter(isWorkload) : [];
  return Promise.all(parts.map(part => readWorkload(cluster, part, signal)));
}

/** Nothing where either is not known. */
function added(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : one + other;
}

/**
 * Why the live revision fails. While helm is at work on it, and of a deadline that was missed before it was made, nothing can be said; one that
 * helm calls failed is so unless the very same was rolled out before: then something else failed.
 */
function failingNote(
  revisions: readonly Revision[],
  latest: Revision,
  states: readonly (WorkloadState | null)[],
): Note | null {
  if (isPending(latest)) return null;
  const looping = states.find(state => state?.looping)?.looping;
  if (looping) return note('release-crash-looping', looping);
  if (states.some(state => (state?.lateSince ?? 0) > (latest.madeAt ?? 0))) return note('release-missed-deadline');
  const rolledOut = revisions.some(one => one.number < latest.number && one.key === latest.key && wasDeployed(one));
  if (latest.status !== 'failed' || rolledOut) return null;
  return note('helm-revision-failed', { revision: latest.number });
}

/** Distinct releases below the live one, newest first; each stands for its newest revision that was rolled out, else it may not be taken. */
function olderReleases(place: Place, revisions: readonly Revision[], latest: Revision | null): ObservedRelease[] {
  const below = revisions.filter(({ number, key }) => !latest || (number < latest.number && key !== latest.key));
  const keys = [...new Set(below.map(({ key }) => key))];
  const seen = new Map<string, string>(latest ? [[latest.version, latest.key]] : []);
  return keys.flatMap(key => {
    const held = below.filter(revision => revision.key === key);
    const shown = held.find(wasDeployed) ?? held[0];
    if (!shown) return [];
    const other = seen.get(shown.version);
    seen.set(shown.version, other ?? key);
    const version = other === undefined || other === key ? shown.version : `${shown.version} (${key.slice(0, 6)})`;
    return [{ ...observed(shown), version, missing: whyNot(place, shown) }];
  });
}

function observed(revision: Revision): Omit<ObservedRelease, 'missing'> {
  const { key, version, chartHash, valuesHash, madeAt } = revision;
  return { key, version, identity: { chart: chartHash, values: valuesHash }, createdAt: madeAt };
}

function whyNot(place: Place, revision: Revision): Note | null {
  if (wasDeployed(revision)) return null;
  const facts = { object: objectOf(place), revision: revision.number, status: revision.status };
  return note(isPending(revision) ? 'helm-revision-pending' : 'helm-revision-not-rolled-out', facts);
}
