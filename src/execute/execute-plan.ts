import type { ApprovedPlan } from '../domain/approval.ts';
import type { Operation } from '../domain/plan.ts';
import { replyPost, rootPost } from '../domain/post.ts';
import type { Reason } from '../domain/reason.ts';
import type { DrivenRun } from '../domain/run.ts';
import type { Change } from '../ports/run-store.ts';
import type { ExecuteDeps } from './deps.ts';
import { type Driven, type Driving, journalOutcome, readDriving, write } from './driving.ts';
import { runBeside, taskOf } from './group.ts';
import { allReasons, failures, type Group, groupToApply, hasServed, toRun } from './journal.ts';
import type { Lease } from './lease.ts';
import { driveOperation, type Finding } from './operation.ts';
import { situation } from './situation.ts';
import { stopChange } from './stop.ts';

/** A run as its driver knows it, and whether its first operation began as its execution did. */
export interface Start {
  readonly found: Driving;
  readonly begun: 'fresh' | null;
}

/**
 * Runs an approved plan's operations as they were frozen, group by group, until all have an outcome, one stops it, or somebody asks it to stop.
 */
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
    const group = groupToApply(approved.plan, run.journal);
    if (!group) {
      await write(deps, lease, run.id, {
        events: [{ kind: 'executed', status: 'verifying' }],
        posts: [rootPost(run.id), replyPost(run.id, run.version + 1, 'executed')],
      });
      await deps.crashPoint('executed', run.id);
      return 'moved';
    }
    found = await runGroup(deps, lease, found, group, begun);
    begun = null;
  }
  return 'moved';
}

/** Runs what is to be run of a group now; answers the run as it is then, null where it moved on. */
async function runGroup(
  deps: ExecuteDeps,
  lease: Lease,
  found: Driving,
  group: Group,
  begun: 'fresh' | null,
): Promise<Driving | null> {
  const { run } = found;
  const failed = failures(found, 'apply');
  const operations = toRun(group, run.journal, 'apply', failed);
  const [only] = operations;
  const next = () => readDriving(deps, run.id, 'executing');
  if (!only) {
    await turn(deps, lease, found, failed);
    return null;
  }
  if (group.span.first === group.span.last) return runAlone(deps, lease, found, only, begun);
  const turnout = { phase: 'apply', group, operations, begun: begun && 0 } as const;
  const unknown = await runBeside(deps, lease, found, turnout);
  const after = await next();
  if (!after || unknown.size === 0) return after;
  const wrong = allReasons(run.plan, new Map([...failures(after, 'apply'), ...unknown]));
  const left = await situation(deps, lease, run.plan, after.run.journal, 'apply');
  if (wrong) await write(deps, lease, run.id, stopChange(after, wrong, left));
  return null;
}

/** Turns a run in whose group something went wrong, once nothing of it is under way any more. */
async function turn(
  deps: ExecuteDeps,
  lease: Lease,
  found: Driving,
  failed: ReadonlyMap<number, Reason>,
): Promise<void> {
  const { run } = found;
  const reason = allReasons(run.plan, failed);
  if (!reason) throw new Error(`run ${run.id}: nothing is left to run, and nothing failed`);
  await write(deps, lease, run.id, await turning(deps, lease, found, reason, hasServed(run.journal)));
}

/** Puts back where nothing of the target release served, or the runbook says so; else a person is asked. */
async function turning(
  deps: ExecuteDeps,
  lease: Lease,
  found: Driving,
  reason: Reason,
  served: boolean,
): Promise<Omit<Change, 'notAfter'>> {
  const { run } = found;
  if (run.plan.onFailure === 'compensate' || !served) return failingChange(run, reason);
  return stopChange(found, reason, await situation(deps, lease, run.plan, run.journal, 'apply'));
}

async function runAlone(
  deps: ExecuteDeps,
  lease: Lease,
  found: Driving,
  operation: Operation,
  begun: 'fresh' | null,
): Promise<Driving | null> {
  const { run } = found;
  const { index } = operation;
  const task = await taskOf(deps, 'apply', found, operation, { first: index, last: index });
  const finding = await driveOperation(deps, lease, task, begun);
  const journalled: Promise<void> = journalFinding(deps, lease, found, operation, finding).then(() =>
    deps.crashPoint('operation-ended', run.id),
  );
  // Sent behind the outcome without waiting for it: one round trip to the store less for each operation. A read that came
  // too early would only show the operation as begun, and beginning it again answers `done`.
  const next = () => readDriving(deps, run.id, 'executing');
  if (finding.kind === 'ended') return (await Promise.all([journalled, next()]))[1];
  await journalled;
  return next();
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
  if (finding.kind === 'done' || finding.kind === 'halted') return;
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
  const { kind: _, ...failure } = finding;
  const { reason, served } = failure;
  const change = await turning(deps, lease, found, reason, served || hasServed(run.journal));
  return journalOutcome(deps, lease, run.id, { kind: 'operation-failed', ...place, ...failure }, change);
}

/** The change after which what was done is put back. */
export function failingChange(run: DrivenRun, cause: Reason): Omit<Change, 'notAfter'> {
  return { events: [{ kind: 'failing', reason: cause, status: 'failing' }], posts: [rootPost(run.id)] };
}
