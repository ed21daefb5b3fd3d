import type { RunId } from '../src/domain/ids.ts';
import { note } from '../src/domain/note.ts';
import { type Reason, Refusal, reason } from '../src/domain/reason.ts';
import type { DrivenRun, Run, RunWithLog } from '../src/domain/run.ts';
import { isFinal, isRunnable, mayHaveTouched, type RunStatus } from '../src/domain/status.ts';
import { keepLease, type Lease, LeaseLost } from '../src/execute/lease.ts';
import { stopChange } from '../src/execute/stop.ts';
import { askApproval } from './ask.ts';
import type { DriveDeps, Turn } from './deps.ts';
import { execute, preflight, putBack, turnRound } from './execute.ts';
import { answerLogs } from './logs.ts';
import { planRun } from './plan.ts';
import { recordRun } from './record.ts';
import { type AtTaking, endChange, type Held, type Stage, writeHeld } from './stage.ts';
import { verify } from './verify.ts';

/** Which stage takes a run on from each status; a status without one waits for a person, a timer or the end. */
const stages: Readonly<Partial<Record<RunStatus, Stage>>> = {
  requested: planRun,
  planned: askApproval,
  approved: preflight,
  preflight,
  executing: execute,
  failing: turnRound,
  cancelling: turnRound,
  compensating: putBack,
  verifying: verify,
};

/** No run goes through more stages than this in one turn: a limit against going round in circles. */
const mostStages = 50;

/**
 * Drives one run as far as it goes now: the processor of every job. A late or double ring finds nothing to do; a worker that loses the
 * target on the way stops without writing, and another takes over.
 */
export async function drive(deps: DriveDeps, id: RunId, turn: Turn, known?: RunWithLog): Promise<void> {
  // What is known may be late too: the run is read anew behind the taking of its target, before anything is decided by it.
  const found = known ?? (await deps.store.read(id));
  if (!found || livesElsewhere(deps, found.run)) return;
  // Beside each other: nobody who wants to read waits for the run, nor the run for them.
  await Promise.all([answerLogs(deps, found, turn.abort), driveOn(deps, found, turn)]);
}

async function driveOn(deps: DriveDeps, found: RunWithLog, turn: Turn): Promise<void> {
  const { id } = found.run;
  const driven = isRunnable(found.run.status) ? await driveHeld(deps, found.run, turn) : found;
  const after = driven ?? (await deps.store.read(id));
  if (after && isFinal(after.run.status) && after.run.recorded === null) await recordRun(deps, after);
}

function livesElsewhere(deps: DriveDeps, run: Run): boolean {
  return run.request.runsOn !== null && run.request.runsOn !== deps.worker;
}

/** Answers the run as it was left, where that is known. */
async function driveHeld(deps: DriveDeps, run: Run, turn: Turn): Promise<RunWithLog | null> {
  const taken = await takeTarget(deps, run, turn);
  if (!taken) return null;
  const { lease } = taken;
  const held: Held = { deps, lease, turn };
  let left: RunWithLog | null = null;
  try {
    left = await throughStages(held, run.id, taken);
  } catch (error) {
    await troubled(held, run.id, error).catch((failure: unknown) =>
      deps.log.warn({ run: run.id, failure }, 'a run’s trouble could not be written down'),
    );
  } finally {
    lease.stop();
    await deps.store
      .release(lease.target, lease.fence)
      .catch((failure: unknown) => deps.log.debug({ run: run.id, failure }, 'the target could not be given back'));
  }
  if (turn.stopping.aborted) await ringForOthers(deps, run.id, lease);
  return left;
}

/** Answers the run where no stage is left for it; null where it rests, as it may have changed since it was read. */
async function throughStages(held: Held, id: RunId, taken: Taken): Promise<RunWithLog | null> {
  let known = taken.found;
  for (let round = 0; round < mostStages; round += 1) {
    if (held.turn.stopping.aborted) return null;
    const found: RunWithLog | null = known ?? (await held.deps.store.read(id));
    const stage = found && stages[found.run.status];
    if (!found || !stage) return found;
    const next = await stage(held, found, round === 0 ? taken : null);
    if (next === 'rest') return null;
    known = next === 'on' ? null : next;
  }
  throw new Error(`run ${id} went through ${mostStages} stages in one turn`);
}

