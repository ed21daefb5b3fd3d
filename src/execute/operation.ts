import { type Note, note } from '../domain/note.ts';
import { type Reason, reason, Unanswered } from '../domain/reason.ts';
import type { ApplyContext, Observation, Settlement } from '../ports/executor.ts';
import type { ExecuteDeps } from './deps.ts';
import { type Lease, LeaseLost } from './lease.ts';
import { failureReason, isAnswer, type Look, look, outside } from './outside.ts';
import { applyContext, type Task } from './task.ts';

/** What came of an operation. `unknown`: nobody can tell whether it took effect, and it may not be repeated unseen. */
export type Finding =
  | {
      readonly kind: 'ended';
      readonly how: 'applied' | 'adopted' | 'noop';
      readonly note: Note;
      readonly served: boolean;
    }
  | {
      readonly kind: 'failed';
      readonly reason: Reason;
      readonly served: boolean;
      /** Set where nothing was written. */
      readonly untouched?: true;
    }
  | { readonly kind: 'unknown'; readonly note: Note; readonly reason: Reason }
  | { readonly kind: 'done' }
  /** It was not begun: one beside it failed, or a stop was asked. */
  | { readonly kind: 'halted' };

/** How long the target may be looked at after an operation's own time is over, in ms. */
const aftermathMs = 15_000;

/** How often an operation is applied where no answer came and it is seen not to have taken effect. */
const mostApplies = 3;

/** Time between two tries of what got no answer, in ms. */
const againMs = 500;

interface Drive {
  readonly deps: ExecuteDeps;
  readonly lease: Lease;
  readonly task: Task;
  readonly resumed: boolean;
  /** The operation's own time limit. */
  readonly limit: AbortSignal;
  readonly countsFrom: Required<ApplyContext>['countsFrom'];
}

/**
 * Brings one operation about by the step protocol: begin, raise the fence, observe, apply, settle, observe. The caller
 * writes the outcome, and may have written the beginning. Throws `LeaseLost` where another worker has or may have the target: then nothing
 * may be written.
 */
export async function driveOperation(
  deps: ExecuteDeps,
  lease: Lease,
  task: Task,
  already: 'fresh' | null = null,
): Promise<Finding> {
  const { run, phase, index, beside } = task;
  lease.check();
  const begun =
    already ?? (await deps.store.begin(run, { phase, index, fence: lease.fence, worker: deps.worker, beside }));
  if (begun === 'fenced') throw new LeaseLost(lease.target);
  if (begun === 'done' || begun === 'halted') return { kind: begun };
  if (begun === 'order') throw new Error(`run ${run}: ${phase} ${index} is out of order`);
  await deps.crashPoint('operation-begun', run);
  const limit = AbortSignal.any([lease.signal, AbortSignal.timeout(task.timeoutMs)]);
  const resumed = begun === 'resume';
  const drive: Drive = { deps, lease, task, resumed, limit, countsFrom: resumed ? (task.countsFrom ?? 0) : 0 };

  const before = await raiseAndLook(drive);
  if (drive.resumed) await journalLook(drive, before);
  await deps.crashPoint('operation-observed', run);
  if (before.kind === 'unseen')
    return drive.resumed
      ? { kind: 'unknown', note: note('not-observed', { object: task.operation.object }), reason: before.reason }
      : { kind: 'failed', reason: before.reason, served: false, untouched: true };
  return act(drive, before.observation);
}

async function act(drive: Drive, seen: Observation): Promise<Finding> {
  const { operation } = drive.task;
  const there: Drive = drive.resumed ? drive : { ...drive, countsFrom: 'now' };
  if (seen.state === 'applied') return confirm(there, drive.resumed ? 'adopted' : 'noop', drive.limit);
  if (seen.state === 'unknown' && drive.resumed && !operation.idempotent)
    return { kind: 'unknown', note: seen.note, reason: reason('step-unknown', placeOf(drive.task), seen.note.detail) };
  if (seen.state === 'in-progress') {
    const waited = await settle(there, drive.limit);
    const after = await lookOnce(drive, aftermath(drive, drive.limit));
    const again = after.kind === 'seen' && after.observation.state === 'not-applied' && !drive.limit.aborted;
    if (!again) return conclude(drive, drive.resumed ? 'adopted' : 'applied', waited, after);
  }
  return applyOperation(drive);
}

async function applyOperation(drive: Drive, tries = mostApplies): Promise<Finding> {
  const { deps, lease, task, limit } = drive;
  const { executor, operation } = task;
  await deps.crashPoint('operation-applying', task.run);
  try {
    await outside(lease, limit, () => executor.apply(applyContext(drive, limit), operation));
  } catch (error) {
    lease.check();
    return afterFailedApply(drive, error, tries - 1);
  }
  await deps.crashPoint('operation-applied', task.run);
  return confirm(drive, 'applied', limit);
}

