import type { JsonObject } from '../../domain/json.ts';
import { type Note, note } from '../../domain/note.ts';
import type { StepPlan } from '../../domain/plan.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { Release } from '../../domain/release.ts';
import type { Executor, PlanContext } from '../../ports/executor.ts';
import type { Change } from './change.ts';
import type { Connect, Connection } from './connect.ts';
import { changeExecutor } from './executor.ts';
import { objectOf, undoInput } from './input.ts';
import { draftOperation, expectedMsOf, interruptionOf, judgeReferences, notesOn, nothingToChange } from './judged.ts';
import { refuseOwned, refusePaused } from './owners.ts';
import { createLookUp, type Found, referencesOf, wordsOf } from './references.ts';
import { deploymentTemplate, releaseKey, templateHash, versionOf } from './template.ts';
import { annotationChanges, type Revision, readWorld, type World } from './world.ts';

/** Takes a Deployment to a release of its own history, as `kubectl rollout undo` does, but by template and guarded. */
export function createUndo(connect: Connect, clock: { now(): number }): Executor {
  return changeExecutor('kubernetes.rollout-undo', connect, clock, planUndo);
}

async function planUndo(connection: Connection, context: PlanContext, raw: JsonObject): Promise<StepPlan> {
  const input = undoInput.parse(raw);
  const { signal, to } = context;
  const object = objectOf(input);
  if (!to) throw new Refusal(reason('no-good-release', { object }, `No release to take ${object} to was chosen.`));
  const world = await readWorld(connection, input, signal);
  const { deployment } = world;
  refuseOwned(input, deployment);
  const { template } = deployment.spec;
  if (releaseKey(template) === to.key) return nothingToChange;
  refusePaused(input, deployment);
  const target = revisionOf(object, world, to);
  const version = versionOf(target.set.spec.template);
  const found = await createLookUp(connection, input, signal)(referencesOf(target.set.spec.template));
  const unread = judgeReferences(object, version, found);
  const { graceSeconds, ...place } = input;
  const hashes = { before: templateHash(template), written: target.hash, after: target.hash };
  const identity = { uid: deployment.metadata.uid, version, graceSeconds, replicaSet: target.set.metadata.name };
  const change: Change = { ...place, action: 'to-replica-set', ...hashes, ...identity };
  const drafted = await draftOperation(
    connection,
    {
      change,
      world,
      template: deploymentTemplate(target.set.spec.template),
      annotations: annotationChanges(deployment, target.set),
      summary: summaryOf(object, world, version),
    },
    context,
  );
  const { blastRadius, warnings } = notesOn(change, deployment);
  return {
    operations: [drafted.operation],
    blastRadius,
    interruption: interruptionOf(deployment, target.set.spec.template),
    notRolledBack: configurationLeft(object, to, target, found),
    notChecked: [...unread, note('image-not-pulled', { object, version })],
    warnings: [...warnings, ...drafted.warnings, ...badTarget(object, to)],
    expectedMs: expectedMsOf(deployment),
  };
}

/** The revision that holds a release; several do where it was restarted, then the newest. */
function revisionOf(object: string, { deployment, history }: World, to: Release): Revision {
  const found = history.find(({ key }) => key === to.key);
  if (found) return found;
  const limit = deployment.spec.revisionHistoryLimit;
  const facts = { object, release: to.version, kept: history.length, limit };
  const why = limit === 0 ? 'no history is kept (revisionHistoryLimit 0)' : `${limit} old ones are kept`;
  const detail = `it is not among the ReplicaSets of ${object} any more: ${why}`;
  throw new Refusal(reason('release-not-eligible', facts, detail));
}

function summaryOf(object: string, { deployment }: World, to: string): Note {
  const from = versionOf(deployment.spec.template);
  const how = deployment.spec.strategy?.type === 'Recreate' ? 'recreate' : 'rolling';
  return note('deployment-goes-back', { object, from, to, pods: deployment.spec.replicas, how });
}

/** Configuration that both releases share by name stays as it is now; told where it was changed since, or may have been. */
function configurationLeft(object: string, to: Release, target: Revision, found: readonly Found[]): Note[] {
  return found
    .filter(({ state, hash }) => state === 'there' && hash !== null)
    .filter(({ kind, name, hash, changedAt }) => {
      const then = to.identity[`${kind}/${name}`];
      return then === undefined ? changedAt === null || changedAt > target.createdAt : then !== hash;
    })
    .map(reference => {
      const when = reference.changedAt === null ? {} : { changedAt: reference.changedAt };
      return note('configuration-stays', { object, name: wordsOf(reference), ...when });
    });
}

function badTarget(object: string, to: Release): Note[] {
  if (to.grade !== 'bad' && to.grade !== 'suspect') return [];
  return [note('target-known-bad', { object, release: to.version, grade: to.grade })];
}
