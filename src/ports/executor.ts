import type { ZodType } from 'zod';
import type { RunId, TargetId } from '../domain/ids.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Note } from '../domain/note.ts';
import type { OperationDraft, StepPlan } from '../domain/plan.ts';
import type { Reason } from '../domain/reason.ts';
import type { Release } from '../domain/release.ts';

/** What every call of an executor or check gets: whose turn it is, how long it may take. */
export interface StepContext {
  readonly run: RunId;
  readonly target: TargetId;
  /** Aborted on time-out, cancel, lost lease and shutdown; every wait honours it. */
  readonly signal: AbortSignal;
}

/** What a step is planned for. */
export interface PlanContext extends StepContext {
  /** In `observe` the plan is only shown: what cannot be tried for lack of a right to write is told, and hinders nothing. */
  readonly mode?: 'observe' | 'act';
  /** What is live, as far as known. */
  readonly from: Release | null;
  /** The release to go back to; null where the runbook changes none. */
  readonly to: Release | null;
}

/** What an operation is applied with. */
export interface ApplyContext extends StepContext {
  /** Grows with every takeover of the target; a stale writer's is lower. */
  readonly fence: number;
  /** The same for every attempt of one operation of one run, `<run>/<phase>/<index>`. */
  readonly idempotencyKey: string;
  /**
   * From when its time counts, where that is later than its own write: epoch ms at which a person had it looked at again, or `now` where its
   * effect was found in place, written by whoever and whenever. What went wrong before says nothing then.
   */
  readonly countsFrom?: number | 'now';
  /** Tells people how far it is; coalesced, may be dropped. */
  progress(note: Note): void;
  /** Journals a child process before it does any work, so that a takeover can end it; await it. */
  child(process: { readonly pid: number; readonly startTime: string }): Promise<void>;
}

/** What is there now, seen against one operation. */
export interface Observation {
  /** `unknown` is never guessed away: the engine stops and asks, unless the operation is idempotent. */
  readonly state: 'applied' | 'not-applied' | 'in-progress' | 'unknown';
  /** Hash of what the operation writes as it is now; equals the draft's `fingerprint` while the world has not moved. */
  readonly fingerprint: string;
  readonly note: Note;
}

/** How an applied operation came to rest. */
export type Settlement =
  | { readonly state: 'settled'; readonly note: Note; readonly served: boolean }
  | { readonly state: 'failed'; readonly reason: Reason; readonly served: boolean };

/**
 * One kind of step. `observe` and `plan` only read. `apply` starts the effect, is idempotent under its preconditions and time-limited by the
 * signal; `settle` waits until the effect is there or provably failed. Refusals are thrown as `Refusal` with a reason for people, a target that
 * gave no answer as `Unanswered`: it is asked again, and an apply is tried anew where nothing of it is seen.
 * The state before is put back by applying the operation's inverse through the same calls.
 */
export interface Executor {
  readonly kind: string;
  plan(context: PlanContext, input: JsonObject): Promise<StepPlan>;
  observe(context: StepContext, operation: OperationLike): Promise<Observation>;
  apply(context: ApplyContext, operation: OperationLike): Promise<void>;
  settle(context: ApplyContext, operation: OperationLike): Promise<Settlement>;
  /** Makes the target refuse writers with a lower fence; absent where preconditions do that or nothing can. */
  raiseFence?(context: ApplyContext, operation: OperationLike): Promise<void>;
  /** What a person would look at next: how the operation's object and its pods or processes stand, and the last lines that they logged, in plain text with secrets hidden. Only reads. */
  describe?(context: StepContext, operation: OperationLike): Promise<string>;
  /** The same as a command for a person at a terminal, for the needs-operator card; argv joined for reading only. */
  byHand?(operation: OperationLike): readonly string[];
}

/** The part of an operation an executor acts on: forward operations and inverses alike. */
export type OperationLike = Pick<OperationDraft, 'object' | 'body' | 'preview' | 'idempotent'>;

/** One row of the executor table: what the catalogue can name, and how to load the code that does it. */
export interface ExecutorEntry<Deps> {
  readonly kind: string;
  /** Validates and documents the step's input in the catalogue; vendor-free, so that `check` loads no vendor. */
  readonly input: ZodType<JsonObject>;
  /** One line for `backout schema` and the docs. */
  readonly summary: string;
  /** Whether a stale writer is refused by the target (resume within 1 s) or must be waited out (lease + 1 s). */
  readonly fenced: boolean;
  /** Whether its steps act on one host, so that the target needs `runsOn`. */
  readonly hostLocal: boolean;
  /** Whether it takes the target to a release (the plan then needs one); some kinds do only with some inputs. */
  readonly needsRelease: boolean | ((input: JsonObject) => boolean);
  /** What a step with this input changes from the state it is planned on, in words of its tool: no other step of its runbook may claim the same. */
  readonly claims?: (input: JsonObject) => readonly string[];
  load(deps: Deps): Promise<Executor>;
}

/** A row of the executor table with its dependencies bound: what the engine sees. */
export type BoundExecutor = Omit<ExecutorEntry<never>, 'load'> & { load(): Promise<Executor> };
