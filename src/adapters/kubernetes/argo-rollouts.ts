import type { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import { type Note, note } from '../../domain/note.ts';
import { emptyPlan, type OperationDraft, type StepPlan } from '../../domain/plan.ts';
import { type Reason, Refusal, reason } from '../../domain/reason.ts';
import type { Executor, PlanContext } from '../../ports/executor.ts';
import { type ArgoWorld, isUpdating, type ReleaseSet, readArgo, rolloutObject, stableSet } from './argo.ts';
import {
  type ArgoChange,
  applyArgo,
  argoBody,
  argoByHand,
  argoFingerprint,
  observeArgo,
  refusePausedRollout,
  writeArgo,
} from './argo-change.ts';
import { argoRolloutsInput } from './argo-input.ts';
import { settleArgo } from './argo-settle.ts';
import type { Connect, Connection } from './connect.ts';
import { judgeReferences } from './judged.ts';
import { refuseUnaccepted } from './keyed-plan.ts';
import { objectExecutor } from './object-executor.ts';
import { withOwners } from './owned-executor.ts';
import { refuseOwners } from './owners.ts';
import { createLookUp, referencesOf } from './references.ts';
import { deploymentTemplate, templateClaim, templateDiff, templateHash, versionOf } from './template.ts';

type Input = z.infer<typeof argoRolloutsInput>;

/** Acts on a Rollout of Argo Rollouts: abort, undo, retry, and promote-full where the catalogue says so. */
export function createArgoRollouts(connect: Connect, clock: { now(): number }): Executor {
  const executor = objectExecutor(connect, {
    kind: 'kubernetes.argo-rollouts',
    body: argoBody,
    plan: planArgo,
    observe: observeArgo,
    apply: applyArgo,
    settle: (connection, change, context) => settleArgo(connection, change, context, clock),
    byHand: argoByHand,
  });
  return withOwners(connect, clock, executor);
}

async function planArgo(connection: Connection, { signal }: PlanContext, raw: JsonObject): Promise<StepPlan> {
  const input = argoRolloutsInput.parse(raw);
  const object = rolloutObject(input);
  const world = await readArgo(connection, input, signal);
  if (!world) throw refused({ object, why: 'gone', kinds: 'Rollout' });
  const planning = { connection, input, object, world, signal };
  if (input.action === 'undo') return planUndo(planning);
  if (input.action === 'abort') return planAbort(planning);
  const { status } = world.rollout;
  if (!isUpdating(world)) return emptyPlan;
  refusePausedRollout(object, world);
  const version = versionOf(world.holder.template);
  if (input.action === 'retry') {
    if (!status.abort) return emptyPlan;
    const body = bodyOf(input, world, 'retry', version);
    const inverse = { ...body, action: 'abort' as const, version: stableSet(world)?.version ?? '' };
    const operation = await drafted(planning, body, note('rollout-retries', { object, version }), inverse);
    return { ...emptyPlan, operations: [operation], warnings: [note('retry-brings-back', { object, version })] };
  }
  if (status.abort) throw refused({ object, why: 'aborted' });
  const body = bodyOf(input, world, 'promote-full', version);
  const operation = await drafted(planning, body, note('rollout-promotes', { object, version }), null);
  return { ...emptyPlan, operations: [operation], interruption: { kind: 'unknown' }, expectedMs: 30_000 };
}

/** What a plan is made from. */
export interface Planning {
  readonly connection: Connection;
  readonly input: Pick<Input, 'context' | 'kubeconfig' | 'namespace' | 'rollout' | 'graceSeconds'>;
  readonly object: string;
  readonly world: ArgoWorld;
  readonly signal: AbortSignal;
}

function refused(facts: Reason['facts']): Refusal {
  return new Refusal(reason('plan-failed', facts));
}

function bodyOf<A extends ArgoChange['action']>(
  input: Planning['input'],
  world: ArgoWorld,
  action: A,
  version: string,
) {
  const { namespace, context, kubeconfig, rollout, graceSeconds } = input;
  const { metadata, status } = world.rollout;
  const before = templateHash(world.holder.template);
  const known = { uid: metadata.uid, before, current: status.currentPodHash, stable: status.stableRS };
  return { action, namespace, context, kubeconfig, rollout, ...known, version, graceSeconds };
}

/** Tries a change without doing it, and freezes it with its inverse. */
async function drafted(
  { connection, object, world, signal }: Planning,
  body: ArgoChange,
  summary: Note,
  inverse: ArgoChange | null,
): Promise<OperationDraft> {
  await writeArgo(connection, body, world, { dryRun: true, signal }).catch(refuseUnaccepted(object));
  const back = note('rollout-put-back', { object, version: versionOf(world.holder.template) });
  return {
    object,
    body,
    preview: { summary, diff: diffOf(object, world, body) },
    fingerprint: argoFingerprint(body, world),
    idempotent: true,
    ...(body.action === 'template' ? { claims: [templateClaim(world.holder.live.metadata)] } : {}),
    inverse: inverse && { object, body: inverse, preview: { summary: back, diff: '' }, idempotent: true },
  };
}

function diffOf(object: string, { holder, sets }: ArgoWorld, body: ArgoChange): string {
  const set = body.action === 'template' ? sets.find(({ name }) => name === body.set) : undefined;
  if (!set) return '';
  return templateDiff(
    { before: `${object} now`, after: `${object} at ${body.version}` },
    holder.template,
    set.template,
  );
}

/** Compiles an abort; nothing where no update is under way. */
export async function planAbort(planning: Planning): Promise<StepPlan> {
  const { input, object, world } = planning;
  const { spec, status } = world.rollout;
  if (!isUpdating(world) || status.abort) return emptyPlan;
  refusePausedRollout(object, world);
  const stable = demandStable(object, world);
  const from = versionOf(world.holder.template);
  const body = bodyOf(input, world, 'abort', stable.version);
  const summary = note('rollout-aborts', { object, from, to: stable.version });
  const inverse = { ...body, action: 'retry' as const, version: from };
  const operation = await drafted(planning, body, summary, inverse);
  return {
    ...emptyPlan,
    operations: [operation],
    blastRadius: [
      note('traffic-to-stable', { object, version: stable.version, ready: stable.available, pods: spec.replicas }),
    ],
    notRolledBack: [note('template-stays', { object, version: from })],
    expectedMs: 5_000,
  };
}

/** The stable release, with pods to take the traffic; without any, moving it would only lose it. */
function demandStable(object: string, world: ArgoWorld): ReleaseSet {
  const stable = stableSet(world);
  if (!stable) throw refused({ object, why: 'no-stable' });
  const { replicas } = world.rollout.spec;
  if (stable.available > 0 || replicas === 0) return stable;
  throw refused({ object, why: 'stable-not-ready', pods: replicas, version: stable.version });
}

async function planUndo(planning: Planning & { readonly input: Input }): Promise<StepPlan> {
  const { connection, input, object, world, signal } = planning;
  const target = targetOf(object, world, input.to);
  const now = versionOf(world.holder.template);
  const { status, spec } = world.rollout;
  if (target.podHash === status.currentPodHash) return emptyPlan;
  refuseOwners(object, input, world.holder.live);
  refusePausedRollout(object, world);
  const place = { ...input, deployment: world.holder.place.name };
  const found = await createLookUp(connection, place, signal)(referencesOf(deploymentTemplate(target.template)));
  const unread = judgeReferences(object, target.version, found);
  const fast = target.podHash === status.stableRS;
  const first = fast ? await planAbort(planning) : emptyPlan;
  const promoted = !fast && input.promoteFull;
  const shared = bodyOf(input, world, 'template', target.version);
  const { kind, name, api, plural } = world.holder.place;
  const holder = { kind, name, api, plural };
  const body = {
    ...shared,
    holder,
    after: target.hash,
    set: target.name,
    waitFor: promoted ? 'observed' : 'healthy',
  } as const;
  // The set's template has the defaults that the API server filled in; the controller takes it for the same release.
  const current = world.sets.find(({ podHash }) => podHash === shared.current);
  const inverse = current
    ? ({
        ...body,
        before: target.hash,
        after: current.hash,
        set: current.name,
        version: now,
        waitFor: 'observed',
      } as const)
    : null;
  const template = await drafted(
    planning,
    body,
    note('rollout-goes-back', { object, from: now, to: target.version }),
    inverse,
  );
  const promote = {
    ...bodyOf(input, world, 'promote-full', target.version),
    before: target.hash,
    current: target.podHash,
  };
  const steps = spec.strategy.canary?.steps?.length ?? 0;
  return {
    ...emptyPlan,
    operations: [...first.operations, template, ...(promoted ? [promotion(planning, promote)] : [])],
    blastRadius: first.blastRadius,
    interruption: fast ? { kind: 'none' } : { kind: 'unknown' },
    notChecked: [...unread, note('image-not-pulled', { object, version: target.version })],
    warnings: fast || promoted || steps === 0 ? [] : [note('steps-again', { object, version: target.version, steps })],
    expectedMs: fast ? 10_000 : 60_000,
  };
}

/** It cannot be tried before the template is there. */
function promotion(
  { object, world }: Planning,
  body: ArgoChange & { readonly action: 'promote-full' },
): OperationDraft {
  return {
    object,
    body,
    preview: { summary: note('rollout-promotes', { object, version: body.version }), diff: '' },
    fingerprint: argoFingerprint(body, world),
    idempotent: true,
    inverse: null,
  };
}

function targetOf(object: string, world: ArgoWorld, to: Input['to']): ReleaseSet {
  if (to !== 'stable') {
    const found = world.sets.find(({ revision }) => revision === to);
    if (found) return found;
    throw new Refusal(
      reason('release-not-eligible', { object, release: String(to), why: 'not-in-history', revision: to }),
    );
  }
  if (isUpdating(world)) return demandStable(object, world);
  throw new Refusal(reason('no-good-release', { object, why: 'fully-promoted' }));
}
