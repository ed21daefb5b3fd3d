import { decideEmergency, decideNextLevel, decideOperator } from '../src/approve/operator.ts';
import type { OperatorAction } from '../src/domain/event.ts';
import { type RunId, shortRunId } from '../src/domain/ids.ts';
import { Refusal, reason } from '../src/domain/reason.ts';
import type { RunWithLog } from '../src/domain/run.ts';
import { changeRun, readRun } from './change.ts';
import type { DoorDeps } from './deps.ts';
import { mustHaveWorker } from './order.ts';
import { createFor, newRunId } from './start.ts';
import { mustHold, type Visit } from './visit.ts';

/** A named person's decision about a stopped run; `drawn` is the version their card was drawn from, null where it was typed. */
export interface Decision {
  readonly run: RunId;
  readonly action: OperatorAction;
  readonly reason: string;
  readonly drawn: number | null;
}

/** Applies an operator's decision; answers the linked run where the next level or the emergency plan was chosen, else null. */
export async function resolveRun(deps: DoorDeps, visit: Visit, decision: Decision): Promise<RunId | null> {
  const { action, drawn, reason: why } = decision;
  await mustHold(deps, visit, 'resolve');
  if (action === 'next-level') return await linked(deps, visit, decision, decideNextLevel);
  if (action === 'emergency') return await linked(deps, visit, decision, decideEmergency);
  await changeRun(deps, visit, decision.run, found => {
    mustBeStopped(found, drawn);
    const decided = decideOperator(found, { action, by: visit.actor, reason: why });
    if (decided.kind === 'refused') throw new Refusal(decided.reason);
    return { change: decided.change, answer: null };
  });
  return null;
}

async function linked(
  deps: DoorDeps,
  visit: Visit,
  { run, drawn, reason: why }: Decision,
  decide: typeof decideNextLevel,
): Promise<RunId> {
  const found = await readRun(deps, run);
  mustBeStopped(found, drawn);
  const next = { id: newRunId(deps), notAfter: visit.answerBy, catalogue: visit.catalogue };
  const decided = decide(found, visit.actor, why, next);
  if (decided.kind === 'refused') throw new Refusal(decided.reason);
  await mustHaveWorker(deps, decided.change.request);
  const started = await createFor(deps, decided.change);
  if (started.kind === 'busy') throw new Refusal(reason('stale-card'));
  return started.id;
}

/** Refuses a decision about a run that does not wait for one any more, or that stopped anew since the card was drawn. */
function mustBeStopped({ run, events }: RunWithLog, drawn: number | null): void {
  const stoppedAt = events.findLast(event => event.kind === 'stopped')?.version ?? 0;
  const last = events.findLast(event => event.kind === 'operator-decided');
  if (run.status === 'needs-operator' && (drawn === null || drawn >= stoppedAt)) return;
  if (run.status === 'needs-operator') throw new Refusal(reason('stale-card'));
  if (last?.kind !== 'operator-decided') throw new Refusal(reason('nothing-to-decide', { run: shortRunId(run.id) }));
  const by = last.by.name;
  throw new Refusal(reason('already-decided', { decision: last.action, by, at: last.at }));
}
