import { type Note, note } from '../../domain/note.ts';
import type { Interruption, OperationDraft } from '../../domain/plan.ts';
import type { PlanContext } from '../../ports/executor.ts';
import type { Change } from './change.ts';
import { together } from './closure-executor.ts';
import type { Connection } from './connect.ts';
import { objectOf, type Place, placeInput } from './input.ts';
import { draftOperation, expectedMsOf, interruptionOf, notesOn } from './judged.ts';
import { KubeError } from './kube-error.ts';
import { readPods } from './objects.ts';
import { ownersOf } from './owners.ts';
import type { Reader, RestorePlan } from './restore-plan.ts';
import { timeOf } from './rollout.ts';
import { restartedAnew, templateHash, versionOf } from './template.ts';
import { sharedChange } from './template-plan.ts';
import { readWorld, type World } from './world.ts';

/** What a plan does about the other workloads that read what it takes back. */
export interface ReaderPlan {
  readonly operations: readonly OperationDraft[];
  readonly blastRadius: readonly Note[];
  readonly interruptions: readonly Interruption[];
  readonly warnings: readonly Note[];
  readonly expectedMs: number;
}

/** When and how restarts are made. */
export interface RestartQuestion {
  readonly place: Place;
  /** When the restarts are planned, epoch ms. */
  readonly now: number;
  readonly graceSeconds: number;
}

const keyOf = { deployment: 'deployment', statefulset: 'statefulSet', daemonset: 'daemonSet' } as const;

/**
 * Plans restarts of other workloads whose containers read at their start what is now taken back: what started before it was changed runs with
 * the old content anyway, and files renew themselves. Those that stay as they are, are named.
 */
export async function planReaders(
  connection: Connection,
  question: RestartQuestion,
  restores: RestorePlan,
  context: PlanContext,
): Promise<ReaderPlan> {
  const byWorkload = Map.groupBy(restores.readers, ({ workload }) => workload);
  const parts = await Promise.all(
    [...byWorkload].map(([workload, readers]) => planReader(connection, question, { workload, readers }, context)),
  );
  const made = parts.flatMap(({ restart }) => (restart ? [restart] : []));
  const left = parts.flatMap(({ restart, readers }) => (restart ? [] : readers));
  const byObject = Map.groupBy(left, ({ object }) => object);
  return {
    operations: made.map(({ operation }) => together({ ...operation, spare: true }, restores.operations)),
    blastRadius: made.flatMap(({ blastRadius }) => blastRadius),
    interruptions: made.map(({ interruption }) => interruption),
    warnings: [
      ...made.flatMap(({ warnings }) => warnings),
      ...[...byObject].map(([object, readers]) =>
        note('configuration-shared', { object, names: readers.map(({ workload }) => workload) }),
      ),
    ],
    expectedMs: made.reduce((sum, { expectedMs }) => sum + expectedMs, 0),
  };
}

interface Read {
  /** E.g. `deployment api`. */
  readonly workload: string;
  readonly readers: readonly Reader[];
}

async function planReader(
  connection: Connection,
  question: RestartQuestion,
  { workload, readers }: Read,
  context: PlanContext,
) {
  const atStart = readers.filter(({ reads }) => reads === 'at-start');
  const place = placeOfReader(question.place, workload);
  if (atStart.length === 0 || !place) return { restart: null, readers };
  try {
    const world = await readWorld(connection, place, context.signal);
    const stale = await startedWithin(connection, place, world, atStart, context.signal);
    const ours = ownersOf(world.workload).length === 0 && !world.workload.spec.paused;
    return { restart: stale && ours ? await draftRestart(connection, question, place, world, context) : null, readers };
  } catch (error) {
    // What may not be restarted, or went meanwhile, is named like what need not be.
    if (error instanceof KubeError && (error.status === 403 || error.status === 404)) return { restart: null, readers };
    throw error;
  }
}

function placeOfReader({ namespace, context, kubeconfig }: Place, workload: string): Place | null {
  const [word = '', name = ''] = workload.split(' ');
  const key = Object.entries(keyOf).find(([kind]) => kind === word)?.[1];
  const parsed = key ? placeInput.safeParse({ [key]: name, namespace, context, kubeconfig }) : null;
  return parsed?.success ? parsed.data : null;
}

/** Whether a container runs that was started after the change of anything that it read then; in one and the same second nobody can tell. */
async function startedWithin(
  connection: Connection,
  { namespace }: Place,
  { workload, history }: World,
  readers: readonly Reader[],
  signal: AbortSignal,
): Promise<boolean> {
  const pods = await readPods(connection, namespace, workload.spec.selector, signal);
  const own = pods.filter(pod => !pod.metadata.deletionTimestamp && history.some(revision => revision.owns(pod)));
  const starts = own.flatMap(({ status }) => status.containerStatuses.map(({ state }) => state?.running?.startedAt));
  const changed = Math.min(...readers.map(({ changedAt }) => changedAt ?? 0));
  return starts.some(at => timeOf(at) >= changed);
}

async function draftRestart(
  connection: Connection,
  { now, graceSeconds }: RestartQuestion,
  place: Place,
  world: World,
  context: PlanContext,
) {
  const { workload } = world;
  const { template, replicas: pods, strategy } = workload.spec;
  const { template: again, at } = restartedAnew(template, now);
  const hash = templateHash(again);
  const shared = sharedChange({ ...place, graceSeconds }, world, versionOf(template));
  const change: Change = { ...shared, action: 'restart', written: hash, after: hash, at };
  const summary = note('reader-starts-anew', { object: objectOf(place), pods, how: strategy.how });
  const draft = { change, world, template: again, annotations: {}, summary };
  const { operation, warnings } = await draftOperation(connection, draft, context);
  const notes = notesOn(change, workload);
  return {
    operation,
    blastRadius: notes.blastRadius,
    interruption: interruptionOf(workload, template),
    warnings: [...warnings, ...notes.warnings],
    expectedMs: expectedMsOf(workload),
  };
}
