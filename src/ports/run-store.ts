import type { RunEvent, RunEventBody, RunRequest } from '../domain/event.ts';
import type { RunId, TargetId } from '../domain/ids.ts';
import type { Note } from '../domain/note.ts';
import type { Span } from '../domain/plan.ts';
import type { Post } from '../domain/post.ts';
import type { Run, RunWithLog } from '../domain/run.ts';
import type { RunStatus } from '../domain/status.ts';

/** A named moment of a run at which somebody has to look: the due-set is the truth, server time. */
export const timerNames = ['remind', 'expire', 'stop-reminder', 'held-reminder'] as const;

/** A timer's name. */
export type TimerName = (typeof timerNames)[number];

/** Who may change a run: the one who saw this version, or the one who drives it with this fence. */
export type Guard = { readonly version: number } | { readonly fence: number };

/** One atomic change: events, and with them indexes, timers, the job to ring and the messages to post. */
export interface Change {
  readonly events: readonly RunEventBody[];
  /** Delay in ms from the server's now. */
  readonly setTimers?: Readonly<Partial<Record<TimerName, number>>>;
  readonly clearTimers?: readonly TimerName[];
  readonly posts?: readonly Post[];
  /** Refused as `late` when the server's time is past this epoch ms: a click after the deadline loses even if the timer has not fired. */
  readonly notAfter?: number;
  /** The run's first operation, which begins in the same script as its execution; `illegal` where it began before or is another. */
  readonly begins?: Beginning;
}

/** An operation that is to begin. */
export type Beginning = Pick<Extract<RunEvent, { kind: 'operation-begun' }>, 'phase' | 'index' | 'fence' | 'worker'> & {
  /** The operations that may run beside it; it runs alone unless given. */
  readonly beside?: Span;
};

/** What became of a change. `conflict`: the version moved (read again, decide again); `fenced`: another worker drives now. */
export type ChangeResult =
  | { readonly ok: true; readonly version: number; readonly at: number }
  | { readonly ok: false; readonly why: 'conflict' | 'fenced' | 'late' | 'illegal' | 'missing' };

/** A run to create. */
export interface NewRun {
  readonly id: RunId;
  readonly request: RunRequest;
  /** The same key gives the same run (double click, redelivery); remembered 24 h. */
  readonly idempotencyKey: string;
  /** Epoch ms after which nothing may be created: a resent command must not surprise anybody. */
  readonly notAfter: number;
  readonly posts: readonly Post[];
  /** An open run of the target that ends in the same script and hands its reservation over. */
  readonly replaces?: {
    readonly run: RunId;
    readonly guard: Guard;
    readonly events: readonly RunEventBody[];
    readonly posts: readonly Post[];
  };
}

/** What became of a request: one open run for a target, so a second one is shown the first. */
export type CreateResult =
  | { readonly kind: 'created'; readonly id: RunId; readonly at: number }
  | { readonly kind: 'duplicate'; readonly id: RunId }
  | { readonly kind: 'busy'; readonly id: RunId }
  | { readonly kind: 'late' }
  | { readonly kind: 'conflict' };

/** What one pass of the reconciler found to do. */
export interface Tick {
  readonly now: number;
  /** Timers that are over; each is handed out again after 10 s until a change clears it. */
  readonly due: readonly { readonly run: RunId; readonly timer: TimerName; readonly at: number }[];
  /** Runnable runs without a live lease or a fresh ring: ring them again (`fence` for the job id). */
  readonly unrung: readonly { readonly run: RunId; readonly fence: number; readonly runsOn: string | null }[];
  /** Threads with posts that are ready to go. */
  readonly readyThreads: number;
}

/** How a worker's claim on a target came out. */
export type AcquireResult =
  | { readonly ok: true; readonly fence: number; readonly previous: LeaseHolder | null }
  | { readonly ok: false; readonly holder: LeaseHolder };

/** Who holds or held the target. */
export interface LeaseHolder {
  readonly run: RunId;
  readonly worker: string;
  readonly fence: number;
  /** Epoch ms at which the lease is over. */
  readonly until: number;
  /** Whether its Redis connection is known to be gone. */
  readonly gone: boolean;
  /** Child processes it journalled and did not end. */
  readonly children: readonly { readonly pid: number; readonly startTime: string; readonly host: string }[];
}

/** Which runs to list. */
export interface RunQuery {
  readonly open?: boolean;
  readonly target?: TargetId;
  readonly service?: string;
  readonly status?: RunStatus;
  /** Newest first, at most so many. */
  readonly limit: number;
}

/** The runs: append-only logs in Redis, changed only by scripts that check version or fence, legal transition and the server's clock. */
export interface RunStore {
  create(run: NewRun): Promise<CreateResult>;
  read(id: RunId): Promise<RunWithLog | null>;
  list(query: RunQuery): Promise<readonly Run[]>;
  /** Open run of a target. */
  openRun(target: TargetId): Promise<RunId | null>;
  /** Runs whose short id ends so (`4K7Q`, any case). */
  find(suffix: string): Promise<readonly RunId[]>;
  change(id: RunId, guard: Guard, change: Change): Promise<ChangeResult>;

  /**
   * Takes the target for a run: free, over, or its holder gone. `waitOut`: an un-fenceable holder must be past its lease + 1 s. An approved run
   * is in preflight with it.
   */
  acquire(target: TargetId, run: RunId, worker: string, leaseMs: number, waitOut: boolean): Promise<AcquireResult>;
  /** Renews the lease; false where it was lost. */
  renew(target: TargetId, fence: number, leaseMs: number): Promise<boolean>;
  release(target: TargetId, fence: number): Promise<void>;

  /**
   * Journals that an operation begins: `fresh`, `resume` (begun before without an outcome), `done`, `fenced`, `order`, or `halted`: nothing new
   * begins beside one that failed, or once a stop was asked.
   */
  begin(id: RunId, entry: Beginning): Promise<'fresh' | 'resume' | 'done' | 'fenced' | 'order' | 'halted'>;
  /** Journals an operation's outcome or failure, with further events and posts in the same script; a second outcome changes nothing. */
  outcome(
    id: RunId,
    event: Extract<RunEventBody, { kind: 'operation-ended' | 'operation-failed' }>,
    change?: Omit<Change, 'notAfter'>,
  ): Promise<'ok' | 'done' | 'fenced' | 'missing'>;
  /** Journals a child process of the holder. */
  child(target: TargetId, fence: number, child: LeaseHolder['children'][number]): Promise<boolean>;

  /** How far a running operation is: kept beside the log, shown in the root message, coalesced. */
  progress(id: RunId, fence: number, note: Note): Promise<void>;
  readProgress(id: RunId): Promise<Note | null>;

  /** One pass over due timers, dead leases and unrung work. */
  tick(): Promise<Tick>;
  /** Marks runs as rung just now. */
  rung(ids: readonly RunId[]): Promise<void>;
  /** Announces this process as a worker of a name for `ttlMs`. */
  announce(worker: string, ttlMs: number): Promise<void>;
  /** Names of the workers that live. */
  workers(): Promise<readonly string[]>;
  /** The server's time, epoch ms. */
  now(): Promise<number>;
}
