import { mayHaveActed } from '../domain/acted.ts';
import { type Catalogue, emergencyPlan, emergencyStrategy, type TargetSpec } from '../domain/catalogue.ts';
import type { OperatorAction, RunEventBody, RunRequest } from '../domain/event.ts';
import { type RunId, targetParts } from '../domain/ids.ts';
import { levels } from '../domain/level.ts';
import type { Actor } from '../domain/person.ts';
import { rootPost, stopPost, stopsIn } from '../domain/post.ts';
import { type Reason, reason } from '../domain/reason.ts';
import type { JournalEntry, RunWithLog, StoppedRun } from '../domain/run.ts';
import type { Change, NewRun } from '../ports/run-store.ts';

/** What a person decided about a stopped run. */
export interface OperatorChoice {
  readonly action: Exclude<OperatorAction, 'next-level' | 'emergency'>;
  readonly by: Actor;
  readonly reason: string;
}

/** What to write for a decision, or why it cannot be taken. */
export type Decided<T> =
  | { readonly kind: 'decided'; readonly change: T }
  | { readonly kind: 'refused'; readonly reason: Reason };

/** Works out what a person's decision about a stopped run changes; apply it with the run's version as the guard, then ring. */
export function decideOperator({ run, events: log }: RunWithLog, choice: OperatorChoice): Decided<Change> {
  if (run.status !== 'needs-operator') return { kind: 'refused', reason: reason('stale-card') };
  const { by, reason: why } = choice;
  const decided = (events: readonly RunEventBody[]): Decided<Change> => ({
    kind: 'decided',
    change: { events, clearTimers: ['stop-reminder'], posts: [rootPost(run.id), stopPost(run.id, stopsIn(log))] },
  });
  if (choice.action === 'close-partial')
    return decided([
      { kind: 'operator-decided', action: 'close-partial', by, reason: why },
      { kind: 'ended', status: 'partial', reason: run.stop.reason, by },
    ]);
  if (choice.action === 'put-back') {
    const stuck = irreversible(run);
    if (stuck) return { kind: 'refused', reason: stuck };
    return decided([{ kind: 'operator-decided', action: 'put-back', by, reason: why, status: 'compensating' }]);
  }
  if (choice.action === 'continue')
    return decided([{ kind: 'operator-decided', action: 'continue', by, reason: why, status: workLeft(run) }]);
  const open = openOperation(run);
  if (!open) return { kind: 'refused', reason: reason('stale-card') };
  const { phase, index } = open;
  const done: RunEventBody = {
    kind: 'operation-ended',
    phase,
    index,
    fence: run.fence,
    how: 'by-operator',
    note: { code: 'by-operator', facts: { by: by.name } },
    served: phase === 'apply',
  };
  const left = phase === 'revert' ? 'compensating' : unfinished(run, index) ? 'executing' : 'verifying';
  return decided([done, { kind: 'operator-decided', action: 'mark-done', by, reason: why, status: left }]);
}

/** The run that is to follow a stopped one; its catalogue is today's. */
interface Next {
  readonly id: RunId;
  readonly notAfter: number;
  readonly catalogue: Catalogue;
}

/**
 * Makes the run for the next level: it inherits the reservation, and the stopped one ends as `partial` in the same script.
 * Refused where today's catalogue has the target no more.
 */
export function decideNextLevel(found: RunWithLog, by: Actor, why: string, next: Next): Decided<NewRun> {
  const { run } = found;
  if (run.status !== 'needs-operator') return { kind: 'refused', reason: reason('stale-card') };
  const floor = levels.find(level => level > run.plan.level);
  if (!floor) return { kind: 'refused', reason: reason('unknown-level', { name: String(run.plan.level + 1) }) };
  const { release, scenario } = run.request;
  const aim = { floor, strategy: null, scenario, release };
  return decideLinked({ run, events: found.events }, { action: 'next-level', by, reason: why }, next, aim);
}

