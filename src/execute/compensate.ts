import { mayHaveActed } from '../domain/acted.ts';
import type { ApprovedPlan } from '../domain/approval.ts';
import { systemActor } from '../domain/person.ts';
import type { Operation } from '../domain/plan.ts';
import { replyPost, rootPost, verdictPost } from '../domain/post.ts';
import { type Reason, reason } from '../domain/reason.ts';
import type { ExecuteDeps } from './deps.ts';
import { type Driven, type Driving, journalOutcome, readDriving, write } from './driving.ts';
import { runBeside, taskOf } from './group.ts';
import { allReasons, failures, type Group, groupToRevert, irreversible, toRun } from './journal.ts';
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
    const group = groupToRevert(approved.plan, found.run.journal);
    if (!group) {
      await conclude(deps, lease, found);
      return 'moved';
    }
    await putBackGroup(deps, lease, found, group);
  }
}

/** Puts back what is to be put back of a group now; where one failed or cannot be told of, a person is asked once the others have ended. */
async function putBackGroup(deps: ExecuteDeps, lease: Lease, found: Driving, group: Group): Promise<void> {
  const { run } = found;
  const { span, open } = group;
  const stuck = open.find(({ inverse }) => inverse === null);
  if (stuck) return stop(deps, lease, found, reason('cannot-revert', { object: stuck.object, step: stuck.index + 1 }));
  const failed = failures(found, 'revert');
  const operations = toRun(group, run.journal, 'revert', failed);
  const [only] = operations;
  if (only && span.first === span.last) return putBack(deps, lease, found, only);
  const unknown = only
    ? await runBeside(deps, lease, found, { phase: 'revert', group, operations, begun: null })
    : new Map<number, Reason>();
  if (only && unknown.size === 0) return;
  const after = await readDriving(deps, run.id, 'compensating');
  const wrong = allReasons(run.plan, new Map([...failed, ...(after ? failures(after, 'revert') : []), ...unknown]));
  if (after && wrong) await stop(deps, lease, after, wrong);
}

async function putBack(deps: ExecuteDeps, lease: Lease, found: Driving, operation: Operation): Promise<void> {
  const { run } = found;
  const { index } = operation;
  const task = await taskOf(deps, 'revert', found, operation, { first: index, last: index });
  const finding = await driveOperation(deps, lease, task);
  await journalPutBack(deps, lease, found, index, finding);
  await deps.crashPoint('operation-ended', run.id);
}

async function journalPutBack(
  deps: ExecuteDeps,
  lease: Lease,
  found: Driving,
  index: number,
  finding: Finding,
): Promise<void> {
  const { run } = found;
  if (finding.kind === 'done' || finding.kind === 'halted') return;
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
  for (const { inverse, executor: kind, index } of mayHaveActed(run)) {
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
