import { unifiedDiff } from '../../domain/diff.ts';
import type { JsonObject } from '../../domain/json.ts';
import { type Note, note } from '../../domain/note.ts';
import type { Interruption, OperationDraft, StepPlan } from '../../domain/plan.ts';
import { type Reason, Refusal, reason } from '../../domain/reason.ts';
import type { Executor, PlanContext } from '../../ports/executor.ts';
import { type Autoscaler, type Limits, limitsOf, patchLimits, readAutoscalers } from './autoscalers.ts';
import type { Connect, Connection } from './connect.ts';
import { type Counted, namesByLabels, patchReplicas, readCounted } from './counted.ts';
import { objectOf, type Place, workloadOf } from './input.ts';
import { kubectl } from './kubectl.ts';
import { objectExecutor } from './object-executor.ts';
import { withOwners } from './owned-executor.ts';
import { type Accepted, ownersOf, refuseOwners } from './owners.ts';
import { type ScaleInput, type Scaling, scaleBody, scaleInput } from './scale-input.ts';
import { applyScaling, fingerprintOf, observeScaling, type Scaled, settleScaling } from './scaling.ts';

/** Sets how many pods workloads have, out, in or to none, and puts back exactly as many as there were. */
export function createScale(connect: Connect, clock: { now(): number }): Executor {
  const executor = objectExecutor(connect, {
    kind: 'kubernetes.scale',
    body: scaleBody,
    plan: planScale,
    observe: observeScaling,
    apply: applyScaling,
    settle: (connection, scaling, context) => settleScaling(connection, scaling, context, clock),
    byHand,
  });
  return withOwners(connect, clock, executor);
}

/** One workload of a step, as it is and as it is to be. */
interface Aim {
  readonly scaling: Scaling;
  /** Whether it goes back to the count that was there when the plan was made. */
  readonly back: boolean;
  readonly scaled: Scaled;
}

async function planScale(connection: Connection, { signal }: PlanContext, raw: JsonObject): Promise<StepPlan> {
  const input = scaleInput.parse(raw);
  const places = await placesOf(connection, input, signal);
  const autoscalersOf = await readAutoscalers(connection, input.namespace, signal);
  const read = await Promise.all(
    places.map(async place => ({ place, workload: await readCounted(connection, place, signal) })),
  );
  const aims = read.flatMap(({ place, workload }) => {
    const scaling = scalingOf(input, place, workload, autoscalersOf(place));
    return scaling
      ? [{ scaling, back: input.replicas === 'before', scaled: { workload, autoscalers: autoscalersOf(place) } }]
      : [];
  });
  for (const aim of aims) await tryOut(connection, aim, signal);
  return {
    operations: aims.map(aim => ({ ...draftOf(aim), group: 0 })),
    blastRadius: aims.map(({ scaling }) => changeNote('pods-counted', scaling)),
    interruption: interruptionOf(aims),
    notRolledBack: [],
    notChecked: [],
    warnings: aims.flatMap(warningsOn),
    expectedMs: aims.length * 10_000,
  };
}

/** The workloads that a step means: the one it names, a list, or those that have its labels now. */
async function placesOf(connection: Connection, input: ScaleInput, signal: AbortSignal): Promise<Place[]> {
  const { namespace, context, kubeconfig, selector } = input;
  const where = { namespace, context, kubeconfig };
  if (input.workloads) return input.workloads.map(named => ({ ...named, ...where }));
  if (input.deployment) return [{ deployment: input.deployment, ...where }];
  if (input.statefulSet) return [{ statefulSet: input.statefulSet, ...where }];
  const labelled = { namespace, selector: selector ?? {} };
  const [deployments, statefulSets] = await Promise.all([
    namesByLabels(connection, 'Deployment', labelled, signal),
    namesByLabels(connection, 'StatefulSet', labelled, signal),
  ]);
  const found = [
    ...deployments.map(deployment => ({ deployment, ...where })),
    ...statefulSets.map(statefulSet => ({ statefulSet, ...where })),
  ];
  if (found.length > 0) return found;
  const object = `namespace ${namespace}`;
  throw new Refusal(reason('plan-failed', { object, why: 'none-with-labels' }));
}

/** What is to be done with one workload; null where it has its count. Refuses what others would fight over. */
function scalingOf(
  input: ScaleInput,
  place: Place,
  workload: Counted,
  autoscalers: readonly Autoscaler[],
): Scaling | null {
  const now = workload.spec.replicas;
  const back = input.replicas === 'before';
  const [from, to] = input.replicas === 'before' ? [input.whileAt ?? 0, now] : [input.whileAt ?? now, input.replicas];
  if (from === to && autoscalers.length === 0) return null;
  if (input.only === 'out' && to < from) return null;
  if (input.only === 'in' && to > from) return null;
  refuseForeign(place, input, workload);
  const autoscaler = autoscalerOf(input, place, autoscalers);
  const limits = autoscaler && limitsOf(autoscaler);
  const held = (count: number): Limits | null => (count === 0 ? limits : { min: count, max: count });
  if (from === to && (!limits || to === 0 || (limits.min === to && limits.max === to))) return null;
  const [before, after] = back ? [held(from), limits] : [limits, held(to)];
  return {
    ...place,
    uid: workload.metadata.uid,
    from,
    to,
    autoscaler:
      autoscaler && before && after
        ? { name: autoscaler.metadata.name, uid: autoscaler.metadata.uid, before, after }
        : null,
    graceSeconds: input.graceSeconds,
  };
}

