import type { JsonObject } from '../../domain/json.ts';
import { type Note, note } from '../../domain/note.ts';
import type { Interruption, OperationDraft } from '../../domain/plan.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { PlanContext } from '../../ports/executor.ts';
import { type Change, fingerprintOf, hasMoved } from './change.ts';
import type { Connection } from './connect.ts';
import { refuseDriven } from './drivers.ts';
import { takenFields } from './fields.ts';
import { objectOf, placeOf, workloadOf } from './input.ts';
import { isDenied, KubeError } from './kube-error.ts';
import { readPods } from './objects.ts';
import { type Found, wordsOf } from './references.ts';
import { mayDelete, mayHang } from './stuck.ts';
import { podSpecOf, templateClaim, templateDiff, templateHash, versionOf } from './template.ts';
import { patchWorkload, type Workload } from './workload.ts';
import { currentRevision, guardedPatch, type World } from './world.ts';

/** What users feel of a rollout: nothing where old pods serve until new ones are ready, else a gap nobody can foretell. */
export function interruptionOf(workload: Workload, template: JsonObject): Interruption {
  const { strategy, replicas } = workload.spec;
  if (replicas === 0 || strategy.how === 'on-delete') return { kind: 'none' };
  // A StatefulSet or DaemonSet ends a pod before it starts the new one; whether the others carry on is not ours to know.
  if (strategy.how === 'recreate' || workload.kind !== 'Deployment') return { kind: 'unknown' };
  const probed = podSpecOf(template).containers.some(({ readinessProbe }) => readinessProbe !== undefined);
  const given = strategy.maxUnavailable;
  const missing = countOf(given, replicas);
  return probed && missing < replicas ? { kind: 'none' } : { kind: 'unknown' };
}

/** How many pods a count or share means, rounded down. */
export function countOf(given: number | string, of: number): number {
  return typeof given === 'number' ? given : Math.floor((of * Number.parseFloat(given)) / 100);
}

/** About how long a rollout takes, in ms: some ten seconds for each wave of pods, and the time each must stay ready. */
export function expectedMsOf({ kind, spec }: Workload): number {
  if (spec.strategy.how === 'on-delete') return 1_000;
  const pods = Math.max(1, spec.replicas);
  const together =
    kind === 'Deployment' ? Math.ceil(pods / 4) : Math.max(1, countOf(spec.strategy.maxUnavailable, pods));
  const waves = spec.strategy.how === 'recreate' ? 2 : Math.ceil(pods / together);
  return waves * (10_000 + spec.minReadySeconds * 1000);
}

/** Pods that only their deletion replaces are not waited for. */
export function waitFor({ spec }: Workload): Change['waitFor'] {
  return spec.strategy.how === 'on-delete' ? 'observed' : 'rollout';
}

/** Words on how far a rollout reaches and what a person should know before saying yes. */
export function notesOn(change: Change, { spec }: Workload) {
  const object = objectOf(change);
  const { replicas: pods, strategy } = spec;
  const { how, partition } = strategy;
  return {
    blastRadius:
      how === 'on-delete' ? [] : [note('pods-replaced', { object, pods: Math.max(0, pods - partition), how })],
    warnings: [
      ...(pods === 0 ? [note('no-pods-wanted', { object })] : []),
      ...(how === 'on-delete' ? [note('waits-for-deletion', { object, pods })] : []),
      ...(partition > 0 ? [note('partition-keeps-pods', { object, partition, ...lowestOf(pods, partition) })] : []),
    ],
  };
}

const lowestOf = (pods: number, partition: number) => ({ kept: Math.min(pods, partition), pods });

/** What the new pods need and do not find refuses the plan, and images that are `lost`; what we may not read is told as not checked. */
export function judgeReferences(
  object: string,
  version: string,
  found: readonly Found[],
  lost: readonly string[] = [],
): Note[] {
  const missing = found.filter(({ state }) => state === 'gone').map(wordsOf);
  if (missing.length > 0 || lost.length > 0) {
    const facts = { object, release: version, missing, images: lost };
    throw new Refusal(reason('release-not-eligible', { ...facts, why: 'parts-gone' }));
  }
  const unread = found.filter(({ state }) => state === 'forbidden').map(wordsOf);
  return unread.length > 0 ? [note('references-not-readable', { object, names: unread })] : [];
}

/** What an operation is made from. */
export interface Draft {
  readonly change: Change;
  readonly world: World;
  readonly template: JsonObject;
  readonly annotations: Readonly<Record<string, string | null>>;
  readonly summary: Note;
}

/** Somebody, or its own controller, wrote the workload that this names between the look and the try: it has to be planned again. */
export class MovedWhilePlanned extends Error {}

