import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import { note } from '../../domain/note.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { ApplyContext, Observation } from '../../ports/executor.ts';
import { acceptedOwners } from '../../ports/owner-choice.ts';
import {
  type ArgoWorld,
  isAllStable,
  isObserved,
  isUpdating,
  readArgo,
  rolloutFields,
  rolloutObject,
  rolloutPlace,
  stableSet,
} from './argo.ts';
import type { Connection } from './connect.ts';
import { objectName } from './input.ts';
import { KubeError, moved } from './kube-error.ts';
import { kubectl } from './kubectl.ts';
import { objectFields, patchLive, type WriteOptions } from './live-object.ts';
import { guardedWrite } from './object-executor.ts';
import { ownersOf, refuseOwners } from './owners.ts';
import { deploymentTemplate, hashOf, templateHash } from './template.ts';

const hash = z.string().regex(/^[0-9a-f]{32}$/);
const { kind, api, plural } = objectFields;
const podHash = z.string().regex(/^[a-z0-9]{1,63}$/);
const shared = {
  ...rolloutFields,
  ...acceptedOwners,
  uid: z.string().regex(/^[\w-]{1,64}$/),
  /** Hash of the template that the Rollout has when this is done. */
  before: hash,
  /** The release that is rolled out, by the controller's hash. */
  current: podHash,
  /** The release that took the traffic when this was planned, by the controller's hash. */
  stable: podHash,
  /** What people call the release that is gone to. */
  version: z.string().max(256),
  graceSeconds: z.number(),
};

/** What an operation on a Rollout says. */
export const argoBody = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('abort'), ...shared }),
  z.strictObject({ action: z.literal('retry'), ...shared }),
  z.strictObject({ action: z.literal('promote-full'), ...shared }),
  z.strictObject({
    action: z.literal('template'),
    ...shared,
    /** Hash of the template that is written, out of this ReplicaSet. */
    after: hash,
    set: objectName,
    /** The object that holds the template. */
    holder: z.strictObject({ kind, name: objectName, api, plural }),
    /** Whether it has come to rest when all is healthy, or as soon as the controller has seen it: further steps are then not ours. */
    waitFor: z.enum(['healthy', 'observed']),
  }),
]);

/** A change of a Rollout. */
export type ArgoChange = z.infer<typeof argoBody>;

/** Whether the change is there: done, on its way, or not begun. */
export function stateOf(change: ArgoChange, world: ArgoWorld): 'applied' | 'in-progress' | 'not-applied' {
  const { metadata, status } = world.rollout;
  if (metadata.uid !== change.uid) return 'not-applied';
  const isCurrent = status.currentPodHash === change.current;
  if (change.action === 'abort') {
    const over = isCurrent ? status.abort : status.currentPodHash === change.stable;
    return over ? (isAllStable(world) ? 'applied' : 'in-progress') : 'not-applied';
  }
  if (change.action === 'retry') return isCurrent && !status.abort ? 'applied' : 'not-applied';
  if (change.action === 'promote-full') {
    if (!isCurrent) return 'not-applied';
    return !isUpdating(world) ? 'applied' : status.promoteFull ? 'in-progress' : 'not-applied';
  }
  if (templateHash(world.holder.template) !== change.after) return 'not-applied';
  const rests = change.waitFor === 'observed' || (status.phase === 'Healthy' && !isUpdating(world));
  return isObserved(world) && rests ? 'applied' : 'in-progress';
}

/** Hash of all that is written and was judged: identity, template, the release gone to, what is stable, owners, pause. */
export function argoFingerprint(change: ArgoChange, world: ArgoWorld): string {
  const { rollout, holder, sets } = world;
  const set = change.action === 'template' ? sets.find(({ name }) => name === change.set) : undefined;
  return hashOf({
    uid: rollout.metadata.uid,
    holder: holder.live.metadata.uid,
    template: templateHash(holder.template),
    set: set?.hash ?? null,
    stable: rollout.status.stableRS,
    paused: rollout.spec.paused,
    owners: ownersOf(holder.live),
  });
}

/** What is there now, seen against a change. Throws `KubeError`. */
export async function observeArgo(
  connection: Connection,
  change: ArgoChange,
  signal: AbortSignal,
): Promise<Observation> {
  const object = rolloutObject(change);
  const world = await readArgo(connection, change, signal);
  if (!world) return { state: 'unknown', fingerprint: hashOf('gone'), note: note('object-gone', { object }) };
  return {
    state: stateOf(change, world),
    fingerprint: argoFingerprint(change, world),
    note: rolloutNote(world, object),
  };
}

