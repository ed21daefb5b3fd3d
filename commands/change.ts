import { withEvents } from '../src/domain/fold.ts';
import type { RunId } from '../src/domain/ids.ts';
import { Refusal, reason } from '../src/domain/reason.ts';
import type { Run, RunWithLog } from '../src/domain/run.ts';
import type { Change } from '../src/ports/run-store.ts';
import type { DoorDeps } from './deps.ts';
import type { Visit } from './visit.ts';

/** What a person's act means for the run as it is now: a change with what to answer then, or only an answer. */
export type Decision<Answer> = { readonly change: Change; readonly answer: Answer } | { readonly only: Answer };

/** What became of an act, with the run as it was when it was decided and as it is after it. */
export interface Changed<Answer> {
  readonly answer: Answer;
  readonly before: RunWithLog;
  readonly after: RunWithLog;
}

/** How often a decision is made anew when the run moved in between. */
const tries = 8;

/**
 * Changes a run for a person: reads, decides, changes under the version that was read; decides again where somebody was faster. Rings.
 * Nothing is changed after the person was due an answer.
 */
export async function changeRun<Answer>(
  deps: DoorDeps,
  visit: Visit,
  id: RunId,
  decide: (found: RunWithLog) => Promise<Decision<Answer>> | Decision<Answer>,
): Promise<Changed<Answer>> {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const found = await (attempt === 0 ? namedRun(deps, visit, id) : readRun(deps, id));
    const decision = await decide(found);
    if ('only' in decision) return { answer: decision.only, before: found, after: found };
    const notAfter = Math.min(decision.change.notAfter ?? visit.answerBy, visit.answerBy);
    const result = await deps.runs.change(id, { version: found.run.version }, { ...decision.change, notAfter });
    if (result.ok) {
      const after = withEvents(found, decision.change.events, result.at);
      await ring(deps, after.run, after);
      return { answer: decision.answer, before: found, after };
    }
    if (result.why === 'late') throw new Refusal(lateReason(decision.change, await deps.runs.now()));
    if (result.why === 'missing') throw new Refusal(reason('unknown-run', { name: id }));
  }
  throw new Refusal(reason('not-confirmed'));
}

/** Reads a run that somebody named; refused where it is none. */
export async function readRun(deps: Pick<DoorDeps, 'runs'>, id: RunId): Promise<RunWithLog> {
  const found = await deps.runs.read(id);
  if (!found) throw new Refusal(reason('unknown-run', { name: id }));
  return found;
}

/** The run that an act names: as it stood when its button was pressed, or read now. */
export async function namedRun(deps: DoorDeps, { seen }: Visit, id: RunId): Promise<RunWithLog> {
  return seen?.run.id === id ? seen : await readRun(deps, id);
}

/** Rings for a run that was just changed; a ring that is lost is made up for by the reconciler, so it fails nothing. */
export async function ring(
  deps: DoorDeps,
  { id, version, request }: Pick<Run, 'id' | 'version' | 'request'>,
  known?: RunWithLog,
): Promise<void> {
  await deps.doorbell.ring(id, String(version), request.runsOn, known).catch(() => undefined);
  deps.doorbell.ringRelay();
}

function lateReason(change: Change, now: number) {
  return change.notAfter !== undefined && now > change.notAfter ? reason('approval-expired') : reason('not-confirmed');
}
