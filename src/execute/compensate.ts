import type { ApprovedPlan } from '../domain/approval.ts';
import { systemActor } from '../domain/person.ts';
import type { Operation } from '../domain/plan.ts';
import { replyPost, rootPost, verdictPost } from '../domain/post.ts';
import { type Reason, reason } from '../domain/reason.ts';
import type { ExecuteDeps } from './deps.ts';
import { type Driven, type Driving, journalOutcome, readDriving, write } from './execute-plan.ts';
import { irreversible, mayHaveActed, nextToRevert } from './journal.ts';
import type { Lease } from './lease.ts';
import { driveOperation, type Finding } from './operation.ts';
import { look } from './outside.ts';
import { situation } from './situation.ts';
import { stopChange } from './stop.ts';

/** How long each look may take when all that was put back is looked at once more, in ms. */
const lookMs = 15_000;

/** Turns a failing or cancelled run round: to `compensating` where everything that acted can be put back, else a person is asked. */
export async function beginCompensation(deps: ExecuteDeps, lease: Lease, found: Driving): Promise<void> {
  const { run } = found;
  const stuck = irreversible(run.plan, run.journal);
  if (stuck) {
    const left = await situation(deps, lease, run.plan, run.journal, 'apply');
    await write(deps, lease, run.id, stopChange(found, run.trouble ?? stuck, left));
  } else {
    const events = [{ kind: 'compensation-started', status: 'compensating' }] as const;
    await write(deps, lease, run.id, { events, posts: [rootPost(run.id)] });
  }
  await deps.crashPoint('compensation-started', run.id);
}

/** Puts back what a run did, newest first, each operation by the same protocol, and looks at all of it once more at the end. */
export async function compensate(deps: ExecuteDeps, lease: Lease, approved: ApprovedPlan): Promise<Driven> {
  for (;;) {
    const found = await readDriving(deps, approved.run, 'compensating');
    if (!found) return 'moved';
    if (deps.pausing()) return 'paused';
    const operation = nextToRevert(approved.plan, found.run.journal);
    if (!operation) {
      await conclude(deps, lease, found);
      return 'moved';
    }
    await putBack(deps, lease, found, operation);
    await deps.crashPoint('operation-ended', approved.run);
  }
}

async function putBack(deps: ExecuteDeps, lease: Lease, found: Driving, operation: Operation): Promise<void> {
  const { run } = found;
  const { index, inverse, timeoutMs } = operation;
  if (!inverse) return stop(deps, lease, found, reason('cannot-revert', { object: operation.object, step: index + 1 }));
  const executor = await deps.executor(operation.executor);
  const task = { run: run.id, phase: 'revert', index, executor, operation: inverse, timeoutMs } as const;
  const finding: Finding = await driveOperation(deps, lease, task);
  if (finding.kind === 'done') return;
  if (finding.kind === 'unknown') return stop(deps, lease, found, finding.reason);
  const place = { phase: 'revert', index, fence: lease.fence } as const;
  if (finding.kind === 'ended') {
    const { how, note, served } = finding;
    const change = { events: [], posts: [rootPost(run.id)] };
    return journalOutcome(deps, lease, run.id, { kind: 'operation-ended', ...place, how, note, served }, change);
  }
  const left = await situation(deps, lease, run.plan, run.journal, 'revert');
  const failed = { kind: 'operation-failed', ...place, reason: finding.reason, served: finding.served } as const;
  return journalOutcome(deps, lease, run.id, failed, stopChange(found, finding.reason, left));
}

/** The state before counts as put back only where every inverse is seen to be in place. */
async function conclude(deps: ExecuteDeps, lease: Lease, found: Driving): Promise<void> {
  const { run } = found;
  const missing = await firstMissing(deps, lease, found);
  if (missing) return stop(deps, lease, found, missing);
  const cancelled = reason('cancelled-by-person', cancelledBy(found));
  await write(deps, lease, run.id, {
    events: [{ kind: 'ended', status: 'compensated', reason: run.trouble ?? cancelled, by: systemActor(deps.worker) }],
    posts: [rootPost(run.id, 'urgent'), verdictPost(run.id), replyPost(run.id, run.version + 1, 'ended')],
  });
  await deps.crashPoint('run-ended', run.id);
}

async function firstMissing(deps: ExecuteDeps, lease: Lease, { run }: Driving): Promise<Reason | null> {
  for (const { inverse, executor: kind, index } of mayHaveActed(run.plan, run.journal)) {
    if (!inverse) continue;
    const executor = await deps.executor(kind);
    const signal = AbortSignal.any([lease.signal, AbortSignal.timeout(lookMs)]);
    const context = { run: run.id, target: lease.target, signal };
    const seen = await look(lease, signal, deps.sleep, () => executor.observe(context, inverse));
    if (seen.kind === 'unseen') return seen.reason;
    const { state, note } = seen.observation;
    if (state === 'not-applied' || state === 'in-progress')
      return reason('cannot-revert', { object: inverse.object, step: index + 1 }, note.detail);
  }
  return null;
}

async function stop(deps: ExecuteDeps, lease: Lease, found: Driving, cause: Reason): Promise<void> {
  const left = await situation(deps, lease, found.run.plan, found.run.journal, 'revert');
  await write(deps, lease, found.run.id, stopChange(found, cause, left));
}

function cancelledBy({ events }: Driving): Reason['facts'] {
  const asked = events.findLast(event => event.kind === 'stop-asked');
  const decided = events.findLast(event => event.kind === 'operator-decided');
  const by = decided ?? asked;
  return by ? { by: by.by.name } : {};
}
