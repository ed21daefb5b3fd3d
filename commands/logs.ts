import { type RunId, shortRunId } from '../src/domain/ids.ts';
import { Refusal, reason } from '../src/domain/reason.ts';
import type { Reply } from '../src/ports/inbound.ts';
import { did } from './answers.ts';
import { changeRun } from './change.ts';
import type { DoorDeps } from './deps.ts';
import { findRun } from './find.ts';
import { mustHaveWorker } from './order.ts';
import type { Ask } from './parse/reading.ts';
import type { Visit } from './visit.ts';

/** An answer that has not come after this, in ms, is not on its way any more. */
export const patienceMs = 90_000;

/** `logs RUN`: has a worker look up how the plan's objects stand and what they logged. */
export async function logs(deps: DoorDeps, visit: Visit, ask: Ask): Promise<Reply> {
  return await askForLogs(deps, visit, await findRun(deps, visit, ask.run));
}

/** Asks for the description and logs of a run's objects, unless somebody waits for them already, and says where they will be. */
export async function askForLogs(deps: DoorDeps, visit: Visit, id: RunId): Promise<Reply> {
  await changeRun(deps, visit, id, async ({ run, events }) => {
    await mustHaveWorker(deps, run.request);
    if (!run.plan) throw new Refusal(reason('nothing-to-describe', { run: shortRunId(run.id) }));
    const last = events.findLast(event => event.kind === 'logs-asked');
    const answered = events.some(event => event.kind === 'logs-kept' && event.asked === last?.version);
    if (last && !answered && visit.cameAt - last.at < patienceMs) return { only: null };
    return { change: { events: [{ kind: 'logs-asked', by: visit.actor }] }, answer: null };
  });
  return did(visit, 'logs-asked', {}, id);
}