/** Refuses what another tool renders, and what Backout itself runs as: nobody would be left to scale it back. */
function refuseForeign(place: Place, accepted: Accepted, workload: Counted): void {
  const object = objectOf(place);
  refuseOwners(object, accepted, workload);
  if (workload.metadata.labels['app.kubernetes.io/name'] !== 'backout') return;
  throw new Refusal(reason('plan-failed', { object, why: 'own' }));
}

/** The autoscaler of a workload, where the step says that it may be suspended and that can be done; null where there is none. */
function autoscalerOf(input: ScaleInput, place: Place, autoscalers: readonly Autoscaler[]): Autoscaler | null {
  const [found, ...more] = autoscalers;
  if (!found) return null;
  const { name } = found.metadata;
  const names = [name, ...more.map(({ metadata }) => metadata.name)];
  const owners = ownersOf(found);
  const facts = { object: objectOf(place), autoscaler: name };
  const refusal = (given: Reason['facts']) => new Refusal(reason('plan-failed', { ...facts, ...given }));
  if (more.length > 0) throw refusal({ why: 'several-autoscalers', autoscalers: names });
  if (input.hpa === 'refuse') throw refusal({ why: 'autoscaled', ...limitsOf(found) });
  if (owners.length > 0) throw refusal({ why: 'autoscaler-owned', owner: owners });
  return found;
}

/** Asks the API server to try the writes without doing them: validation, admission, our rights. */
async function tryOut(connection: Connection, { scaling, scaled }: Aim, signal: AbortSignal): Promise<void> {
  const { autoscaler, namespace } = scaling;
  await patchReplicas(connection, scaling, scaled.workload, scaling.to, { dryRun: true, signal });
  const [found] = scaled.autoscalers;
  if (!autoscaler || !found || autoscaler.before === autoscaler.after) return;
  await patchLimits(connection, found, autoscaler.after, { namespace, dryRun: true, signal });
}

/**
 * A scaling that itself goes back to the count of before has itself as inverse: a run that is put back ends where it began, not at
 * the count in between.
 */
function draftOf({ scaling, back, scaled }: Aim): OperationDraft {
  const object = objectOf(scaling);
  const inverse = back ? scaling : inverseOf(scaling, scaled.workload.spec.replicas);
  return {
    object,
    body: scaling,
    preview: { summary: changeNote('replicas-change', scaling), diff: diffOf(scaling) },
    fingerprint: fingerprintOf(scaling, scaled),
    idempotent: true,
    inverse: {
      object,
      body: inverse,
      preview: { summary: note('replicas-put-back', { object, to: inverse.to }), diff: diffOf(inverse) },
      idempotent: true,
    },
  };
}

/** Back to the count that was read when the plan was made, and to the autoscaler's limits of then. */
function inverseOf(scaling: Scaling, before: number): Scaling {
  const { autoscaler } = scaling;
  const back = autoscaler && { ...autoscaler, before: autoscaler.after, after: autoscaler.before };
  return { ...scaling, from: scaling.to, to: before, autoscaler: back };
}

function diffOf(scaling: Scaling): string {
  const { from, to, autoscaler } = scaling;
  const object = objectOf(scaling);
  const limits = (of: Limits) => `autoscaler ${autoscaler?.name}: ${of.min} to ${of.max}\n`;
  const text = (count: number, of: Limits | undefined) => `replicas: ${count}\n${of ? limits(of) : ''}`;
  const names = { before: `${object} before`, after: `${object} after` };
  return unifiedDiff(names, text(from, autoscaler?.before), text(to, autoscaler?.after));
}

const changeNote = (code: 'replicas-change' | 'pods-counted', scaling: Scaling): Note =>
  note(code, { object: objectOf(scaling), from: scaling.from, to: scaling.to });

/** Fewer pods may be too few, none is an outage; more harm nobody. */
function interruptionOf(aims: readonly Aim[]): Interruption {
  return aims.some(({ scaling: { from, to } }) => to < from) ? { kind: 'unknown' } : { kind: 'none' };
}

function warningsOn({ scaling }: Aim): Note[] {
  const { to, autoscaler } = scaling;
  const object = objectOf(scaling);
  const facts = autoscaler && { object, autoscaler: autoscaler.name, to, ...autoscaler.before };
  const held = autoscaler !== null && autoscaler.after.min === autoscaler.after.max;
  return [
    ...(to === 0 ? [note('no-pods-left', { object })] : []),
    ...(facts && to === 0 ? [note('autoscaler-rests', facts)] : []),
    ...(facts && to > 0 && held ? [note('autoscaler-held', facts)] : []),
  ];
}

function byHand(scaling: Scaling): readonly string[] {
  const { kind, name } = workloadOf(scaling);
  const { autoscaler, to } = scaling;
  const scale = kubectl(scaling, 'scale', `${kind.toLowerCase()}/${name}`, `--replicas=${to}`);
  if (!autoscaler || to === 0) return [scale];
  const { min, max } = autoscaler.after;
  const limits = JSON.stringify({ spec: { minReplicas: min, maxReplicas: max } });
  return [scale, kubectl(scaling, 'patch', 'hpa', autoscaler.name, '--type', 'merge', '-p', limits)];
}
