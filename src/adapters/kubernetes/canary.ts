import { z } from 'zod';
import { note } from '../../domain/note.ts';
import { emptyPlan, type StepPlan } from '../../domain/plan.ts';
import { type Reason, Refusal, reason } from '../../domain/reason.ts';
import type { ApplyContext, Observation, Settlement } from '../../ports/executor.ts';
import type { Connection } from './connect.ts';
import { flaggerApi } from './drivers.ts';
import { type Failure, notSettled } from './failing.ts';
import { objectName, whereFields } from './input.ts';
import { refuseUnaccepted } from './keyed-plan.ts';
import { KubeError, moved } from './kube-error.ts';
import { type ObjectPlace, patchLive, readLive, type WriteOptions } from './live-object.ts';
import { guardedWrite, settleBy } from './object-executor.ts';
import { count, metadata, read } from './objects.ts';
import { hashOf } from './template.ts';
import { readWorkload } from './workload.ts';

const analysis = z.object({ threshold: count, interval: z.string().nullish() }).nullish();
const canarySchema = z.object({
  metadata,
  spec: z.object({
    suspend: z.boolean().nullish(),
    targetRef: z.object({ kind: z.string(), name: objectName }),
    analysis,
    canaryAnalysis: analysis,
    progressDeadlineSeconds: z.number().default(600),
  }),
  status: z
    .object({
      phase: z.string().default(''),
      failedChecks: count,
      canaryWeight: count,
      lastAppliedSpec: z.string().default(''),
    })
    .prefault({}),
});

/** A Canary of Flagger as the API server tells it. */
type Canary = z.infer<typeof canarySchema>;

const canaryFields = { ...whereFields, canary: objectName };

/** What an operation on a Canary says: its analysis is to fail, as if so many checks had. */
export const canaryBody = z.strictObject({
  action: z.literal('fail-analysis'),
  ...canaryFields,
  uid: z.string().regex(/^[\w-]{1,64}$/),
  /** Flagger's own hash of the release that is analysed. */
  analysed: z.string().regex(/^[\w.-]{1,128}$/),
  threshold: z.int().min(1),
});

/** A Canary's analysis that is made to fail. */
export type FailAnalysis = z.infer<typeof canaryBody>;
type CanaryPlace = Pick<FailAnalysis, keyof typeof canaryFields>;

const objectIs = ({ namespace, canary }: CanaryPlace) => `canary ${namespace}/${canary}`;

function placeIs({ canary: name, namespace, context, kubeconfig }: CanaryPlace): ObjectPlace {
  return { namespace, context, kubeconfig, api: flaggerApi, plural: 'canaries', kind: 'Canary', name };
}

async function readCanary(connection: Connection, place: CanaryPlace, signal: AbortSignal): Promise<Canary | null> {
  const live = await readLive(connection, placeIs(place), signal);
  const asked = { verb: 'get', resource: 'canaries.flagger.app', namespace: place.namespace, path: '', signal };
  return live && read<Canary>(canarySchema, asked, live.raw);
}

const thresholdOf = ({ spec }: Canary) => Math.max(1, (spec.analysis ?? spec.canaryAnalysis)?.threshold ?? 1);

/** Phases in which Flagger counts failed checks, and goes back when there are too many. */
const judging = new Set(['Progressing', 'WaitingPromotion']);
/** Phases in which the new release is, or becomes, the one that takes all the traffic. */
const promoted = new Set(['Promoting', 'Finalising', 'Succeeded']);

function stateOf(change: FailAnalysis, { metadata: { uid }, status }: Canary): Observation['state'] {
  if (uid !== change.uid || status.lastAppliedSpec !== change.analysed) return 'not-applied';
  if (status.phase === 'Failed') return status.canaryWeight === 0 ? 'applied' : 'in-progress';
  return judging.has(status.phase) && status.failedChecks >= change.threshold ? 'in-progress' : 'not-applied';
}

/** Whether Flagger still judges the release that the change is about. */
const isJudged = (change: FailAnalysis, { metadata: { uid }, status }: Canary) =>
  uid === change.uid && status.lastAppliedSpec === change.analysed && judging.has(status.phase);

function fingerprintOf(canary: Canary): string {
  const { suspend, targetRef } = canary.spec;
  const { uid } = canary.metadata;
  const { lastAppliedSpec } = canary.status;
  return hashOf({ uid, suspend: suspend === true, targetRef, lastAppliedSpec, threshold: thresholdOf(canary) });
}

/** What is there now, seen against the change. Throws `KubeError`. */
export async function observeCanary(
  connection: Connection,
  change: FailAnalysis,
  signal: AbortSignal,
): Promise<Observation> {
  const object = objectIs(change);
  const canary = await readCanary(connection, change, signal);
  if (!canary) return { state: 'unknown', fingerprint: hashOf('gone'), note: note('object-gone', { object }) };
  return { state: stateOf(change, canary), fingerprint: fingerprintOf(canary), note: canaryNote(object, canary) };
}

const canaryNote = (object: string, { status }: Canary) =>
  note('canary-stands', { object, phase: status.phase, weight: status.canaryWeight });

function refused(facts: Reason['facts']): Refusal {
  return new Refusal(reason('plan-failed', facts));
}

