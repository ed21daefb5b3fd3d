import type { JsonObject } from '../../domain/json.ts';
import { type Note, note } from '../../domain/note.ts';
import type { Identity, ObservedRelease, ObservedReleases } from '../../domain/release.ts';
import type { ReleaseSource } from '../../ports/release-source.ts';
import type { Closure } from './closure.ts';
import type { Connect, Connection } from './connect.ts';
import { imagesOf } from './images.ts';
import { createInformers, type OpenInformed } from './informers.ts';
import { type KubernetesReleaseDeps, objectOf, type Place, placeInput } from './input.ts';
import { createKnownImages, type KnownImages } from './known-images.ts';
import { plainly } from './kube-error.ts';
import { createImageLook, neverPulls } from './node-images.ts';
import { type Pod, readPods } from './objects.ts';
import { createRecorder, type Recorded, type Recorder } from './record-closure.ts';
import { configurationOf, createLookUp, type Found, referencesOf, wordsOf } from './references.ts';
import type { Revision } from './revisions.ts';
import { podProblem, rolloutState } from './rollout.ts';
import { podSpecOf, releaseKey, versionOf } from './template.ts';
import { currentRevision, podsOf, readWorld, type World } from './world.ts';

/**
 * Shows the releases of a workload: the template that runs now with the configuration it runs with, and those its history still holds. What it
 * sees of configuration it keeps, so that it can be brought back.
 */
export function createReleaseSource(
  connect: Connect,
  { kept, clock }: KubernetesReleaseDeps,
  openInformed: OpenInformed = createInformers(connect),
): ReleaseSource {
  const recorder = createRecorder(kept, clock);
  const images = createKnownImages(kept);
  return {
    kind: 'kubernetes.deployment',
    look: ({ signal, following }, input) =>
      plainly(async () => {
        const place = placeInput.parse(input);
        const connection = await (following ? openInformed(place, following) : connect(place));
        return lookAt({ recorder, images }, connection, place, signal);
      }),
  };
}

/** Where what is seen is kept. */
interface Books {
  readonly recorder: Recorder;
  readonly images: KnownImages;
}

async function lookAt(
  { recorder, images }: Books,
  connection: Connection,
  place: Place,
  signal: AbortSignal,
): Promise<ObservedReleases> {
  const world = await readWorld(connection, place, signal);
  const { workload } = world;
  const pods = await readPods(connection, place.namespace, workload.spec.selector, signal);
  const { template } = workload.spec;
  const lookUp = createLookUp(connection, place, signal);
  const found = await lookUp(referencesOf(template));
  const seen = { workload: workload.metadata.uid, revision: currentRevision(world)?.name ?? null, template };
  const configuration = await lookUp(configurationOf(template));
  const recorded = await recorder.record(
    { connection, namespace: place.namespace, signal },
    { ...seen, templates: world.history.map(({ key }) => key), pods: ownPods(world, pods), found: configuration },
  );
  const digests = digestsOf(world, pods);
  await images.see(workload.metadata.uid, imagesOf(template), digests);
  const version = versionOf(template);
  const current: ObservedRelease = {
    key: recorded.current.key,
    version,
    identity: identityOf(template, recorded.current, digests),
    createdAt: currentRevision(world)?.createdAt ?? null,
    missing: missingNote(place, found),
    shown: shownOf(workload.metadata.annotations[changeCause], currentRevision(world)),
  };
  const lookForImages = createImageLook(connection, signal);
  const versions = new Map<string, string>([[version, current.key]]);
  const history = await Promise.all(
    olderReleases(world, recorded).map(async past => {
      const { template: then } = past.revision;
      const where = { connection, namespace: place.namespace, signal };
      const parts = await recorder.restorable(where, past.closure, await lookUp(referencesOf(then)));
      const images = neverPulls(then) ? (await lookForImages(then)).gone : [];
      return observed(past, missingNote(place, parts, images), labelFor(past, versions));
    }),
  );
  const health = healthOf(world, pods);
  // A pod without a probe counts as available between two of its crashes.
  return { current, settled: isSettled(world, pods) && !health.failing, ...health, history };
}

/** A release that the history still holds: a template, with a configuration where one was recorded. */
interface Past {
  readonly revision: Revision;
  readonly closure: Closure | null;
  readonly key: string;
}

