import type { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import { type Note, note } from '../../domain/note.ts';
import { emptyPlan, type Interruption, type StepPlan } from '../../domain/plan.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { Release } from '../../domain/release.ts';
import type { Executor, PlanContext } from '../../ports/executor.ts';
import type { Change } from './change.ts';
import { together, withConfiguration } from './closure-executor.ts';
import type { Connect, Connection } from './connect.ts';
import { changeExecutor } from './executor.ts';
import { type KubernetesReleaseDeps, objectOf, undoInput } from './input.ts';
import { type Draft, expectedMsOf, interruptionOf, judgeReferences, notesOn } from './judged.ts';
import { createKeeper, type Keeper } from './keep.ts';
import { createImageLook, type ImageStates } from './node-images.ts';
import { refuseOwned, refusePaused } from './owners.ts';
import { fullQuotas } from './quota.ts';
import { draftChange } from './recover.ts';
import { configurationOf, createLookUp, type Found, referencesOf } from './references.ts';
import { planReaders } from './restart-readers.ts';
import { planRestores, type RestorePlan } from './restore-plan.ts';
import type { Revision } from './revisions.ts';
import { deploymentTemplate, releaseKey, restartedAnew, templateHash, versionOf } from './template.ts';
import { sharedChange } from './template-plan.ts';
import { annotationChanges, readWorld, revisionOfRelease, revisionOfVersion, type World } from './world.ts';

/**
 * Takes a workload to a release of its own history, as `kubectl rollout undo` does, but by template and guarded, and with the configuration
 * that the release ran with.
 */
export function createUndo(connect: Connect, { kept, clock }: Pick<KubernetesReleaseDeps, 'kept' | 'clock'>): Executor {
  const keeper = createKeeper(kept);
  const plan = (connection: Connection, context: PlanContext, raw: JsonObject, several: boolean) =>
    planUndo({ connection, keeper, clock, several }, context, raw);
  const templates = changeExecutor('kubernetes.rollout-undo', connect, clock, plan);
  return withConfiguration({ connect, keeper, clock }, templates);
}

interface Planning {
  readonly connection: Connection;
  readonly keeper: Keeper;
  readonly clock: { now(): number };
  /** Whether the step names other workloads beside it. */
  readonly several: boolean;
}

async function planUndo(planning: Planning, context: PlanContext, raw: JsonObject): Promise<StepPlan> {
  const { connection, keeper } = planning;
  const input = undoInput.parse(raw);
  const { signal, to } = context;
  const object = objectOf(input);
  if (!to) throw new Refusal(reason('no-good-release', { object, why: 'none-chosen' }));
  const world = await readWorld(connection, input, signal);
  const { workload } = world;
  refuseOwned(input, workload);
  const { template } = workload.spec;
  const target = revisionOf(object, world, to, planning.several);
  const version = versionOf(target.template);
  const lookUp = createLookUp(connection, input, signal);
  const found = await lookUp(configurationOf(target.template));
  const question = { place: input, object, to, createdAt: target.createdAt, found, ...input };
  const restores = await planRestores(connection, keeper, question, signal);
  const unchanged = releaseKey(template) === target.key;
  if (unchanged && restores.operations.length === 0) return emptyPlan;
  refusePaused(input, workload);
  const goal = { template: target.template, name: target.name };
  const [needed, images, full] = await Promise.all([
    lookUp(referencesOf(target.template)),
    createImageLook(connection, signal)(target.template),
    fullQuotas(connection, input.namespace, world, goal, signal),
  ]);
  const unread = judgeReferences(object, version, withRestored(needed, restores), images.gone);
  if (full.length > 0) throw noRoom(object, version, full);
  const draft = draftOf(planning, input, { world, target, to });
  const [drafted, readers] = await Promise.all([
    draftChange(connection, draft, context),
    planReaders(connection, { place: input, now: planning.clock.now(), ...input }, restores, context),
  ]);
  const { blastRadius, warnings } = notesOn(draft.change, workload);
  const own = together(drafted.operation, restores.operations);
  return {
    operations: [...restores.operations, own, ...drafted.recovery, ...readers.operations],
    blastRadius: [...blastRadius, ...readers.blastRadius],
    interruption: worstOf([interruptionOf(workload, target.template), ...readers.interruptions]),
    notRolledBack: restores.notRolledBack,
    notChecked: [...unread, ...restores.notChecked, ...notPulled(images, { object, version })],
    warnings: [...warnings, ...restores.warnings, ...readers.warnings, ...drafted.warnings, ...badTarget(object, to)],
    expectedMs: expectedMsOf(workload) + readers.expectedMs,
  };
}

const worstOf = (all: readonly Interruption[]): Interruption =>
  all.some(({ kind }) => kind === 'unknown') ? { kind: 'unknown' } : { kind: 'none' };

/**
 * The revision that holds a release; several do where it was restarted, then the newest. A release is one workload's: those that a step names
 * beside it go back to the same version.
 */
function revisionOf(object: string, world: World, to: Release, several: boolean): Revision {
  const { workload, history } = world;
  const own = revisionOfRelease(world, to.identity.template ?? to.key);
  const found = own ?? (several ? revisionOfVersion(world, to.version) : undefined);
  if (found) return found;
  const limit = workload.spec.revisionHistoryLimit;
  const facts = { object, release: to.version, kept: history.length, limit };
  throw new Refusal(reason('release-not-eligible', { ...facts, why: 'not-in-history' }));
}

/** What goes back to a revision; where that is the one that runs already, its pods are started anew. */
function draftOf(planning: Planning, input: z.infer<typeof undoInput>, { world, target, to }: Way): Draft {
  const { workload } = world;
  const { template } = workload.spec;
  const version = labelOf(template, target, to);
  const shared = sharedChange(input, world, version);
  if (templateHash(template) === target.hash) {
    const { template: again, at } = restartedAnew(template, planning.clock.now());
    const hashes = { written: templateHash(again), after: templateHash(again) };
    const change: Change = { ...shared, action: 'restart', ...hashes, at };
    return {
      change,
      world,
      template: again,
      annotations: {},
      summary: summaryOf(objectOf(input), world, null, version),
    };
  }
  return {
    change: { ...shared, action: 'to-revision', written: target.hash, after: target.hash, revision: target.name },
    world,
    template: deploymentTemplate(target.template),
    annotations: annotationChanges(workload, target),
    summary: summaryOf(objectOf(input), world, target, version),
  };
}

/** The release that is gone back to, by its revision in the world as it is now. */
interface Way {
  readonly world: World;
  readonly target: Revision;
  readonly to: Release;
}

/** What the release is called: two of one image are told apart by the beginning of the key, as in the list of candidates. */
function labelOf(now: JsonObject, target: Revision, { key }: Release): string {
  const version = versionOf(target.template);
  const same = version === versionOf(now) && target.key !== releaseKey(now);
  return same ? `${version} (${key.slice(0, 6)})` : version;
}

function summaryOf(object: string, { workload }: World, target: Revision | null, to: string): Note {
  const { replicas: pods, strategy, template } = workload.spec;
  const { how } = strategy;
  const from = versionOf(template);
  if (!target || target.key === releaseKey(template)) {
    return note('deployment-starts-anew', { object, version: from, pods, how });
  }
  const code = from === versionOf(target.template) ? 'template-goes-back' : 'deployment-goes-back';
  return note(code, { object, from, to, pods, how });
}

const notPulled = ({ unknown }: ImageStates, facts: { readonly object: string; readonly version: string }): Note[] =>
  unknown.length > 0 ? [note('image-not-pulled', facts)] : [];

function noRoom(object: string, version: string, full: readonly string[]): Refusal {
  return new Refusal(reason('release-not-eligible', { object, release: version, why: 'no-room', full }));
}

/** What is brought back is there when the pods start. */
function withRestored(needed: readonly Found[], { operations }: RestorePlan): readonly Found[] {
  const back = new Set(operations.map(({ body }) => `${body.kind}/${body.name}`));
  return needed.map(found =>
    back.has(`${found.kind}/${found.name}`) ? { ...found, state: 'there', missingKeys: [] } : found,
  );
}

function badTarget(object: string, to: Release): Note[] {
  if (to.grade !== 'bad' && to.grade !== 'suspect') return [];
  return [note('target-known-bad', { object, release: to.version, grade: to.grade })];
}
