import type { JsonObject } from '../../domain/json.ts';
import { type Note, note } from '../../domain/note.ts';
import type { Interruption, OperationDraft, StepPlan } from '../../domain/plan.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { PlanContext } from '../../ports/executor.ts';
import { type Change, fingerprintOf } from './change.ts';
import type { Connection } from './connect.ts';
import { takenFields } from './fields.ts';
import { objectOf, placeOf } from './input.ts';
import { KubeError } from './kube-error.ts';
import { type Deployment, patchDeployment } from './objects.ts';
import { type Found, wordsOf } from './references.ts';
import { podSpecOf, templateDiff, templateHash, versionOf } from './template.ts';
import { currentRevision, guardedPatch, type World } from './world.ts';

/** What users feel of a rollout: nothing where old pods serve until new ones are ready, else a gap nobody can foretell. */
export function interruptionOf(deployment: Deployment, template: JsonObject): Interruption {
  const { strategy, replicas } = deployment.spec;
  if (replicas === 0) return { kind: 'none' };
  if (strategy?.type === 'Recreate') return { kind: 'unknown' };
  const probed = podSpecOf(template).containers.some(({ readinessProbe }) => readinessProbe !== undefined);
  const given = strategy?.rollingUpdate?.maxUnavailable ?? '25%';
  const missing = typeof given === 'number' ? given : Math.floor((replicas * Number.parseFloat(given)) / 100);
  return probed && missing < replicas ? { kind: 'none' } : { kind: 'unknown' };
}

/** About how long a rollout takes, in ms: some ten seconds for each wave of pods, and the time each must stay ready. */
export function expectedMsOf(deployment: Deployment): number {
  const waves = deployment.spec.strategy?.type === 'Recreate' ? 2 : Math.min(4, Math.max(1, deployment.spec.replicas));
  return waves * (10_000 + deployment.spec.minReadySeconds * 1000);
}

/** The plan of a step that finds its work done. */
export const nothingToChange: StepPlan = {
  operations: [],
  blastRadius: [],
  interruption: { kind: 'none' },
  notRolledBack: [],
  notChecked: [],
  warnings: [],
  expectedMs: 0,
};

/** Words on how far a rollout reaches and what a person should know before saying yes. */
export function notesOn(change: Change, deployment: Deployment) {
  const object = objectOf(change);
  const pods = deployment.spec.replicas;
  const rolling = deployment.spec.strategy?.type !== 'Recreate';
  return {
    blastRadius: [note('pods-replaced', { object, pods, how: rolling ? 'rolling' : 'recreate' })],
    warnings: pods === 0 ? [note('no-pods-wanted', { object })] : [],
  };
}

/** What the new pods need and do not find refuses the plan; what we may not read is told as not checked. */
export function judgeReferences(object: string, version: string, found: readonly Found[]): Note[] {
  const gone = found.filter(({ state }) => state === 'gone').map(wordsOf);
  if (gone.length > 0) {
    const detail = `what it needs is gone: ${gone.join(', ')}`;
    throw new Refusal(reason('release-not-eligible', { object, release: version, missing: gone }, detail));
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

/**
 * Asks the API server to try the write without doing it (validation, admission, our right to patch), then freezes the
 * operation with the hash of what the server made of it, and its inverse: back to the ReplicaSet that is current now. Warns of
 * fields that somebody's server-side apply would fight for.
 */
export async function draftOperation(
  connection: Connection,
  draft: Draft,
  context: PlanContext,
): Promise<{ readonly operation: OperationDraft; readonly warnings: readonly Note[] }> {
  const { world, template, annotations } = draft;
  const { deployment } = world;
  const { signal } = context;
  const patch = guardedPatch(deployment, template, annotations);
  const tried = await patchDeployment(connection, draft.change, patch, { dryRun: true, signal }).catch(
    (error: unknown) => {
      if (error instanceof KubeError && error.status === 422) throw notAccepted(draft.change, error);
      throw error;
    },
  );
  const object = objectOf(draft.change);
  const change: Change = { ...draft.change, after: templateHash(tried.spec.template) };
  const names = { before: `${object} now`, after: `${object} at ${change.version}` };
  const now = currentRevision(world);
  const was = versionOf(deployment.spec.template);
  const operation: OperationDraft = {
    object,
    body: change,
    preview: { summary: draft.summary, diff: templateDiff(names, deployment.spec.template, tried.spec.template) },
    fingerprint: await fingerprintOf(connection, change, world, signal),
    idempotent: true,
    inverse: now
      ? {
          object,
          body: inverseOf(change, now.set.metadata.name, was),
          preview: {
            summary: note('deployment-put-back', { object, version: was }),
            diff: templateDiff(
              { before: names.after, after: `${object} before` },
              tried.spec.template,
              deployment.spec.template,
            ),
          },
          idempotent: true,
        }
      : null,
  };
  const taken = takenFields(deployment, tried);
  return { operation, warnings: taken.map(found => note('fields-taken', { object, ...found })) };
}

function inverseOf(change: Change, replicaSet: string, version: string): Change {
  const { uid, before, after, graceSeconds } = change;
  return {
    ...placeOf(change),
    action: 'to-replica-set',
    uid,
    before: after,
    written: before,
    after: before,
    version,
    graceSeconds,
    replicaSet,
  };
}

function notAccepted(change: Change, error: KubeError): Refusal {
  return new Refusal(reason('plan-failed', { object: objectOf(change) }, error.message));
}