/**
 * Asks the API server to try the write without doing it (validation, admission, our right to patch), then freezes the
 * operation with the hash of what the server made of it, and its inverse: back to the revision that is current now. Warns of
 * fields that somebody's server-side apply would fight for.
 */
export async function draftOperation(
  connection: Connection,
  draft: Draft,
  context: PlanContext,
): Promise<{ readonly operation: OperationDraft; readonly warnings: readonly Note[] }> {
  const { world, template, annotations } = draft;
  const { workload } = world;
  const { signal } = context;
  const driven = await refuseDriven(
    connection,
    { ...workloadOf(draft.change), namespace: draft.change.namespace },
    signal,
  );
  const patch = guardedPatch(workload, template, annotations);
  const answer = await patchWorkload(connection, draft.change, patch, { dryRun: true, signal }).catch(
    async (error: unknown) => {
      if (error instanceof KubeError && (error.status === 422 || isDenied(error))) {
        if (error.status === 422 && (await hasMoved(connection, draft.change, workload, signal)))
          throw new MovedWhilePlanned(objectOf(draft.change), { cause: error });
        throw notAccepted(draft.change, error);
      }
      // Nobody acts on what is only observed: the account may then be one that only reads.
      if (context.mode === 'observe' && error instanceof KubeError && error.status === 403) return null;
      throw error;
    },
  );
  const tried = answer ?? { ...workload, spec: { ...workload.spec, template } };
  const object = objectOf(draft.change);
  const change: Change = { ...draft.change, after: templateHash(tried.spec.template) };
  const names = { before: `${object} now`, after: `${object} at ${change.version}` };
  const wayBack = await inverseOf(
    connection,
    { change, world, was: workload.spec.template, next: tried.spec.template },
    signal,
  );
  const operation: OperationDraft = {
    object,
    body: change,
    preview: { summary: draft.summary, diff: templateDiff(names, workload.spec.template, tried.spec.template) },
    fingerprint: await fingerprintOf(connection, change, world, signal),
    idempotent: true,
    claims: [templateClaim(workload.metadata)],
    inverse: wayBack.inverse,
  };
  const taken = takenFields(workload, tried).map(found => note('fields-taken', { object, ...found }));
  const untried = answer ? taken : [note('write-not-tried', { object })];
  return { operation, warnings: [...driven, ...untried, ...wayBack.warnings] };
}

/** What the way back is made from: the templates there and back. */
interface Forth {
  readonly change: Change;
  readonly world: World;
  readonly was: JsonObject;
  readonly next: JsonObject;
}

/** Back to the revision that is current now; none where its controller has not made it yet. */
async function inverseOf(
  connection: Connection,
  { change, world, was, next }: Forth,
  signal: AbortSignal,
): Promise<{ readonly inverse: OperationDraft['inverse']; readonly warnings: readonly Note[] }> {
  const now = currentRevision(world);
  if (!now) return { inverse: null, warnings: [] };
  const { uid, before, after, graceSeconds } = change;
  const object = objectOf(change);
  const version = versionOf(was);
  const healing = await healingOf(connection, change, world, signal);
  const body: Change = {
    ...placeOf(change),
    action: 'to-revision',
    uid,
    before: after,
    written: before,
    after: before,
    version,
    graceSeconds,
    waitFor: waitFor(world.workload),
    revision: now.name,
    ...healing.part,
  };
  const names = { before: `${object} at ${change.version}`, after: `${object} before` };
  const preview = { summary: note('deployment-put-back', { object, version }), diff: templateDiff(names, next, was) };
  return { inverse: { object, body, preview, idempotent: true }, warnings: healing.warnings };
}

/** A StatefulSet that waits for a pod of the release that is left does not come back by its template alone (kubernetes#67250). */
async function healingOf(connection: Connection, change: Change, { workload }: World, signal: AbortSignal) {
  if (!mayHang(workload)) return { part: {}, warnings: [] };
  const object = objectOf(change);
  const pods = await readPods(connection, change.namespace, workload.spec.selector, signal);
  const own = pods.find(({ metadata }) => metadata.ownerReferences.some(({ uid }) => uid === workload.metadata.uid));
  if (own && !(await mayDelete(connection, change, own, signal))) {
    return { part: {}, warnings: [note('way-back-may-hang', { object })] };
  }
  return { part: { heals: true } as const, warnings: [note('way-back-deletes-pods', { object })] };
}

function notAccepted(change: Change, error: KubeError): Refusal {
  return new Refusal(reason('plan-failed', { object: objectOf(change) }, error.message));
}