/** Makes the run of the emergency plan in the same way; refused where today's catalogue has none for the target. */
export function decideEmergency(found: RunWithLog, by: Actor, why: string, next: Next): Decided<NewRun> {
  const { run } = found;
  if (run.status !== 'needs-operator') return { kind: 'refused', reason: reason('stale-card') };
  const { target, scenario } = run.request;
  const plan = emergencyPlan(next.catalogue, target);
  if (!plan) return { kind: 'refused', reason: reason('no-emergency-plan', { target }) };
  // A plan that is for some scenarios only makes the run one of these, and is approved by their rule.
  const fits = plan.scenarios === null || plan.scenarios.includes(scenario);
  const aim = {
    floor: plan.level,
    strategy: emergencyStrategy,
    scenario: fits ? scenario : (plan.scenarios?.[0] ?? scenario),
    // What was named was for another way: kept, it would refuse a plan that takes no release.
    release: null,
  };
  return decideLinked({ run, events: found.events }, { action: 'emergency', by, reason: why }, next, aim);
}

function decideLinked(
  { run, events: log }: Pick<RunWithLog, 'events'> & { readonly run: StoppedRun },
  {
    action,
    by,
    reason: why,
  }: { readonly action: 'next-level' | 'emergency'; readonly by: Actor; readonly reason: string },
  next: Next,
  aim: Pick<RunRequest, 'floor' | 'strategy' | 'scenario' | 'release'>,
): Decided<NewRun> {
  const target = targetToday(run, next.catalogue);
  if (!target) return { kind: 'refused', reason: reason('unknown-service', { name: run.request.target }) };
  const wish = { ...aim, by, reason: why || run.request.reason, catalogue: next.catalogue.hash };
  const request = nextRequest(run, target, wish);
  return {
    kind: 'decided',
    change: {
      id: next.id,
      request,
      idempotencyKey: `${action}:${run.id}:${run.version}`,
      notAfter: next.notAfter,
      posts: [rootPost(next.id, 'urgent')],
      replaces: {
        run: run.id,
        guard: { version: run.version },
        events: [
          { kind: 'operator-decided', action, by, reason: why },
          { kind: 'ended', status: 'partial', reason: run.stop.reason, by, next: next.id },
        ],
        posts: [rootPost(run.id), stopPost(run.id, stopsIn(log))],
      },
    },
  };
}

function targetToday(run: StoppedRun, { services }: Catalogue): TargetSpec | null {
  const { service, environment } = targetParts(run.request.target);
  const own = Object.hasOwn(services, service) ? services[service]?.environments : undefined;
  return (own && Object.hasOwn(own, environment) ? own[environment] : undefined) ?? null;
}

function nextRequest(
  run: StoppedRun,
  { mode, channel, runsOn }: TargetSpec,
  next: Pick<RunRequest, 'floor' | 'strategy' | 'scenario' | 'release' | 'by' | 'reason' | 'catalogue'>,
): RunRequest {
  return {
    ...run.request,
    ...next,
    level: null,
    mode,
    channel,
    runsOn,
    causedBy: run.id,
    undoOf: null,
  };
}

/** The operation a person can declare done: the one that was begun last and has no outcome. */
function openOperation(run: StoppedRun): JournalEntry | null {
  const open = run.journal.filter(entry => entry.outcome === null);
  return open.findLast(entry => entry.phase === 'revert') ?? open.at(-1) ?? null;
}

/** Whether the run was putting things back when it stopped. */
function puttingBack(run: StoppedRun): boolean {
  return (run.since.compensating ?? 0) > Math.max(run.since.executing ?? 0, run.since.verifying ?? 0);
}

function workLeft(run: StoppedRun): 'executing' | 'verifying' | 'compensating' {
  if (puttingBack(run)) return 'compensating';
  return unfinished(run, null) ? 'executing' : 'verifying';
}

function unfinished(run: StoppedRun, besides: number | null): boolean {
  return run.plan.operations.some(
    ({ index }) =>
      index !== besides &&
      !run.journal.some(entry => entry.phase === 'apply' && entry.index === index && entry.outcome !== null),
  );
}

/** Why what was done cannot be put back; null where every operation that may have acted has an inverse. */
function irreversible(run: StoppedRun): Reason | null {
  const stuck = mayHaveActed(run).find(({ inverse }) => inverse === null);
  return stuck ? reason('cannot-revert', { object: stuck.object, step: stuck.index + 1 }) : null;
}
