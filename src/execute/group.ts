import type { JournalPhase } from '../domain/event.ts';
import type { Operation } from '../domain/plan.ts';
import { rootPost } from '../domain/post.ts';
import type { Reason } from '../domain/reason.ts';
import { beside, counting } from './beside.ts';
import type { ExecuteDeps } from './deps.ts';
import { type Driving, journalOutcome } from './driving.ts';
import { countsFrom, type Group } from './journal.ts';
import type { Lease } from './lease.ts';
import { driveOperation, type Finding } from './operation.ts';
import type { Task } from './task.ts';

/** What is run of a group. */
export interface Turnout {
  readonly phase: JournalPhase;
  readonly group: Group;
  readonly operations: readonly Operation[];
  /** Index of the operation that began already, by the script that began the execution. */
  readonly begun: number | null;
}

/**
 * Runs operations of a group beside each other and journals each outcome as it comes. Nothing new is begun once one has failed, nobody can
 * tell of one whether it took effect, a stop was asked or the process ends; the run is turned by the caller. Answers what nobody can tell of.
 */
export async function runBeside(
  deps: ExecuteDeps,
  lease: Lease,
  found: Driving,
  { phase, group, operations, begun }: Turnout,
): Promise<ReadonlyMap<number, Reason>> {
  const { run } = found;
  const { span, open } = group;
  const all = span.last - span.first + 1;
  const count = counting(deps, lease, run.id, all - open.length, all);
  const unknown = new Map<number, Reason>();
  await beside(lease, operations, async operation => {
    const { index } = operation;
    if (deps.pausing()) return false;
    const task = await taskOf(deps, phase, found, operation, span);
    const finding = await driveOperation(count.deps, lease, task, begun === index ? 'fresh' : null);
    if (finding.kind === 'halted') return false;
    if (finding.kind === 'unknown') unknown.set(index, finding.reason);
    else {
      await journalOne(deps, lease, run.id, task, finding);
      await deps.crashPoint('operation-ended', run.id);
    }
    if (finding.kind === 'ended') count.ended();
    return finding.kind === 'ended' || finding.kind === 'done';
  });
  return unknown;
}

/** The task of an operation, or of its inverse. */
export async function taskOf(
  deps: Pick<ExecuteDeps, 'executor'>,
  phase: JournalPhase,
  found: Driving,
  operation: Operation,
  span: Group['span'],
): Promise<Task> {
  const { index, timeoutMs, inverse } = operation;
  const meant = phase === 'apply' ? operation : inverse;
  const run = found.run.id;
  if (!meant) throw new Error(`run ${run}: operation ${index} has no inverse`);
  const executor = await deps.executor(operation.executor);
  return {
    run,
    phase,
    index,
    executor,
    operation: meant,
    timeoutMs,
    beside: span,
    countsFrom: countsFrom(found, phase, index),
  };
}

async function journalOne(
  deps: ExecuteDeps,
  lease: Lease,
  run: Task['run'],
  { phase, index }: Task,
  finding: Exclude<Finding, { kind: 'unknown' | 'halted' }>,
): Promise<void> {
  if (finding.kind === 'done') return;
  const place = { phase, index, fence: lease.fence } as const;
  const change = { events: [], posts: [rootPost(run)] };
  if (finding.kind === 'ended') {
    const { how, note, served } = finding;
    return journalOutcome(deps, lease, run, { kind: 'operation-ended', ...place, how, note, served }, change);
  }
  const { kind: _, ...failure } = finding;
  return journalOutcome(deps, lease, run, { kind: 'operation-failed', ...place, ...failure }, change);
}
