import { approvePlan } from '../src/approve/permit.ts';
import type { ApprovedPlan } from '../src/domain/approval.ts';
import type { RunEventBody } from '../src/domain/event.ts';
import { withEvents } from '../src/domain/fold.ts';
import type { Operation, Plan } from '../src/domain/plan.ts';
import { cardPost, rootPost } from '../src/domain/post.ts';
import { type Reason, Refusal, reason } from '../src/domain/reason.ts';
import type { DrivenRun, RunWithLog } from '../src/domain/run.ts';
import { beginCompensation, compensate } from '../src/execute/compensate.ts';
import type { Driving } from '../src/execute/driving.ts';
import { executePlan } from '../src/execute/execute-plan.ts';
import { type Look, look } from '../src/execute/outside.ts';
import { frozenReason } from '../src/plan/suggest.ts';
import type { NewRun } from '../src/ports/run-store.ts';
import { pause } from './pause.ts';
import { readTarget } from './plan.ts';
import { type AtTaking, endChange, executeDeps, type Held, loadExecutor, type Stage, writeHeld } from './stage.ts';
import { nothingLeft } from './undo.ts';

/** How long reading the world again before the first operation may take, in ms. */
const preflightMs = 30_000;

/** How long a linked run may take to be created, in ms of the store's clock. */
const createWithinMs = 10_000;

/** Reads the world again between consent and action: acts only on what was shown, else the run ends and a linked one asks anew. */
export const preflight: Stage = async (held, found, taking) => {
  const { run } = found;
  if (run.status !== 'approved' && run.status !== 'preflight') return 'on';
  const { deps, lease } = held;
  const { worker } = deps;
  const { fence } = lease;
  // One that nobody need approve goes on in the turn that planned it, its target long taken.
  const begun: readonly RunEventBody[] =
    run.status === 'approved' ? [{ kind: 'preflight-started', worker, fence, status: 'preflight' }] : [];
  const begin = async () => {
    if (begun.length > 0) await writeHeld(held, run, { events: begun, posts: [rootPost(run.id)] });
    await deps.crashPoint('preflight-started', run.id);
  };
  // Looking changes nothing, so it need not wait until its beginning is written down.
  const [, finding] = await Promise.all([begin(), inspect(held, run, taking)]);
  if (finding.kind === 'clear') {
    const started = { kind: 'execution-started', status: 'executing' } as const;
    const begins = { phase: 'apply', index: 0, fence, worker } as const;
    await writeHeld(held, run, { events: [started], posts: [rootPost(run.id)], begins });
    await deps.crashPoint('execution-started', run.id);
    return await runOperations(held, withEvents(found, [...begun, started], run.updatedAt), 'fresh');
  }
  if (finding.kind === 'moved' && (await mayStartAnew(held, run))) await startAnew(held, run, finding.objects);
  else {
    const end = finding.kind === 'moved' ? stillMoving(finding.objects) : finding;
    await writeHeld(held, run, endChange(deps, run, end.kind, end.reason));
    await deps.crashPoint('run-ended', run.id);
  }
  return 'on';
};

type Inspection =
  | { readonly kind: 'clear' }
  | { readonly kind: 'moved'; readonly objects: readonly string[] }
  | { readonly kind: 'failed' | 'noop'; readonly reason: Reason };

async function inspect(held: Held, run: DrivenRun, taking: AtTaking | null): Promise<Inspection> {
  const { catalogue } = await readTarget(held, run);
  const permit = approvePlan(run, catalogue);
  if (permit.kind === 'refused') return { kind: 'failed', reason: permit.reason };
  const { freeze } = taking ?? { freeze: await held.deps.releases.frozen(run.plan.target) };
  if (freeze?.levels.includes(run.plan.level)) return { kind: 'failed', reason: frozenReason(freeze, run.plan.level) };
  const looks = await lookAtAll(held, run.plan);
  const unseen = looks.find(({ seen }) => seen.kind === 'unseen');
  if (unseen?.seen.kind === 'unseen') return { kind: 'failed', reason: unseen.seen.reason };
  const left = looks.filter(({ seen }) => seen.kind === 'seen' && seen.observation.state !== 'applied');
  if (left.length === 0) return { kind: 'noop', reason: nothingLeft(run) };
  const moved = left.filter(
    ({ seen, operation }) => seen.kind === 'seen' && seen.observation.fingerprint !== operation.fingerprint,
  );
  return moved.length > 0
    ? { kind: 'moved', objects: moved.map(({ operation }) => operation.object) }
    : { kind: 'clear' };
}

