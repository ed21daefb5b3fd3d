import type { RunId } from '../domain/ids.ts';
import type { DrivenRun, RunWithLog } from '../domain/run.ts';
import type { Change, RunStore } from '../ports/run-store.ts';
import type { ExecuteDeps } from './deps.ts';
import { type Lease, LeaseLost } from './lease.ts';

/** How far driving came: `moved` to another status, or `paused` because the process ends. */
export type Driven = 'moved' | 'paused';

/** A run that may act, with its log. */
export type Driving = RunWithLog & { readonly run: DrivenRun };

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