/** Compiles the failing of an analysis by Flagger's own rule; nothing where none is under way. */
export async function planCanary(connection: Connection, place: CanaryPlace, signal: AbortSignal): Promise<StepPlan> {
  const object = objectIs(place);
  const canary = await readCanary(connection, place, signal);
  if (!canary) throw refused({ object, why: 'gone', kinds: 'Canary' });
  const { spec, status } = canary;
  const { kind, name } = spec.targetRef;
  if (promoted.has(status.phase))
    throw refused({ object, why: 'promoted', phase: status.phase, target: `${kind} ${name}` });
  if (!judging.has(status.phase)) return emptyPlan;
  refuseSuspended(object, canary);
  const ready = await primaryReady(connection, place, canary, signal);
  if (ready === 0) throw refused({ object, why: 'primary-not-ready', workload: `${name}-primary` });
  const { context, kubeconfig, namespace, canary: of } = place;
  const known = { uid: canary.metadata.uid, analysed: status.lastAppliedSpec, threshold: thresholdOf(canary) };
  const body: FailAnalysis = { action: 'fail-analysis', context, kubeconfig, namespace, canary: of, ...known };
  await write(connection, body, canary, { dryRun: true, signal }).catch(refuseUnaccepted(object));
  const interval = (spec.analysis ?? spec.canaryAnalysis)?.interval ?? '60s';
  const summary = note('canary-fails', { object, weight: status.canaryWeight, to: `${name}-primary` });
  const operation = { object, body, preview: { summary, diff: '' }, fingerprint: fingerprintOf(canary) };
  return {
    ...emptyPlan,
    operations: [{ ...operation, idempotent: true, inverse: null }],
    blastRadius: [note('traffic-to-primary', { object, to: `${name}-primary`, ready })],
    notRolledBack: [note('target-stays', { object, target: `${kind} ${name}` })],
    warnings: [note('flagger-next-look', { object, interval })],
    expectedMs: 2 * msOf(interval),
  };
}

const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };
const msOf = (interval: string) =>
  [...interval.matchAll(/(\d+(?:\.\d+)?)([hms])/g)].reduce(
    (sum, [, n, unit]) => sum + Number(n) * (units[unit ?? 's'] ?? 0),
    0,
  );

function refuseSuspended(object: string, { spec }: Canary): void {
  if (spec.suspend) throw refused({ object, why: 'suspended' });
}

/** Available pods of what takes the traffic; a Canary of a Service has no such workload. Throws `KubeError`. */
async function primaryReady(
  connection: Connection,
  { namespace, context, kubeconfig }: CanaryPlace,
  { spec: { targetRef } }: Canary,
  signal: AbortSignal,
): Promise<number> {
  const key = { Deployment: 'deployment', DaemonSet: 'daemonSet' }[targetRef.kind];
  if (!key) return 1;
  const place = { [key]: `${targetRef.name}-primary`, namespace, context, kubeconfig };
  try {
    return (await readWorkload(connection, place, signal)).status.availableReplicas;
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return 0;
    throw error;
  }
}

async function write(
  connection: Connection,
  change: FailAnalysis,
  { metadata: { uid }, status }: Canary,
  options: WriteOptions,
): Promise<void> {
  const patch = [
    { op: 'test', path: '/metadata/uid', value: uid },
    { op: 'test', path: '/status/lastAppliedSpec', value: change.analysed },
    { op: 'test', path: '/status/phase', value: status.phase },
    { op: 'add', path: '/status/failedChecks', value: change.threshold },
  ];
  await patchLive(connection, placeIs(change), patch, options, 'status');
}

/** Makes the analysis fail; a second time finds it so. Refuses where another release is analysed, or none any more. */
export async function applyCanary(
  connection: Connection,
  change: FailAnalysis,
  { signal }: ApplyContext,
): Promise<void> {
  const object = objectIs(change);
  const look = async () => {
    const canary = await readCanary(connection, change, signal);
    if (!canary) throw moved(object);
    return canary;
  };
  const writeIt = async (canary: Canary) => {
    if (stateOf(change, canary) !== 'not-applied') return;
    if (!isJudged(change, canary)) throw moved(object);
    refuseSuspended(object, canary);
    await write(connection, change, canary, { dryRun: false, signal });
  };
  await guardedWrite(look, writeIt, signal);
}

/**
 * Waits until Flagger has led all traffic to the primary, at its next look or, while pods are not ready, at its deadline. A look of it
 * that began before our write ends with its own count of failed checks over ours: then ours is written again.
 */
export function settleCanary(
  connection: Connection,
  change: FailAnalysis,
  context: ApplyContext,
  clock: { now(): number },
): Promise<Settlement> {
  const object = objectIs(change);
  const began = clock.now();
  const failed = (failure: Failure): Settlement => ({
    state: 'failed',
    reason: notSettled({ object }, failure),
    served: true,
  });
  const look = async (): Promise<Settlement | null> => {
    const canary = await readCanary(connection, change, context.signal);
    if (!canary) return failed({ cause: 'deleted' });
    const state = stateOf(change, canary);
    const told = canaryNote(object, canary);
    if (state === 'applied') {
      const served = (await primaryReady(connection, change, canary, context.signal)) > 0;
      return { state: 'settled', note: told, served };
    }
    if (state === 'not-applied') {
      const { phase } = canary.status;
      if (!isJudged(change, canary)) return failed({ cause: 'flagger-went-on', facts: { phase } });
      await applyCanary(connection, change, context);
    }
    context.progress(told);
    const limit = (canary.spec.progressDeadlineSeconds + 120) * 1000;
    return clock.now() - began > limit ? overdue() : null;
  };
  const overdue = () => failed({ cause: 'flagger-idle', facts: { ms: clock.now() - began } });
  return settleBy(object, look, overdue, { context, clock, limitMs: Number.POSITIVE_INFINITY });
}
