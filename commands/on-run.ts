import { boxesOf } from '../src/domain/check.ts';
import { shortRunId } from '../src/domain/ids.ts';
import { Refusal, reason } from '../src/domain/reason.ts';
import type { Reply } from '../src/ports/inbound.ts';
import { decided, started, voted } from '../templates/index.ts';
import { declined, did, shown, shownBusy } from './answers.ts';
import { type Ballot, vote } from './approve.ts';
import { readRun } from './change.ts';
import type { DoorDeps } from './deps.ts';
import { findRun, reasonOf } from './find.ts';
import { showRelease } from './on-target.ts';
import type { Ask } from './parse/reading.ts';
import { type Decision, resolveRun } from './resolve.ts';
import { stopRun } from './stop.ts';
import { type Tick, tickCheck } from './ticks.ts';
import { undoRun } from './undo.ts';
import type { Visit } from './visit.ts';

/** `show RUN`, or `show SERVICE [in ENV] RELEASE`. */
export async function show(deps: DoorDeps, visit: Visit, ask: Ask): Promise<Reply> {
  if (ask.service) return await showRelease(deps, visit, ask);
  if (ask.release !== null) throw new Refusal(reason('bad-argument', { token: ask.release }));
  return await shown(deps, visit, await readRun(deps, await findRun(deps, visit, ask.run)));
}

/** `approve RUN`. */
export async function approve(deps: DoorDeps, visit: Visit, ask: Ask): Promise<Reply> {
  const run = await findRun(deps, visit, ask.run);
  return await castVote(deps, visit, { run, decision: 'approve', reason: ask.reason, drawn: null });
}

/** `reject RUN because …`. */
export async function reject(deps: DoorDeps, visit: Visit, ask: Ask): Promise<Reply> {
  const run = await findRun(deps, visit, ask.run);
  return await castVote(deps, visit, { run, decision: 'reject', reason: reasonOf(ask), drawn: null });
}

/** Casts a vote and says what became of it. */
export async function castVote(deps: DoorDeps, visit: Visit, ballot: Ballot): Promise<Reply> {
  const cast = await vote(deps, visit, ballot);
  if (cast.kind === 'refused') return declined(visit.locale, { reason: cast.reason });
  const { run } = cast.run;
  const now = visit.cameAt;
  const data = { run: run.id, status: run.status };
  if (cast.kind === 'decided') {
    const screen = decided(visit.locale, { run, catalogue: visit.catalogue, now });
    return { kind: 'say', screen, to: 'person', outcome: 'refused', run: run.id, data };
  }
  const screen = voted(visit.locale, { run, decision: ballot.decision, decided: cast.decided, now });
  return { kind: 'say', screen, to: 'person', run: run.id, data };
}

/** `cancel RUN`: a run that touched nothing ends, one that acts is asked to stop; otherwise its state says why there is nothing to stop. */
export async function cancel(deps: DoorDeps, visit: Visit, ask: Ask): Promise<Reply> {
  const id = await findRun(deps, visit, ask.run);
  return await stopAndSay(deps, visit, id, ask.reason);
}

/** Stops a run and says what became of it. */
export async function stopAndSay(deps: DoorDeps, visit: Visit, id: Ballot['run'], why: string | null): Promise<Reply> {
  const { stopped } = await stopRun(deps, visit, id, why);
  if (stopped === 'nothing-to-stop') {
    const reply = await shown(deps, visit, await readRun(deps, id));
    return reply.kind === 'say' ? { ...reply, outcome: 'refused' } : reply;
  }
  return did(visit, stopped, {}, id);
}

/** `tick RUN N yes|no`: answers a box by the number that `show RUN` gives it, or by the id of its check. */
export async function tick(deps: DoorDeps, visit: Visit, ask: Ask): Promise<Reply> {
  const id = await findRun(deps, visit, ask.run);
  const { run } = await readRun(deps, id);
  const boxes = boxesOf(run.plan?.checks ?? []);
  const typed = ask.box ?? '';
  const box = boxes.find(({ number }) => String(number) === typed) ?? boxes.find(({ spec }) => spec.id === typed);
  if (!box) {
    const expected = boxes.map(({ number }) => String(number));
    throw new Refusal(reason('bad-argument', expected.length > 0 ? { token: typed, expected } : { token: typed }));
  }
  return await tickAndSay(deps, visit, { run: id, index: box.index, passed: ask.answer === 'yes' });
}

/** Notes an answer to a box and says so. */
export async function tickAndSay(deps: DoorDeps, visit: Visit, answer: Tick): Promise<Reply> {
  const check = await tickCheck(deps, visit, answer);
  const { run, passed } = answer;
  return did(visit, 'ticked', { check, passed: passed ? 'yes' : 'no', run: shortRunId(run) }, run);
}

/** `resolve RUN [DECISION] because …`: without a decision it shows the run and what can be decided. */
export async function resolve(deps: DoorDeps, visit: Visit, ask: Ask): Promise<Reply> {
  const id = await findRun(deps, visit, ask.run);
  if (ask.decision === null) return await shown(deps, visit, await readRun(deps, id));
  const why = ask.decision === 'continue' ? (ask.reason ?? '') : reasonOf(ask);
  return await resolveAndSay(deps, visit, { run: id, action: ask.decision, reason: why, drawn: null });
}

/** Applies an operator's decision and says so. */
export async function resolveAndSay(deps: DoorDeps, visit: Visit, decision: Decision): Promise<Reply> {
  const next = await resolveRun(deps, visit, decision);
  if (next === null) return did(visit, 'operator-decided', { action: decision.action }, decision.run);
  const { run } = await readRun(deps, next);
  const channel = visit.visitor.via === 'slack' ? run.request.channel : null;
  const screen = started(visit.locale, { run: next, target: run.request.target, channel });
  return { kind: 'say', screen, to: 'person', run: next, data: { run: next } };
}

/** `undo RUN because …`. */
export async function undo(deps: DoorDeps, visit: Visit, ask: Ask): Promise<Reply> {
  return await undoAndSay(deps, visit, await findRun(deps, visit, ask.run), reasonOf(ask));
}

/** Begins an undo and says so, with a warning where it brings a known-bad release back. */
export async function undoAndSay(deps: DoorDeps, visit: Visit, id: Ballot['run'], why: string): Promise<Reply> {
  const begun = await undoRun(deps, visit, id, why);
  const { target, channel } = begun.of.request;
  if (begun.kind === 'busy') return await shownBusy(deps, visit, begun.id, {});
  const place = visit.visitor.via === 'slack' ? channel : null;
  const data = { run: begun.id, target, channel: place, undoOf: begun.of.id, knownBad: begun.knownBad };
  return { kind: 'say', screen: started(visit.locale, data), to: 'person', run: begun.id, data };
}