/** An apply that failed may have taken effect all the same: only looking tells, unless the executor itself says how it ended. */
async function afterFailedApply(drive: Drive, error: unknown, tries: number): Promise<Finding> {
  const { limit, task } = drive;
  const cause = failureReason(error, limit.aborted, timesOf(task));
  const signal = aftermath(drive, limit);
  const seen = await lookOnce(drive, signal);
  const state = seen.kind === 'seen' ? seen.observation.state : 'unseen';
  if (state === 'applied' || state === 'in-progress') return confirm(drive, 'applied', signal);
  if (error instanceof Unanswered && state === 'not-applied' && tries > 0 && !limit.aborted)
    return applyOperation(drive, tries);
  const failed: Finding = { kind: 'failed', reason: cause, served: false };
  // It was its precondition that refused it, and nobody had tried it before.
  if (cause.code === 'target-changed' && state === 'not-applied' && !drive.resumed && tries === mostApplies - 1)
    return { ...failed, untouched: true };
  // A git remote that is away is told as a plain refusal: where it cannot be looked at either, nobody knows what it has taken.
  const lost = state === 'unseen' && cause.code === 'target-unreachable';
  if ((isAnswer(error) && !lost) || state === 'not-applied') return failed;
  if (state === 'unknown' && task.operation.idempotent) return failed;
  const seenNote =
    seen.kind === 'seen' ? seen.observation.note : note('not-observed', { object: task.operation.object });
  return { kind: 'unknown', note: seenNote, reason: cause };
}

/** Waits until the effect is there, then looks: an outcome is what was seen, never an exit code. */
async function confirm(drive: Drive, how: 'applied' | 'adopted' | 'noop', limit: AbortSignal): Promise<Finding> {
  const settled = await settle(drive, limit);
  await drive.deps.crashPoint('operation-settled', drive.task.run);
  const after = await lookOnce(drive, aftermath(drive, limit));
  return conclude(drive, how, settled, after);
}

async function conclude(
  drive: Drive,
  how: 'applied' | 'adopted' | 'noop',
  settled: Settlement,
  after: Look,
): Promise<Finding> {
  await drive.deps.crashPoint('operation-verified', drive.task.run);
  if (settled.state === 'failed') return { kind: 'failed', reason: settled.reason, served: settled.served };
  if (after.kind === 'unseen')
    return {
      kind: 'unknown',
      note: note('not-observed', { object: drive.task.operation.object }),
      reason: after.reason,
    };
  const { state } = after.observation;
  if (state === 'applied' || state === 'unknown')
    return { kind: 'ended', how, note: settled.note, served: settled.served };
  const cause = reason('not-settled', { object: drive.task.operation.object }, after.observation.note.detail);
  return { kind: 'failed', reason: cause, served: settled.served };
}

async function settle(drive: Drive, signal: AbortSignal): Promise<Settlement> {
  const { deps, lease, task } = drive;
  for (;;) {
    try {
      return await outside(lease, signal, () => task.executor.settle(applyContext(drive, signal), task.operation));
    } catch (error) {
      lease.check();
      // Whether an instance served is not known then; taken for served, so that nothing is put back by itself.
      if (!(error instanceof Unanswered) || signal.aborted)
        return { state: 'failed', reason: failureReason(error, signal.aborted, timesOf(task)), served: true };
    }
    await deps.sleep(againMs, signal);
  }
}

async function raiseAndLook(drive: Drive): Promise<Look> {
  const { deps, lease, task, limit } = drive;
  const { executor, operation } = task;
  let raised = executor.raiseFence === undefined;
  return look(lease, limit, deps.sleep, async () => {
    if (!raised) await executor.raiseFence?.(applyContext(drive, limit), operation);
    raised = true;
    await deps.crashPoint('fence-raised', task.run);
    lease.check();
    return executor.observe({ run: task.run, target: lease.target, signal: limit }, operation);
  });
}

function lookOnce({ deps, lease, task }: Drive, signal: AbortSignal): Promise<Look> {
  const context = { run: task.run, target: lease.target, signal };
  return look(lease, signal, deps.sleep, () => task.executor.observe(context, task.operation));
}

/** The operation's own signal while it lasts, else a short time to see what became of it. */
function aftermath(drive: Drive, limit: AbortSignal): AbortSignal {
  return limit.aborted ? AbortSignal.any([drive.lease.signal, AbortSignal.timeout(aftermathMs)]) : limit;
}

async function journalLook({ deps, lease, task }: Drive, found: Look): Promise<void> {
  const { phase, index } = task;
  const seen =
    found.kind === 'seen'
      ? { state: found.observation.state as string, note: found.observation.note }
      : { state: 'unseen', note: note('not-observed', { object: task.operation.object }, found.reason.detail) };
  await deps.store.change(
    task.run,
    { fence: lease.fence },
    { events: [{ kind: 'operation-observed', phase, index, ...seen }] },
  );
}

function placeOf(task: Task) {
  return { object: task.operation.object, step: task.index + 1 };
}

function timesOf(task: Task) {
  return { ...placeOf(task), ms: task.timeoutMs };
}
