import type { Note } from './note.ts';

/** How a check came out; `unknown` never passes (promise 6), `waiting` means ask again. */
export type CheckStatus = 'passed' | 'failed' | 'waiting' | 'unknown';

/** One answer of a check. */
export interface CheckOutcome {
  readonly status: CheckStatus;
  readonly note: Note;
}

/** One check's last word within a run. */
export interface CheckResult extends CheckOutcome {
  readonly id: string;
  readonly title: string;
  readonly kind: string;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** The verdict over all checks: passed only where every one passed. */
export interface Verdict {
  readonly passed: boolean;
  readonly at: number;
  readonly results: readonly CheckResult[];
}
