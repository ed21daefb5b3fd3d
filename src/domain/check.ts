import type { CheckSpec } from './catalogue.ts';
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

/** A check that a person answers: its number among the boxes, from 1, and its place in the plan. */
export interface Box {
  readonly number: number;
  readonly index: number;
  readonly spec: CheckSpec;
}

/** The boxes of a plan; their numbers stay as boxes are answered, so that two people mean the same one. */
export function boxesOf(checks: readonly CheckSpec[]): readonly Box[] {
  return checks
    .map((spec, index) => ({ spec, index }))
    .filter(({ spec }) => spec.kind === 'manual')
    .map((box, at) => ({ ...box, number: at + 1 }));
}