/** Distinct releases below the current one, newest first; a restart makes no release of its own unless it picked up another configuration. */
function olderReleases({ history }: World, { current, closures }: Recorded): Past[] {
  const seen = new Set([current.key]);
  const all = history.flatMap((revision): Past[] => {
    const known = closures.get(revision.key) ?? [];
    if (known.length === 0) return [{ revision, closure: null, key: revision.key }];
    return known.toReversed().map(closure => ({ revision, closure, key: closure.key }));
  });
  return all.filter(({ key }) => {
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function isSettled({ workload, history }: World, pods: readonly Pod[]): boolean {
  const running = history.filter(revision => pods.some(pod => revision.owns(pod) && !pod.metadata.deletionTimestamp));
  const only = running.length === 1 && running[0]?.key === releaseKey(workload.spec.template);
  return only && !workload.spec.paused && rolloutState(workload).phase === 'done';
}

/** How often a container of a release is restarted before the release counts as one that crashes in a loop. */
const loopRestarts = 3;

/** How the pods of what runs now fare: how often they were restarted, and whether they crash in a loop or missed the deadline of their rollout. */
function healthOf(world: World, pods: readonly Pod[]): Pick<ObservedReleases, 'restarts' | 'failing'> {
  const own = ownPods(world, pods);
  const restartsOf = (pod: Pod) =>
    pod.status.containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0);
  const restarts = own.reduce((sum, pod) => sum + restartsOf(pod), 0);
  const looping = own.find(pod => restartsOf(pod) >= loopRestarts && podProblem(pod)?.atLeastSeconds === 0);
  if (looping) {
    const pod = looping.metadata.name;
    return { restarts, failing: note('release-crash-looping', { pod, restarts: restartsOf(looping) }) };
  }
  const rollout = rolloutState(world.workload);
  const late = rollout.phase === 'stuck' && rollout.since >= (currentRevision(world)?.createdAt ?? 0);
  return { restarts, failing: late ? note('release-missed-deadline') : null };
}

/** Two releases of one tag are told apart by the beginning of their key. */
function labelFor({ revision, key }: Past, versions: Map<string, string>): string {
  const version = versionOf(revision.template);
  const other = versions.get(version);
  versions.set(version, other ?? key);
  return other === undefined || other === key ? version : `${version} (${key.slice(0, 6)})`;
}

function observed({ revision, closure, key }: Past, missing: Note | null, version: string): ObservedRelease {
  return {
    key,
    version,
    identity: { template: revision.key, ...closure?.configuration },
    createdAt: (closure && closure.revision !== revision.name ? closure.at : revision.createdAt) || null,
    missing,
    shown: shownOf(revision.annotations[changeCause], revision),
  };
}

const changeCause = 'kubernetes.io/change-cause';

/** What Kubernetes calls a release, for people: its number moves with every rollback. */
function shownOf(cause: string | undefined, revision: Revision | undefined): Readonly<Record<string, string>> {
  return {
    ...(revision ? { revision: String(revision.number), history: revision.name } : {}),
    ...(cause ? { cause } : {}),
  };
}

function missingNote(place: Place, found: readonly Found[], images: readonly string[] = []): Note | null {
  const missing = found.filter(({ state }) => state === 'gone').map(wordsOf);
  if (missing.length === 0 && images.length === 0) return null;
  return note('parts-gone', { object: objectOf(place), missing, images });
}

/** What ran: the template, the digests of the running images, the content of the configuration it runs with. */
function identityOf(
  template: JsonObject,
  { configuration }: Closure,
  digests: Readonly<Record<string, string>>,
): Identity {
  const images = podSpecOf(template).containers.flatMap(({ name }) =>
    digests[name] ? [[`image/${name}`, digests[name]]] : [],
  );
  return { template: releaseKey(template), ...Object.fromEntries(images), ...configuration };
}

function digestsOf(world: World, pods: readonly Pod[]): Record<string, string> {
  const statuses = ownPods(world, pods).flatMap(pod => pod.status.containerStatuses);
  return Object.fromEntries(statuses.flatMap(({ name, imageID }) => (imageID ? [[name, imageID]] : [])));
}

/** The pods of what runs now, without those of releases that are on their way out. */
function ownPods(world: World, pods: readonly Pod[]): readonly Pod[] {
  return podsOf(currentRevision(world), pods);
}