/** How a Rollout stands, in a sentence. */
export function rolloutNote(world: ArgoWorld, object: string) {
  const { spec, status } = world.rollout;
  const stable = stableSet(world);
  const facts = { object, phase: status.phase, version: stable?.version ?? '' };
  return note('rollout-stands', { ...facts, ready: stable?.available ?? 0, pods: spec.replicas });
}

/** Writes a change; a second time finds it written. Refuses where the Rollout is neither what was approved nor what it is to become. */
export async function applyArgo(connection: Connection, change: ArgoChange, { signal }: ApplyContext): Promise<void> {
  const object = rolloutObject(change);
  const look = async () => {
    const world = await readArgo(connection, change, signal);
    if (!world) throw moved(object);
    return world;
  };
  const write = async (world: ArgoWorld) => {
    if (stateOf(change, world) !== 'not-applied') return;
    const { rollout, holder } = world;
    if (rollout.metadata.uid !== change.uid || templateHash(holder.template) !== change.before) throw moved(object);
    if (change.action === 'template') refuseOwners(object, change, holder.live);
    refusePausedRollout(object, world);
    await writeArgo(connection, change, world, { dryRun: false, signal });
  };
  await guardedWrite(look, write, signal);
}

/** Refuses a Rollout that somebody paused: its controller does nothing until it is resumed. */
export function refusePausedRollout(object: string, { rollout: { spec } }: ArgoWorld): void {
  if (!spec.paused) return;
  throw new Refusal(reason('plan-failed', { object, why: 'paused' }));
}

/** Sends a change, valid only while the Rollout is what was read. Throws `KubeError`, and a refusal where the release gone to is not there any more. */
export async function writeArgo(
  connection: Connection,
  change: ArgoChange,
  world: ArgoWorld,
  options: WriteOptions,
): Promise<void> {
  if (change.action !== 'template') return writeStatus(connection, change, world, options);
  const { holder, sets } = world;
  const set = sets.find(({ name }) => name === change.set);
  if (set?.hash !== change.after) {
    const object = rolloutObject(change);
    const facts = { object, release: change.version, set: change.set };
    throw new Refusal(reason('release-not-eligible', { ...facts, why: 'set-gone' }));
  }
  const patch: JsonObject[] = [
    { op: 'test', path: '/metadata/uid', value: holder.live.metadata.uid },
    { op: 'test', path: '/metadata/generation', value: holder.live.metadata.generation },
    { op: 'test', path: holder.path, value: holder.template },
    { op: 'replace', path: holder.path, value: deploymentTemplate(set.template) },
  ];
  await patchLive(connection, holder.place, patch, options);
}

const fields = {
  abort: { path: '/status/abort', value: true },
  retry: { path: '/status/abort', value: false },
  'promote-full': { path: '/status/promoteFull', value: true },
} as const;

async function writeStatus(
  connection: Connection,
  change: Exclude<ArgoChange, { action: 'template' }>,
  { rollout: { metadata } }: ArgoWorld,
  options: WriteOptions,
): Promise<void> {
  const patch: JsonObject[] = [
    { op: 'test', path: '/metadata/uid', value: metadata.uid },
    { op: 'test', path: '/metadata/generation', value: metadata.generation },
    { op: 'test', path: '/status/currentPodHash', value: change.current },
    { op: 'test', path: '/status/stableRS', value: change.stable },
    { op: 'add', ...fields[change.action] },
  ];
  const place = rolloutPlace(change);
  try {
    await patchLive(connection, place, patch, options, 'status');
  } catch (error) {
    // The definition of releases before 0.10 has no subresource for the status.
    if (!(error instanceof KubeError) || error.status !== 404) throw error;
    await patchLive(connection, place, patch, options);
  }
}

/** The same as commands for a person; the status can be patched without the plugin of kubectl. */
export function argoByHand(change: ArgoChange): readonly string[] {
  const { rollout, action } = change;
  const look = kubectl(change, 'get', 'rollout', rollout);
  if (action === 'template') return [kubectl(change, 'get', 'replicaset', change.set, '-o', 'yaml'), look];
  const status = { abort: { abort: true }, retry: { abort: false }, 'promote-full': { promoteFull: true } }[action];
  const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status })];
  return [kubectl(change, 'patch', 'rollout', rollout, ...patch), look];
}
