import { ulid } from 'ulid';
import type { TargetSpec } from '../src/domain/catalogue.ts';
import type { RunRequest } from '../src/domain/event.ts';
import type { ProposalId, RunId } from '../src/domain/ids.ts';
import type { Level } from '../src/domain/level.ts';
import { rootPost } from '../src/domain/post.ts';
import { Refusal, reason } from '../src/domain/reason.ts';
import type { NewRun } from '../src/ports/run-store.ts';
import { ring } from './change.ts';
import type { DoorDeps } from './deps.ts';
import type { Visit } from './visit.ts';

/** What a person wants of a target; everything left null is the plan's to choose. */
export interface Order {
  readonly target: TargetSpec;
  readonly level: Level | null;
  readonly strategy: string | null;
  /** A release key. */
  readonly release: string | null;
  readonly scenario: string;
  readonly reason: string;
  readonly observe: boolean;
  readonly detectedAt: number | null;
  readonly suspectRelease: string | null;
  readonly episode: string | null;
  readonly proposal: ProposalId | null;
  readonly undoOf: RunId | null;
  /** Of that run only what it left suspended. */
  readonly onlyHeld?: true;
}

/** An order with nothing but what every request names. */
export function plainOrder(target: TargetSpec, why: string): Order {
  return {
    target,
    level: null,
    strategy: null,
    release: null,
    scenario: 'other',
    reason: why,
    observe: false,
    detectedAt: null,
    suspectRelease: null,
    episode: null,
    proposal: null,
    undoOf: null,
  };
}

/** Makes a run's id. */
export function newRunId(deps: Pick<DoorDeps, 'clock'>): RunId {
  return ulid(deps.clock.now()) as RunId;
}

/** Writes an order as a request in a person's name. */
export function requestOf(visit: Visit, order: Order): RunRequest {
  const { target, observe, ...wanted } = order;
  return {
    ...wanted,
    target: target.target,
    by: visit.actor,
    mode: observe ? 'observe' : target.mode,
    channel: target.channel,
    locale: target.locale,
    catalogue: visit.catalogue.hash,
    floor: 1,
    causedBy: order.undoOf,
    runsOn: target.runsOn,
  };
}

/** A run that now is: created by this act (or by the same act before), or the one that holds the target already. */
export interface Started {
  readonly kind: 'created' | 'busy';
  readonly id: RunId;
}

/** Creates a run for one act of a person, once however often the act arrives and never after they were due an answer. */
export async function createRun(
  deps: DoorDeps,
  visit: Visit,
  request: RunRequest,
  replaces?: (next: RunId) => NonNullable<NewRun['replaces']>,
): Promise<Started> {
  const id = newRunId(deps);
  const posts = [rootPost(id, 'urgent')];
  const idempotencyKey = actKey(visit);
  const run = { id, request, idempotencyKey, notAfter: visit.answerBy, posts };
  return await createFor(deps, replaces ? { ...run, replaces: replaces(id) } : run);
}

/** Creates a run as it is written, and rings for it. */
export async function createFor(deps: DoorDeps, run: NewRun): Promise<Started> {
  const result = await deps.runs.create(run);
  switch (result.kind) {
    case 'created':
      await ring(deps, { id: result.id, version: 1, request: run.request });
      return { kind: 'created', id: result.id };
    case 'duplicate':
      return { kind: 'created', id: result.id };
    case 'busy':
      return { kind: 'busy', id: result.id };
    default:
      throw new Refusal(reason(result.kind === 'late' ? 'not-confirmed' : 'stale-card'));
  }
}

function actKey(visit: Visit): string {
  return `${visit.visitor.via}:${visit.requestId}`;
}
