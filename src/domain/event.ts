import type { ApprovalRule, Vote } from './approval.ts';
import type { Locale } from './catalogue.ts';
import type { CheckResult, Verdict } from './check.ts';
import type { RunId, TargetId } from './ids.ts';
import type { Level } from './level.ts';
import type { Note } from './note.ts';
import type { Actor } from './person.ts';
import type { Considered, Plan } from './plan.ts';
import type { Reason } from './reason.ts';
import type { RunStatus } from './status.ts';

/** What was asked for. */
export interface RunRequest {
  readonly target: TargetId;
  /** Null: suggest the mildest that suffices. */
  readonly level: Level | null;
  readonly strategy: string | null;
  /** A release key; null: the last good one. */
  readonly release: string | null;
  readonly scenario: string;
  readonly reason: string;
  readonly by: Actor;
  readonly mode: 'observe' | 'act';
  readonly channel: string;
  readonly locale: Locale;
  readonly catalogue: string;
  /** The lowest level to consider, set by *Next level*. */
  readonly floor: Level;
  /** Epoch ms at which the trouble began or was seen, where known. */
  readonly detectedAt: number | null;
  /** The release that was live when the trouble began, where known: candidates are older than it. */
  readonly suspectRelease: string | null;
  /** Fingerprint of the episode that started it, for `alert-cleared`. */
  readonly episode: string | null;
  readonly causedBy: RunId | null;
  readonly undoOf: RunId | null;
  /** Set where only what that run left suspended is to be undone, since its hold is to fall. */
  readonly onlyHeld?: true;
  readonly proposal: string | null;
  /** The worker host-local steps need; null for any. */
  readonly runsOn: string | null;
}

/** How the outcome of an operation came about. */
export type OutcomeHow = 'applied' | 'adopted' | 'noop' | 'by-operator';

/** What a person decided about a stopped run. */
export type OperatorAction = 'continue' | 'mark-done' | 'put-back' | 'close-partial' | 'next-level' | 'emergency';

/** The journal runs through a plan forwards and, to put back, through its inverses backwards. */
export type JournalPhase = 'apply' | 'revert';

/** What happened, before the store stamps it. Events that end in another status name it in `status`. */
export type RunEventBody =
  | { readonly kind: 'requested'; readonly request: RunRequest; readonly status: 'requested' }
  | {
      readonly kind: 'planned';
      readonly plan: Plan;
      readonly considered: readonly Considered[];
      readonly status: 'planned';
    }
  | {
      readonly kind: 'approval-asked';
      readonly rule: ApprovalRule;
      readonly withinMs: number;
      readonly planFingerprint: string;
      readonly status: 'awaiting-approval';
    }
  | { readonly kind: 'reminded' }
  | { readonly kind: 'voted'; readonly vote: Omit<Vote, 'at'> }
  | { readonly kind: 'vote-refused'; readonly by: Actor; readonly reason: Reason }
  | { readonly kind: 'approved'; readonly status: 'approved' }
  | {
      readonly kind: 'preflight-started';
      readonly worker: string;
      readonly fence: number;
      readonly status: 'preflight';
    }
  | { readonly kind: 'execution-started'; readonly status: 'executing' }
  | {
      readonly kind: 'operation-begun';
      readonly phase: JournalPhase;
      readonly index: number;
      readonly fence: number;
      readonly attempt: number;
      readonly worker: string;
    }
  | {
      readonly kind: 'operation-observed';
      readonly phase: JournalPhase;
      readonly index: number;
      readonly state: string;
      readonly note: Note;
    }
  | {
      readonly kind: 'operation-ended';
      readonly phase: JournalPhase;
      readonly index: number;
      readonly fence: number;
      readonly how: OutcomeHow;
      readonly note: Note;
      readonly served: boolean;
    }
  | {
      readonly kind: 'operation-failed';
      readonly phase: JournalPhase;
      readonly index: number;
      readonly fence: number;
      readonly reason: Reason;
      /** Whether any instance of the target release served: then nothing is put back by itself. */
      readonly served: boolean;
      /** Set where it is known that nothing was written: then there is nothing to put back. */
      readonly untouched?: true;
    }
  | { readonly kind: 'late-write'; readonly phase: JournalPhase; readonly index: number; readonly fence: number }
  /** Somebody wants to be told when the run is over. */
  | { readonly kind: 'watch-asked'; readonly by: Actor }
  /** Somebody wants to see how the plan's objects stand and what they logged. */
  | { readonly kind: 'logs-asked'; readonly by: Actor }
  /** It was looked up for the `logs-asked` of that number, and is kept under `logsName`; or why nothing could be had. */
  | { readonly kind: 'logs-kept'; readonly asked: number; readonly reason: Reason | null }
  | { readonly kind: 'stop-asked'; readonly by: Actor; readonly reason: string }
  | { readonly kind: 'failing'; readonly reason: Reason; readonly status: 'failing' }
  | { readonly kind: 'cancelling'; readonly status: 'cancelling' }
  | { readonly kind: 'compensation-started'; readonly status: 'compensating' }
  | { readonly kind: 'executed'; readonly status: 'verifying' }
  | { readonly kind: 'check-ended'; readonly result: CheckResult }
  | { readonly kind: 'check-ticked'; readonly check: string; readonly by: Actor; readonly passed: boolean }
  | {
      readonly kind: 'stopped';
      readonly reason: Reason;
      readonly now: readonly Note[];
      readonly byHand: readonly string[];
      readonly status: 'needs-operator';
    }
  | {
      readonly kind: 'operator-decided';
      readonly action: OperatorAction;
      readonly by: Actor;
      readonly reason: string;
      readonly status?: 'executing' | 'verifying' | 'compensating';
    }
  | {
      readonly kind: 'ended';
      readonly status: Extract<
        RunStatus,
        | 'succeeded'
        | 'compensated'
        | 'partial'
        | 'failed'
        | 'rejected'
        | 'expired'
        | 'cancelled'
        | 'superseded'
        | 'noop'
      >;
      readonly reason: Reason | null;
      readonly by: Actor;
      readonly verdict?: Verdict;
      /** The run that goes on in its place, where there is one. */
      readonly next?: RunId;
    }
  | { readonly kind: 'recorded'; readonly file: string }
  | { readonly kind: 'thread-moved'; readonly from: string; readonly to: string; readonly why: string };

/** One entry of a run's append-only log: the store adds the sequence number (= version after it, from 1) and the server's time in epoch ms. */
export type RunEvent = RunEventBody & { readonly version: number; readonly at: number };

/** The kinds of event, derived from the bodies. */
export type RunEventKind = RunEventBody['kind'];
