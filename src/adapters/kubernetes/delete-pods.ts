import type { JsonObject } from '../../domain/json.ts';
import { type Note, note } from '../../domain/note.ts';
import type { OperationDraft, StepPlan } from '../../domain/plan.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { Executor, PlanContext } from '../../ports/executor.ts';
import type { Connect, Connection } from './connect.ts';
import { type Counted, readCounted, readPodsOf } from './counted.ts';
import { type DeletePodsInput, type Deletion, deletePodsInput, deletionBody } from './delete-pods-input.ts';
import {
  applyDeletion,
  fingerprintOf,
  hasCurrentTemplate,
  observeDeletion,
  podObject,
  sendDeletion,
  settleDeletion,
} from './deletion.ts';
import { objectOf, placeOf } from './input.ts';
import { KubeError } from './kube-error.ts';
import { kubectl } from './kubectl.ts';
import { objectExecutor } from './object-executor.ts';
import type { Pod } from './objects.ts';
import { isAlive } from './pods.ts';
import { isReady, timeOf } from './rollout.ts';
import { ordinalOf } from './stuck.ts';

/** Deletes pods of a workload, so that its controller makes new ones: each by its uid, one operation for each. */
export function createDeletePods(connect: Connect, clock: { now(): number }): Executor {
  return objectExecutor(connect, {
    kind: 'kubernetes.delete-pods',
    body: deletionBody,
    plan: planDeletions,
    observe: observeDeletion,
    apply: applyDeletion,
    settle: (connection, deletion, context) => settleDeletion(connection, deletion, context, clock),
    byHand,
  });
}

async function planDeletions(connection: Connection, { signal }: PlanContext, raw: JsonObject): Promise<StepPlan> {
  const input = deletePodsInput.parse(raw);
  const object = objectOf(input);
  const workload = await readCounted(connection, input, signal);
  if (input.recovery) refuseRecovery(object, workload);
  const present = (await readPodsOf(connection, input, workload, signal)).filter(isAlive);
  const pods = chosen(input, workload, present);
  const newest = Math.max(0, ...present.map(({ metadata }) => timeOf(metadata.creationTimestamp)));
  const deletions = pods.map(pod => ({ pod, deletion: deletionOf(input, workload, pod, newest) }));
  const held: string[] = [];
  for (const { deletion } of deletions) if (await isHeld(connection, deletion, signal)) held.push(deletion.pod);
  const names = pods.map(({ metadata }) => metadata.name);
  const serving = present.filter(isReady);
  const left = serving.filter(({ metadata }) => !names.includes(metadata.name));
  return {
    operations: deletions.map(draftOf),
    blastRadius: pods.length > 0 ? [note('pods-deleted', { object, pods: names, of: present.length })] : [],
    interruption: serving.length === left.length || left.length > 0 ? { kind: 'none' } : { kind: 'unknown' },
    notRolledBack: pods.length > 0 ? [note('deletion-stays', { object })] : [],
    notChecked: [],
    warnings: warningsOn(input, workload, pods, held),
    expectedMs: pods.length * 10_000,
  };
}

/** Deleting helps only where the controller itself waits for a broken pod: one after the other, by rolling update. */
function refuseRecovery(object: string, { spec }: Counted): void {
  if (spec.podManagementPolicy === 'Parallel') throw new Refusal(reason('plan-failed', { object, why: 'parallel' }));
  if (spec.updateStrategy?.type === 'OnDelete') throw new Refusal(reason('plan-failed', { object, why: 'on-delete' }));
}

/** The pods that are meant, as they are now; those already on their way out are left aside. */
function chosen(input: DeletePodsInput, workload: Counted, present: readonly Pod[]): readonly Pod[] {
  const object = objectOf(input);
  const staying = present.filter(({ metadata }) => !metadata.deletionTimestamp);
  const { pods: named, selector } = input;
  if (named) {
    const missing = named.filter(name => !staying.some(({ metadata }) => metadata.name === name));
    if (missing.length === 0) return inOrder(staying.filter(({ metadata }) => named.includes(metadata.name)));
    throw new Refusal(reason('plan-failed', { object, why: 'no-such-pod', pods: missing }));
  }
  if (selector) {
    const wanted = Object.entries(selector);
    const found = staying.filter(({ metadata }) => wanted.every(([key, value]) => metadata.labels[key] === value));
    if (found.length > 0) return inOrder(found);
    throw new Refusal(reason('plan-failed', { object, why: 'no-pod-with-labels' }));
  }
  const broken = inOrder(staying.filter(pod => !isReady(pod)));
  if (!input.recovery) return broken;
  const partition = workload.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  const first = (workload.spec.ordinals?.start ?? 0) + partition;
  const rolled = broken.filter(pod => ordinalOf(pod) >= first);
  const hanging = rolled.filter(pod => !hasCurrentTemplate(pod, workload));
  return hanging.length > 0 ? hanging : rolled;
}

/** The lowest ordinal first: that is where a StatefulSet's controller waits. */
const inOrder = (pods: readonly Pod[]) =>
  [...pods].sort((a, b) => a.metadata.name.localeCompare(b.metadata.name, 'en', { numeric: true }));

function deletionOf(input: DeletePodsInput, workload: Counted, pod: Pod, newest: number): Deletion {
  return {
    ...placeOf(input),
    uid: workload.metadata.uid,
    pod: pod.metadata.name,
    podUid: pod.metadata.uid,
    whileNotReady: input.notReady === true,
    recovery: input.recovery,
    newest,
    graceSeconds: input.graceSeconds,
  };
}

/** Asks the API server to judge the deletion (our right, budgets) without doing it: whether a budget would hold it up now. */
async function isHeld(connection: Connection, deletion: Deletion, signal: AbortSignal): Promise<boolean> {
  try {
    await sendDeletion(connection, deletion, { dryRun: true, signal });
    return false;
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    if (error.status === 429) return true;
    const movedMeanwhile = error.status === 404 || error.status === 409;
    if (movedMeanwhile) return false;
    throw error;
  }
}

function draftOf({ pod, deletion }: { readonly pod: Pod; readonly deletion: Deletion }): OperationDraft {
  const object = podObject(deletion);
  const code = deletion.recovery ? 'pod-is-deleted' : 'pod-is-evicted';
  return {
    object,
    body: deletion,
    preview: { summary: note(code, { object }), diff: '' },
    fingerprint: fingerprintOf(pod),
    idempotent: true,
    inverse: null,
  };
}

function warningsOn(
  input: DeletePodsInput,
  workload: Counted,
  pods: readonly Pod[],
  held: readonly string[],
): readonly Note[] {
  const object = objectOf(input);
  const sameTemplate = input.recovery && pods.some(pod => hasCurrentTemplate(pod, workload));
  const budgets = input.recovery && pods.length > 0;
  return [
    ...(held.length > 0 ? [note('evictions-held', { object, pods: held })] : []),
    ...(sameTemplate ? [note('recovery-needs-template', { object })] : []),
    ...(budgets ? [note('budgets-not-asked', { object })] : []),
  ];
}

function byHand(deletion: Deletion): readonly string[] {
  const { pod, podUid } = deletion;
  return [
    `${kubectl(deletion, 'get', 'pod', pod, '-o', 'jsonpath={.metadata.uid}')} (must still be ${podUid})`,
    kubectl(deletion, 'delete', 'pod', pod),
  ];
}
