import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Json, JsonObject } from '../../domain/json.ts';
import { note } from '../../domain/note.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { ApplyContext, Observation } from '../../ports/executor.ts';
import type { Connection } from './connect.ts';
import { withEnvironment } from './environment.ts';
import { objectName, objectOf, variableName, variableValue, workloadFields } from './input.ts';
import { isTransient, KubeError } from './kube-error.ts';
import { type Deployment, patchDeployment } from './objects.ts';
import { ownersOf, refuseOwned, refusePaused } from './owners.ts';
import { createLookUp, referencesOf } from './references.ts';
import { wasCompleted } from './rollout.ts';
import { deploymentTemplate, hashOf, templateHash } from './template.ts';
import { annotationChanges, guardedPatch, readWorld, type World } from './world.ts';

const hash = z.string().regex(/^[0-9a-f]{32}$/);
const shared = {
  ...workloadFields,
  uid: z.string().regex(/^[\w-]{1,64}$/),
  /** Hash of the template that is replaced, of the one we send, and of what the API server makes of that. */
  before: hash,
  written: hash,
  after: hash,
  /** What people call the template that comes. */
  version: z.string().max(256),
  graceSeconds: z.number(),
};

/** What an operation of this adapter says: hashes and names, so that no value of a template leaves the cluster. */
const changeBody = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('to-replica-set'), ...shared, replicaSet: objectName }),
  z.strictObject({
    action: z.literal('environment'),
    ...shared,
    set: z.record(variableName, variableValue),
    remove: z.array(variableName),
    containers: z.array(objectName),
  }),
]);

/** A change of a Deployment's template. */
export type Change = z.infer<typeof changeBody>;

/** Reads an operation's body; a body that is none, or holds a hostile name, is refused before any request. */
export function readChange(body: JsonObject): Change {
  const parsed = changeBody.safeParse(body);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map(issue => issue.path.join('.')).join(', ');
  throw new Refusal(reason('bad-argument', { fields }));
}

/** The template that a change writes, made from the world as it is, and the annotations that go with it; null where its ReplicaSet is gone. */
export function outcomeOf(change: Change, world: World) {
  if (change.action === 'environment') {
    return { template: withEnvironment(world.deployment.spec.template, change), annotations: {} };
  }
  const set = world.history.find(({ set: { metadata } }) => metadata.name === change.replicaSet)?.set;
  if (!set) return null;
  return { template: deploymentTemplate(set.spec.template), annotations: annotationChanges(world.deployment, set) };
}

/** Hash of all that is written and was judged: identity, template, annotations, owners, pause, the configuration the new pods would read. */
export async function fingerprintOf(
  connection: Connection,
  change: Change,
  world: World,
  signal: AbortSignal,
): Promise<string> {
  const { deployment } = world;
  const outcome = outcomeOf(change, world);
  const found = outcome ? await createLookUp(connection, change, signal)(referencesOf(outcome.template)) : [];
  const written = Object.keys(outcome?.annotations ?? {}).sort();
  return hashOf({
    uid: deployment.metadata.uid,
    template: templateHash(deployment.spec.template),
    annotations: written.map(key => [key, deployment.metadata.annotations[key] ?? null]) as Json,
    outcome: outcome ? templateHash(outcome.template) : null,
    owners: ownersOf(deployment),
    paused: deployment.spec.paused,
    configuration: found.map(({ kind, name, state, hash: content }) => [kind, name, state, content]),
  });
}

/** What is there now, seen against a change. Throws `KubeError`. */
export async function observeChange(connection: Connection, change: Change, signal: AbortSignal): Promise<Observation> {
  const object = objectOf(change);
  const world = await readWorld(connection, change, signal).catch((error: unknown) => {
    if (error instanceof KubeError && error.status === 404) return null;
    throw error;
  });
  if (!world) {
    return { state: 'unknown', fingerprint: hashOf('gone'), note: note('deployment-gone', { object }) };
  }
  const fingerprint = await fingerprintOf(connection, change, world, signal);
  const { deployment } = world;
  if (deployment.metadata.uid === change.uid && templateHash(deployment.spec.template) === change.after) {
    const done = wasCompleted(deployment);
    const facts = { object, version: change.version, ...podCounts(deployment) };
    return { state: done ? 'applied' : 'in-progress', fingerprint, note: note('deployment-is-at', facts) };
  }
  return { state: 'not-applied', fingerprint, note: note('deployment-is-not-at', { object, version: change.version }) };
}

/** Numbers of a rollout as people read them. */
export function podCounts({ spec, status }: Deployment) {
  return { ready: Math.min(status.updatedReplicas, status.availableReplicas), pods: spec.replicas };
}

/** Tries before a write that keeps failing is given up; each re-reads the world first. */
const tries = 6;

/** Writes a change; a second time finds it written. Refuses where the Deployment is neither what was approved nor what it is to become. */
export async function applyChange(connection: Connection, change: Change, context: ApplyContext): Promise<void> {
  const { signal } = context;
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    const world = await readWorld(connection, change, signal);
    const { deployment } = world;
    const now = templateHash(deployment.spec.template);
    if (deployment.metadata.uid === change.uid && now === change.after) return;
    if (deployment.metadata.uid !== change.uid || now !== change.before) throw moved(change);
    const outcome = outcomeOf(change, world);
    if (!outcome) throw gone(change);
    if (templateHash(outcome.template) !== change.written) throw moved(change);
    refuseOwned(change, deployment);
    refusePaused(change, deployment);
    const patch = guardedPatch(deployment, outcome.template, outcome.annotations);
    try {
      await patchDeployment(connection, change, patch, { dryRun: false, signal });
      return;
    } catch (error) {
      if (attempt === tries || !(await mayTryAgain(connection, change, deployment, error, signal))) throw error;
      const wait = error instanceof KubeError ? error.retryAfterMs : null;
      await delay(Math.min(wait ?? 100 * 2 ** attempt, 10_000), undefined, { signal });
    }
  }
}

/** A conflict, a failed precondition or a lost answer is worth another look; a refusal of an unmoved world is the server's last word. */
async function mayTryAgain(
  connection: Connection,
  change: Change,
  before: Deployment,
  error: unknown,
  signal: AbortSignal,
): Promise<boolean> {
  if (isTransient(error)) return true;
  if (!(error instanceof KubeError) || (error.status !== 409 && error.status !== 422)) return false;
  if (error.status === 409) return true;
  const { deployment } = await readWorld(connection, change, signal);
  const seen = ({ metadata, spec }: Deployment) =>
    hashOf([metadata.uid, metadata.annotations, templateHash(spec.template)]);
  return seen(deployment) !== seen(before);
}

function moved(change: Change): Refusal {
  return new Refusal(reason('target-changed', { object: objectOf(change) }));
}

function gone(change: Change): Refusal {
  const detail = `it is not among the ReplicaSets of ${objectOf(change)} any more`;
  return new Refusal(reason('release-not-eligible', { object: objectOf(change), release: change.version }, detail));
}
