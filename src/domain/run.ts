import type { ApprovalState } from './approval.ts';
import type { CheckResult, Verdict } from './check.ts';
import type { JournalPhase, OutcomeHow, RunEvent, RunRequest } from './event.ts';
import type { RunId } from './ids.ts';
import type { Note } from './note.ts';
import type { Considered, Plan } from './plan.ts';
import type { Reason } from './reason.ts';
import type { RunStatus } from './status.ts';

/** What the journal knows of one operation in one phase: begun without an outcome means that somebody has to look. */
export interface JournalEntry {
  readonly phase: JournalPhase;
  readonly index: number;
  readonly fence: number;
  readonly attempt: number;
  readonly beganAt: number;
  readonly outcome: {
    readonly how: OutcomeHow;
    readonly note: Note;
    readonly at: number;
    readonly served: boolean;
  } | null;
  readonly failure: {
    readonly reason: Reason;
    readonly at: number;
    readonly served: boolean;
    /** Whether it is known that nothing was written. */
    readonly untouched?: true;
  } | null;
}

/** What every run knows, whatever its status. */
export interface RunFacts {
  readonly id: RunId;
  /** Sequence number of its last event. */
  readonly version: number;
  readonly request: RunRequest;
  readonly considered: readonly Considered[];
  readonly journal: readonly JournalEntry[];
  readonly checks: readonly CheckResult[];
  readonly ticks: Readonly<Record<string, boolean>>;
  readonly stopAsked: boolean;
  /** Highest fence any worker drove it with. */
  readonly fence: number;
  readonly createdAt: number;
  /** When it entered each status last, epoch ms. */
  readonly since: Readonly<Partial<Record<RunStatus, number>>>;
  readonly updatedAt: number;
  readonly recorded: string | null;
}

/** A run before it has a plan. */
export type RequestedRun = RunFacts & { readonly status: 'requested'; readonly plan: null; readonly approval: null };
/** A run with a frozen plan that nobody was asked about yet. */
export type PlannedRun = RunFacts & { readonly status: 'planned'; readonly plan: Plan; readonly approval: null };
/** A run whose approvers are asked. */
export type AwaitingRun = RunFacts & {
  readonly status: 'awaiting-approval';
  readonly plan: Plan;
  readonly approval: ApprovalState;
};
/** A run that may act or has acted; approval is null where the rule needs no human. */
export type DrivenRun = RunFacts & {
  readonly status: 'approved' | 'preflight' | 'executing' | 'verifying' | 'failing' | 'cancelling' | 'compensating';
  readonly plan: Plan;
  readonly approval: ApprovalState | null;
  /** Why it is failing, where it is. */
  readonly trouble: Reason | null;
};
/** A run that waits for a person, with the exact state left. */
export type StoppedRun = RunFacts & {
  readonly status: 'needs-operator';
  readonly plan: Plan;
  readonly approval: ApprovalState | null;
  readonly stop: {
    readonly reason: Reason;
    readonly now: readonly Note[];
    readonly byHand: readonly string[];
    readonly at: number;
  };
};
/** A run that is over. */
export type EndedRun = RunFacts & {
  readonly status:
    | 'succeeded'
    | 'compensated'
    | 'partial'
    | 'failed'
    | 'rejected'
    | 'expired'
    | 'cancelled'
    | 'superseded'
    | 'noop';
  readonly plan: Plan | null;
  readonly approval: ApprovalState | null;
  readonly reason: Reason | null;
  readonly verdict: Verdict | null;
  readonly next: RunId | null;
  readonly endedAt: number;
};

/** A rollback run: the fold of its event log, a union by status. */
export type Run = RequestedRun | PlannedRun | AwaitingRun | DrivenRun | StoppedRun | EndedRun;

/** A run together with its log: what screens, record and timeline are drawn from. */
export interface RunWithLog {
  readonly run: Run;
  readonly events: readonly RunEvent[];
}
