import { mayHaveActed } from '../domain/acted.ts';
import type { JournalPhase } from '../domain/event.ts';
import { type Note, note } from '../domain/note.ts';
import type { Operation, Plan } from '../domain/plan.ts';
import type { RunFacts } from '../domain/run.ts';
import type { OperationLike } from '../ports/executor.ts';
import type { ExecuteDeps } from './deps.ts';
import { entryOf } from './journal.ts';
import type { Lease } from './lease.ts';
import { outside } from './outside.ts';

/** What a person finds who takes over: what the target shows, and the commands that finish the job by hand. */
export interface Situation {
  readonly now: readonly Note[];
  readonly byHand: readonly string[];
}

/** How long one look may take when a run has stopped, in ms. */
const lookMs = 10_000;

/** Looks at everything the plan touches, so that whoever is called reads what is so and not what was meant; reads only. */
export async function situation(
  deps: Pick<ExecuteDeps, 'executor'>,
  lease: Lease,
  plan: Plan,
  journal: RunFacts['journal'],
  phase: JournalPhase,
): Promise<Situation> {
  const seen = await Promise.all(plan.operations.map(operation => lookAt(deps, lease, plan, operation)));
  const concerned = phase === 'apply' ? plan.operations : mayHaveActed({ plan, journal });
  const open = concerned.filter(({ index }) => !entryOf(journal, phase, index)?.outcome);
  const commands = await Promise.all(open.map(operation => commandsFor(deps, operation, phase)));
  lease.check();
  return { now: seen, byHand: commands.flat() };
}

async function lookAt(
  deps: Pick<ExecuteDeps, 'executor'>,
  lease: Lease,
  plan: Plan,
  operation: Operation,
): Promise<Note> {
  const signal = AbortSignal.any([lease.signal, AbortSignal.timeout(lookMs)]);
  try {
    const executor = await deps.executor(operation.executor);
    const context = { run: plan.run, target: plan.target, signal };
    return (await outside(lease, signal, () => executor.observe(context, operation))).note;
  } catch {
    return note('not-observed', { object: operation.object });
  }
}

async function commandsFor(
  deps: Pick<ExecuteDeps, 'executor'>,
  operation: Operation,
  phase: JournalPhase,
): Promise<readonly string[]> {
  const meant: OperationLike | null = phase === 'apply' ? operation : operation.inverse;
  const executor = await deps.executor(operation.executor).catch(() => null);
  return (meant && executor?.byHand?.(meant)) ?? [];
}
