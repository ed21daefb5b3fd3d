import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Json, JsonObject } from '../../domain/json.ts';
import { note } from '../../domain/note.ts';
import { badArgument, Refusal, reason } from '../../domain/reason.ts';
import type { ApplyContext, Observation } from '../../ports/executor.ts';
import { acceptedOwners } from '../../ports/owner-choice.ts';
import type { Connection } from './connect.ts';
import { withEnvironment } from './environment.ts';
import { withImages } from './images.ts';
import { objectName, objectOf, variableName, variableValue, workloadFields } from './input.ts';
import { isTransient, KubeError, moved, unlessGone } from './kube-error.ts';
import { asRead, readPods } from './objects.ts';
import { ownersOf, refuseOwned, refusePaused } from './owners.ts';
import { createLookUp, referencesOf } from './references.ts';
import { isReady, wasCompleted } from './rollout.ts';
import { imageName } from './rollout-input.ts';
import { deploymentTemplate, hashOf, restarted, templateHash } from './template.ts';
import { patchWorkload, type Workload } from './workload.ts';
import { annotationChanges, currentRevision, guardedPatch, podsOf, readWorld, type World } from './world.ts';

const hash = z.string().regex(/^[0-9a-f]{32}$/);
/** What every operation on a workload's pods says. */
export const sharedBody = {
  ...workloadFields,
  ...acceptedOwners,
  uid: z.string().regex(/^[\w-]{1,64}$/),
  /** Hash of the template that the workload is to have. */
  after: hash,
  /** What people call that template. */
  version: z.string().max(256),
  graceSeconds: z.number(),
};
const shared = {
  ...sharedBody,
  /** Hash of the template that is replaced, and of the one we send: `after` is what the API server makes of that. */
  before: hash,
  written: hash,
  /** Whether it has come to rest with the rollout, or as soon as the controller has seen it: its pods are then somebody else's work. */
  waitFor: z.enum(['rollout', 'observed']),
  /** Whether pods that the workload waits for in vain are deleted meanwhile: the way back from a release that does not start. */
  heals: z.literal(true).exactOptional(),
};

/** What an operation of this adapter says: hashes and names, so that no value of a template leaves the cluster. */
const changeBody = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('to-revision'), ...shared, revision: objectName }),
  z.strictObject({ action: z.literal('restart'), ...shared, at: z.iso.datetime() }),
  z.strictObject({
    action: z.literal('environment'),
    ...shared,
    set: z.record(variableName, variableValue),
    remove: z.array(variableName),
    containers: z.array(objectName),
  }),
  z.strictObject({ action: z.literal('image'), ...shared, images: z.record(objectName, imageName) }),
]);

/** A change of a workload's template. */
export type Change = z.infer<typeof changeBody>;

/** Reads an operation's body; a body that is none, or holds a hostile name, is refused before any request. */
export function readChange(body: JsonObject): Change {
  const parsed = changeBody.safeParse(body);
  if (parsed.success) return parsed.data;
  throw badArgument(parsed.error);
}

/** The template that a change writes, made from the world as it is, and the annotations that go with it; null where its revision is gone. */
export function outcomeOf(change: Change, world: World) {
  if (change.action === 'environment') {
    return { template: withEnvironment(world.workload.spec.template, change), annotations: {} };
  }
  if (change.action === 'image') {
    return { template: withImages(world.workload.spec.template, change.images), annotations: {} };
  }
  if (change.action === 'restart') {
    return { template: restarted(world.workload.spec.template, change.at), annotations: {} };
  }
  const revision = world.history.find(({ name }) => name === change.revision);
  if (!revision) return null;
  return { template: deploymentTemplate(revision.template), annotations: annotationChanges(world.workload, revision) };
}

/** Hash of all that is written and was judged: identity, template, annotations, owners, pause, the configuration the new pods would read. */
export async function fingerprintOf(
  connection: Connection,
  change: Change,
  world: World,
  signal: AbortSignal,
): Promise<string> {
  const { workload } = world;
  const outcome = outcomeOf(change, world);
  const found = outcome ? await createLookUp(connection, change, signal)(referencesOf(outcome.template)) : [];
  const written = Object.keys(outcome?.annotations ?? {}).sort();
  return hashOf({
    uid: workload.metadata.uid,
    template: templateHash(workload.spec.template),
    annotations: written.map(key => [key, workload.metadata.annotations[key] ?? null]) as Json,
    // The time of a restart is the plan's own: planned again, it is the same restart.
    outcome: change.action === 'restart' ? change.action : outcome && templateHash(outcome.template),
    owners: ownersOf(workload),
    paused: workload.spec.paused,
    ...(workload.kind === 'Deployment' ? {} : { strategy: { ...workload.spec.strategy } }),
    configuration: found.map(({ kind, name, state, hash: content }) => [kind, name, state, content]),
  });
}