async function lookAtAll(
  held: Held,
  plan: Plan,
): Promise<readonly { readonly operation: Operation; readonly seen: Look }[]> {
  const { deps, lease } = held;
  const signal = AbortSignal.any([lease.signal, AbortSignal.timeout(preflightMs)]);
  const context = { run: plan.run, target: plan.target, signal };
  return Promise.all(
    plan.operations.map(async operation => {
      const executor = await loadExecutor(deps, operation.executor);
      return { operation, seen: await look(lease, signal, pause, () => executor.observe(context, operation)) };
    }),
  );
}

/** How often in a row a run that nobody votes on may begin anew: a target that moves each time would be planned for ever. */
const mostAnew = 3;

async function mayStartAnew({ deps }: Held, run: DrivenRun): Promise<boolean> {
  if (run.approval && run.approval.votes.length > 0) return true;
  let before = run.request.causedBy;
  for (let times = 0; times < mostAnew; times += 1) {
    const found = before && (await deps.store.read(before));
    if (found?.run.status !== 'superseded') return true;
    before = found.run.request.causedBy;
  }
  return false;
}

function stillMoving(objects: readonly string[]): { readonly kind: 'failed'; readonly reason: Reason } {
  return { kind: 'failed', reason: reason('target-changed', { objects }) };
}

/** The world moved: this run ends and hands its reservation to a linked one, with a new plan and new votes. */
async function startAnew(held: Held, run: DrivenRun, objects: readonly string[]): Promise<void> {
  const { deps, lease } = held;
  const id = deps.newId();
  const { events, posts } = endChange(deps, run, 'superseded', reason('target-changed', { objects }));
  const next: NewRun = {
    id,
    request: { ...run.request, causedBy: run.id },
    idempotencyKey: `anew:${run.id}`,
    notAfter: (await deps.store.now()) + createWithinMs,
    posts: [rootPost(id, 'urgent')],
    replaces: {
      run: run.id,
      guard: { fence: lease.fence },
      events: events.map(event => (event.kind === 'ended' ? { ...event, next: id } : event)),
      posts: [...(posts ?? []), cardPost(run.id)],
    },
  };
  const created = await deps.store.create(next);
  await deps.crashPoint('run-ended', run.id);
  if (created.kind === 'created') await deps.doorbell.ring(id, '1', run.request.runsOn);
}

/** Runs an approved plan's operations. */
export const execute: Stage = (held, found) => runOperations(held, found, null);

async function runOperations(held: Held, found: RunWithLog, begun: 'fresh' | null): Promise<'on' | 'rest'> {
  const permit = await permitOf(held, found.run as DrivenRun);
  const driven = await executePlan(executeDeps(held), held.lease, permit, { found: found as Driving, begun });
  return driven === 'paused' ? 'rest' : 'on';
}

/** The plan with the proof that it was approved; throws a `Refusal` where it was not. */
async function permitOf(held: Held, run: DrivenRun): Promise<ApprovedPlan> {
  const permit = approvePlan(run, (await readTarget(held, run)).catalogue);
  if (permit.kind === 'refused') throw new Refusal(permit.reason);
  return permit.plan;
}

/** Turns a failing or cancelled run round. */
export const turnRound: Stage = async (held, found: RunWithLog) => {
  await beginCompensation(executeDeps(held), held.lease, found as Driving);
  return 'on';
};

/** Puts back what a run did. */
export const putBack: Stage = async (held, found) => {
  const permit = await permitOf(held, found.run as DrivenRun);
  const driven = await compensate(executeDeps(held), held.lease, permit);
  return driven === 'paused' ? 'rest' : 'on';
};
