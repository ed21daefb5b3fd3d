import type { JsonObject } from '../../domain/json.ts';
import { type Note, note } from '../../domain/note.ts';
import type { Identity, ObservedRelease, ObservedReleases } from '../../domain/release.ts';
import type { ReleaseSource } from '../../ports/release-source.ts';
import type { Connect, Connection } from './connect.ts';
import { objectOf, type Place, placeInput } from './input.ts';
import { plainly } from './kube-error.ts';
import { isControlledBy, type Pod, readPods } from './objects.ts';
import { createLookUp, type Found, referencesOf, wordsOf } from './references.ts';
import { podProblem, rolloutState } from './rollout.ts';
import { podSpecOf, releaseKey, versionOf } from './template.ts';
import { currentRevision, type Revision, readWorld, type World } from './world.ts';

/** Shows the releases of a Deployment: the template that runs now, and those its ReplicaSets still hold. */
export function createReleaseSource(connect: Connect): ReleaseSource {
  return {
    kind: 'kubernetes.deployment',
    look: ({ signal }, input) =>
      plainly(async () => {
        const place = placeInput.parse(input);
        return lookAt(await connect(place), place, signal);
      }),
  };
}

async function lookAt(connection: Connection, place: Place, signal: AbortSignal): Promise<ObservedReleases> {
  const world = await readWorld(connection, place, signal);
  const { deployment } = world;
  const pods = await readPods(connection, place, deployment, signal);
  const key = releaseKey(deployment.spec.template);
  const lookUp = createLookUp(connection, place, signal);
  const found = await lookUp(referencesOf(deployment.spec.template));
  const versions = new Map<string, string>([[versionOf(deployment.spec.template), key]]);
  const current: ObservedRelease = {
    key,
    version: versionOf(deployment.spec.template),
    identity: identityOf(deployment.spec.template, key, found, digestsOf(world, pods)),
    createdAt: currentRevision(world)?.createdAt ?? null,
    missing: missingNote(place, found),
  };
  const history = await Promise.all(
    olderReleases(world, key).map(async revision => {
      const parts = await lookUp(referencesOf(revision.set.spec.template));
      return observed(place, revision, parts, labelFor(revision, versions));
    }),
  );
  const health = healthOf(world, pods);
  // A pod without a probe counts as available between two of its crashes.
  return { current, settled: isSettled(world) && !health.failing, ...health, history };
}

/** Distinct releases below the current one, newest first; a restart makes no release of its own. */
function olderReleases({ history }: World, currentKey: string): Revision[] {
  const seen = new Set([currentKey]);
  return history.filter(({ key }) => {
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function isSettled({ deployment, history }: World): boolean {
  const running = history.filter(({ set }) => set.status.replicas > 0);
  const only = running.length === 1 && running[0]?.key === releaseKey(deployment.spec.template);
  return only && !deployment.spec.paused && rolloutState(deployment).phase === 'done';
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
  const rollout = rolloutState(world.deployment);
  const late = rollout.phase === 'stuck' && rollout.since >= (currentRevision(world)?.createdAt ?? 0);
  return { restarts, failing: late ? note('release-missed-deadline') : null };
}

/** Two releases of one tag are told apart by the beginning of their key. */
function labelFor({ set, key }: Revision, versions: Map<string, string>): string {
  const version = versionOf(set.spec.template);
  const other = versions.get(version);
  versions.set(version, other ?? key);
  return other === undefined || other === key ? version : `${version} (${key.slice(0, 6)})`;
}

function observed(place: Place, revision: Revision, parts: readonly Found[], version: string): ObservedRelease {
  const { key, createdAt } = revision;
  return {
    key,
    version,
    identity: { template: key },
    createdAt: createdAt || null,
    missing: missingNote(place, parts),
  };
}

function missingNote(place: Place, found: readonly Found[]): Note | null {
  const names = found.filter(({ state }) => state === 'gone').map(wordsOf);
  return names.length > 0 ? note('parts-gone', { object: objectOf(place), names }) : null;
}

/** What ran: the template, the digests of the running images, the content of the configuration it names. */
function identityOf(
  template: JsonObject,
  key: string,
  found: readonly Found[],
  digests: Readonly<Record<string, string>>,
): Identity {
  const configuration = found.flatMap(({ kind, name, hash }) => (hash ? [[`${kind}/${name}`, hash]] : []));
  const images = podSpecOf(template).containers.flatMap(({ name }) =>
    digests[name] ? [[`image/${name}`, digests[name]]] : [],
  );
  return { template: key, ...Object.fromEntries([...images, ...configuration]) };
}

function digestsOf(world: World, pods: readonly Pod[]): Record<string, string> {
  const statuses = ownPods(world, pods).flatMap(pod => pod.status.containerStatuses);
  return Object.fromEntries(statuses.flatMap(({ name, imageID }) => (imageID ? [[name, imageID]] : [])));
}

/** The pods of what runs now, without those of releases that are on their way out. */
function ownPods(world: World, pods: readonly Pod[]): readonly Pod[] {
  const uid = currentRevision(world)?.set.metadata.uid;
  return pods.filter(pod => uid !== undefined && isControlledBy(pod, uid));
}
