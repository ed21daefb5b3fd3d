import type { ApprovedPlan } from '../domain/approval.ts';
import type { RunId } from '../domain/ids.ts';
import type { Operation } from '../domain/plan.ts';
import { replyPost, rootPost } from '../domain/post.ts';
import type { Reason } from '../domain/reason.ts';
import type { DrivenRun, RunWithLog } from '../domain/run.ts';
import type { Change, RunStore } from '../ports/run-store.ts';
import type { ExecuteDeps } from './deps.ts';
import { hasServed, nextToApply } from './journal.ts';
import { type Lease, LeaseLost } from './lease.ts';
import { driveOperation, type Finding } from './operation.ts';
import { situation } from './situation.ts';
import { stopChange } from './stop.ts';

/** How far driving came: `moved` to another status, or `paused` because the process ends. */
export type Driven = 'moved' | 'paused';

/** A run that may act, with its log. */
export type Driving = RunWithLog & { readonly run: DrivenRun };

/** The run as its driver knows it, and whether its first operation began as its execution did. */
export interface Start {
  readonly found: Driving;
  readonly begun: 'fresh' | null;
}

/** Runs an approved plan's operations in order, as they were frozen, until all have an outcome, one stops it, or somebody asks it to stop. */
export async function executePlan(
  deps: ExecuteDeps,
  lease: Lease,
  approved: ApprovedPlan,
  start: Start,
): Promise<Driven> {
  let found: Driving | null = start.found;
  let { begun } = start;
  while (found) {
    if (deps.pausing()) return 'paused';
    const { run }: Driving = found;
    if (run.stopAsked) {
      await write(deps, lease, run.id, {
        events: [{ kind: 'cancelling', status: 'cancelling' }],
        posts: [rootPost(run.id)],
      });
      return 'moved';
    }
    const operation = nextToApply(approved.plan, run.journal);
    if (!operation) {
      await write(deps, lease, run.id, {
        events: [{ kind: 'executed', status: 'verifying' }],
        posts: [rootPost(run.id), replyPost(run.id, run.version + 1, 'executed')],
      });
      await deps.crashPoint('executed', run.id);
      return 'moved';
    }
    const executor = await deps.executor(operation.executor);
    const task = {
      run: run.id,
      phase: 'apply',
      index: operation.index,
      executor,
      operation,
      timeoutMs: operation.timeoutMs,
    } as const;
    const finding = await driveOperation(deps, lease, task, begun);
    begun = null;
    const journalled: Promise<void> = journalFinding(deps, lease, found, operation, finding).then(() =>
      deps.crashPoint('operation-ended', run.id),
    );
    // Sent behind the outcome without waiting for it: one round trip to the store less for each operation. A read that came
    // too early would only show the operation as begun, and beginning it again answers `done`.
    const next = () => readDriving(deps, approved.run, 'executing');
    if (finding.kind === 'ended') [, found] = await Promise.all([journalled, next()]);
    else {
      await journalled;
      found = await next();
    }
  }
  return 'moved';
}

/** Reads a run that is in the status its driver expects; null where it moved on. */
export async function readDriving(
  deps: Pick<ExecuteDeps, 'store'>,
  id: RunId,
  status: DrivenRun['status'],
): Promise<Driving | null> {
  const found = await deps.store.read(id);
  return found?.run.status === status ? (found as Driving) : null;
}

/** Writes as the driver of a run; throws `LeaseLost` where another worker drives it. */
export async function write(
  deps: Pick<ExecuteDeps, 'store'>,
  lease: Lease,
  id: RunId,
  change: Omit<Change, 'notAfter'>,
): Promise<void> {
  lease.check();
  const result = await deps.store.change(id, { fence: lease.fence }, change);
  if (result.ok) return;
  if (result.why === 'illegal')
    throw new Error(`run ${id}: ${change.events.map(event => event.kind)} is not legal now`);
  throw new LeaseLost(lease.target);
}

async function journalFinding(
  deps: ExecuteDeps,
  lease: Lease,
  found: Driving,
  operation: Operation,
  finding: Finding,
): Promise<void> {
  const { run } = found;
  const { index } = operation;
  if (finding.kind === 'done') return;
  if (finding.kind === 'unknown') {
    const left = await situation(deps, lease, run.plan, run.journal, 'apply');
    return write(deps, lease, run.id, stopChange(found, finding.reason, left));
  }
  const place = { phase: 'apply', index, fence: lease.fence } as const;
  if (finding.kind === 'ended') {
    const { how, note, served } = finding;
    const posts = [rootPost(run.id)];
    return journalOutcome(
      deps,
      lease,
      run.id,
      { kind: 'operation-ended', ...place, how, note, served },
      { events: [], posts },
    );
  }
  const { reason, served } = finding;
  const putBack = run.plan.onFailure === 'compensate' || !(served || hasServed(run.journal));
  const change = putBack
    ? failingChange(run, reason)
    : stopChange(found, reason, await situation(deps, lease, run.plan, run.journal, 'apply'));
  return journalOutcome(deps, lease, run.id, { kind: 'operation-failed', ...place, reason, served }, change);
}

/** Journals an operation's outcome and what follows from it in one script; throws `LeaseLost` where another worker drives the run. */
export async function journalOutcome(
  deps: Pick<ExecuteDeps, 'store'>,
  lease: Lease,
  id: RunId,
  outcome: Parameters<RunStore['outcome']>[1],
  change: Omit<Change, 'notAfter'>,
): Promise<void> {
  lease.check();
  const result = await deps.store.outcome(id, outcome, change);
  if (result === 'fenced') throw new LeaseLost(lease.target);
  if (result === 'missing') throw new Error(`run ${id}: an outcome without its beginning`);
}

/** The change after which what was done is put back. */
export function failingChange(run: DrivenRun, cause: Reason): Omit<Change, 'notAfter'> {
  return { events: [{ kind: 'failing', reason: cause, status: 'failing' }], posts: [rootPost(run.id)] };
}
