import type { RunEvent } from './event.ts';
import type { Actor } from './person.ts';
import type { Reason } from './reason.ts';
import type { Run } from './run.ts';

/** How long each part of a run took, in ms; null where it did not happen or was not seen. */
export interface PhaseTimes {
  /** From the beginning of the trouble to the request. */
  readonly detectMs: number | null;
  /** From the request to the approval. */
  readonly decideMs: number | null;
  /** From the approval to the last operation. */
  readonly executeMs: number | null;
  /** From the last operation to the verdict. */
  readonly verifyMs: number | null;
  /** From the beginning of the trouble (or else the request) to the end. */
  readonly totalMs: number | null;
}

/** The moments a record's head names, in the order they usually come (inventory 321). */
export const recordSteps = [
  'live',
  'detected',
  'asked',
  'approved',
  'started',
  'executed',
  'stopped',
  'verified',
  'ended',
] as const;

/** One named moment of a run. */
export interface RecordStep {
  readonly at: number;
  readonly what: (typeof recordSteps)[number];
  /** Who did it, by name; null where nobody did. */
  readonly who: string | null;
}

/** The parts of a record that only people know. */
export const recordParts = ['scope', 'duration', 'users', 'data', 'root-cause', 'improvements', 'lessons'] as const;

/** A part of a record that only people know. */
export type RecordPart = (typeof recordParts)[number];

/** What a run's record is written from (inventory 314, 320-325); everything in it comes from the run's log. */
export interface RecordData {
  readonly run: Run;
  /** The whole log, oldest first. */
  readonly events: readonly RunEvent[];
  readonly steps: readonly RecordStep[];
  /** Whether a person or a part of the system asked for it. */
  readonly trigger: 'automatic' | 'manual';
  /** Who answers for it: the requester. */
  readonly responsible: Actor;
  readonly times: PhaseTimes;
  /** Ms from the beginning of the trouble to a verified end; null where either is not known. */
  readonly impactMs: number | null;
  /** Clicks that did not count, for the audit. */
  readonly refused: readonly { readonly at: number; readonly by: Actor; readonly reason: Reason }[];
  /** What is not known, named in the record's head and under its headings. */
  readonly missing: readonly RecordPart[];
}