/** A target that is held, with the run as it was then where nobody held it before. */
interface Taken extends AtTaking {
  readonly lease: Lease;
  readonly found: RunWithLog | null;
}

/** Takes the run's target, ends what a dead worker left running, and keeps the lease; null where somebody else has it. */
async function takeTarget(deps: DriveDeps, run: Run, turn: Turn): Promise<Taken | null> {
  const { target } = run.request;
  const takenAt = deps.monotonic();
  // The reads go out behind the taking without waiting for it: a round trip less.
  const [taken, found, freeze] = await Promise.all([
    deps.store.acquire(target, run.id, deps.worker, deps.times.leaseMs, waitsOut(deps, run)),
    deps.store.read(run.id),
    deps.releases.frozen(target),
  ]);
  if (!taken.ok) return null;
  const lease = lostWith(turn.abort, keepLease(deps, target, taken.fence, takenAt));
  await deps.crashPoint('target-acquired', run.id);
  const left = taken.previous?.children.filter(child => child.host === deps.host) ?? [];
  const ended = await Promise.all(left.map(child => deps.endProcess(child)));
  if (ended.every(gone => gone)) return { lease, found: taken.previous ? null : found, freeze };
  deps.log.error({ run: run.id, children: left }, 'processes that a dead worker left could not be ended');
  // Not given back, which would forget them: the lease runs out, and the next turn tries to end them again.
  lease.stop();
  return null;
}

/** A lease that is lost where the turn is aborted; the signal outlives the turn, so it forgets the lease that has stopped. */
function lostWith(abort: AbortSignal, lease: Lease): Lease {
  if (abort.aborted) lease.lose();
  abort.addEventListener('abort', lease.lose);
  const stop = () => {
    abort.removeEventListener('abort', lease.lose);
    lease.stop();
  };
  return { ...lease, stop };
}

/** Whether a stale worker's calls could still arrive because the target cannot refuse them: then its lease is waited out. */
function waitsOut(deps: DriveDeps, run: Run): boolean {
  const operations = run.plan?.operations ?? [];
  return mayHaveTouched(run.status) && operations.some(({ executor }) => !deps.executors.get(executor)?.fenced);
}

async function ringForOthers(deps: DriveDeps, id: RunId, lease: Lease): Promise<void> {
  const after = await deps.store.read(id).catch(() => null);
  if (after && isRunnable(after.run.status))
    await deps.doorbell.ring(id, `f${lease.fence}.stop`, after.run.request.runsOn);
}

/** What a stage threw becomes the run's end or its stop for a person; a lost target or an unsure store is left to whoever comes next. */
async function troubled({ deps, lease, turn }: Held, id: RunId, error: unknown): Promise<void> {
  const unsure = error instanceof Refusal && error.reason.code === 'not-confirmed';
  if (error instanceof LeaseLost || lease.signal.aborted || unsure) {
    deps.log.info({ run: id, why: String(error) }, 'a run is left to the next worker');
    return;
  }
  deps.log.error({ run: id, failure: error }, 'a stage failed');
  const cause: Reason =
    error instanceof Refusal
      ? error.reason
      : reason('internal', {}, error instanceof Error ? error.message.slice(0, 300) : String(error));
  const found = await deps.store.read(id);
  if (!found || !isRunnable(found.run.status)) return;
  const held = { deps, lease, turn };
  if (mayHaveTouched(found.run.status)) await writeHeld(held, found.run, stopWith(found, cause));
  else if (found.run.status !== 'approved')
    await writeHeld(held, found.run, endChange(deps, found.run, 'failed', cause));
}

function stopWith(found: RunWithLog, cause: Reason) {
  const objects = (found.run as DrivenRun).plan.operations.map(({ object }) => note('not-observed', { object }));
  return stopChange(found, cause, { now: objects, byHand: [] });
}