/** What is there now, seen against a change; `seen` hears of the world that was read. Throws `KubeError`. */
export async function observeChange(
  connection: Connection,
  change: Change,
  signal: AbortSignal,
  seen: (world: World) => void,
): Promise<Observation> {
  const object = objectOf(change);
  const world = await unlessGone(readWorld(connection, change, signal));
  if (!world) {
    return { state: 'unknown', fingerprint: hashOf('gone'), note: note('deployment-gone', { object }) };
  }
  seen(world);
  const fingerprint = await fingerprintOf(connection, change, world, signal);
  const { workload } = world;
  if (workload.metadata.uid === change.uid && templateHash(workload.spec.template) === change.after) {
    const done = await isDone(connection, change, world, signal);
    const facts = { object, version: change.version, ...podCounts(workload) };
    return { state: done ? 'applied' : 'in-progress', fingerprint, note: note('deployment-is-at', facts) };
  }
  return { state: 'not-applied', fingerprint, note: note('deployment-is-not-at', { object, version: change.version }) };
}

async function isDone(connection: Connection, change: Change, world: World, signal: AbortSignal): Promise<boolean> {
  const { metadata, spec, status } = world.workload;
  if (change.waitFor === 'observed') return metadata.generation <= status.observedGeneration;
  if (spec.strategy.partition === 0) return wasCompleted(world.workload);
  const pods = await readPods(connection, change.namespace, spec.selector, signal);
  return wasCompleted(world.workload, podsOf(currentRevision(world), pods).filter(isReady).length);
}

/** Numbers of a rollout as people read them. */
export function podCounts({ spec, status }: Workload) {
  return { ready: Math.min(status.updatedReplicas, status.availableReplicas), pods: spec.replicas };
}

/** Tries before a write that keeps failing is given up; each re-reads the world first. */
const tries = 6;

/**
 * Writes a change; a second time finds it written. Refuses where the workload is neither what was approved nor what it is to become. The first
 * try starts from the world as it was `seen`, where it was, and holds only if nothing at all of the workload was written since.
 */
export async function applyChange(
  connection: Connection,
  change: Change,
  context: ApplyContext,
  seen?: World,
): Promise<void> {
  const { signal } = context;
  let known = seen;
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    const world = known ?? (await readWorld(connection, change, signal));
    const { workload } = world;
    const now = templateHash(workload.spec.template);
    if (workload.metadata.uid === change.uid && now === change.after) return;
    if (workload.metadata.uid !== change.uid || now !== change.before) throw moved(objectOf(change));
    const outcome = outcomeOf(change, world);
    if (!outcome) throw gone(change);
    if (templateHash(outcome.template) !== change.written) throw moved(objectOf(change));
    refuseOwned(change, workload);
    refusePaused(change, workload);
    const patch = guardedPatch(workload, outcome.template, outcome.annotations);
    const exactly = known ? asRead(workload, false) : [];
    try {
      await patchWorkload(connection, change, [...exactly, ...patch], { dryRun: false, signal });
      return;
    } catch (error) {
      const stale = known && error instanceof KubeError && error.status === 422;
      known = undefined;
      if (stale) continue;
      if (attempt === tries || !(await mayTryAgain(connection, change, workload, error, signal))) throw error;
      const wait = error instanceof KubeError ? error.retryAfterMs : null;
      await delay(Math.min(wait ?? 100 * 2 ** attempt, 10_000), undefined, { signal });
    }
  }
}

/** A conflict, a failed precondition or a lost answer is worth another look; a refusal of an unmoved world is the server's last word. */
async function mayTryAgain(
  connection: Connection,
  change: Change,
  before: Workload,
  error: unknown,
  signal: AbortSignal,
): Promise<boolean> {
  if (isTransient(error)) return true;
  if (!(error instanceof KubeError) || (error.status !== 409 && error.status !== 422)) return false;
  return error.status === 409 || (await hasMoved(connection, change, before, signal));
}

/** Whether anything that a write of ours is guarded by has moved since it was read. */
export async function hasMoved(
  connection: Connection,
  change: Change,
  before: Workload,
  signal: AbortSignal,
): Promise<boolean> {
  const { workload } = await readWorld(connection, change, signal);
  const seen = ({ kind, metadata, spec }: Workload) => {
    const moves = kind === 'Deployment' ? 0 : metadata.generation;
    return hashOf([metadata.uid, moves, metadata.annotations, templateHash(spec.template)]);
  };
  return seen(workload) !== seen(before);
}

function gone(change: Change): Refusal {
  const facts = { object: objectOf(change), release: change.version };
  return new Refusal(reason('release-not-eligible', { ...facts, why: 'not-in-history' }));
}
