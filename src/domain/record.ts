import type { Vote } from './approval.ts';
import type { CheckResult } from './check.ts';
import type { JournalPhase, OutcomeHow } from './event.ts';
import type { RunId, TargetId } from './ids.ts';
import type { Level } from './level.ts';
import type { Note } from './note.ts';
import type { Actor } from './person.ts';
import type { Reason } from './reason.ts';
import type { ReleaseRef } from './release.ts';
import type { RunStatus } from './status.ts';

/** Parts of a record that only people can give (inventory 323-325); listed until somebody does. */
export const humanParts = ['impact', 'users', 'data-impact', 'root-cause', 'improvements', 'lessons'] as const;

/** A part of a record that is missing: one that people give, or a time that nobody knows. */
export type MissingPart = (typeof humanParts)[number] | 'detected';

/** One operation as the record tells it (inventory 321). */
export interface RecordStep {
  readonly phase: JournalPhase;
  readonly index: number;
  readonly object: string;
  readonly summary: Note;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly attempts: number;
  readonly how: OutcomeHow | 'failed' | 'open';
  readonly reason: Reason | null;
}

/** The moments of a run, epoch ms; null where one was not reached or is not known. */
export interface RecordTimes {
  /** When the release that was left went live. */
  readonly live: number | null;
  readonly detected: number | null;
  readonly requested: number;
  readonly asked: number | null;
  readonly decided: number | null;
  readonly started: number | null;
  readonly executed: number | null;
  readonly verified: number | null;
  readonly ended: number | null;
}

/** How long each part took, in ms; null where it was not gone through. */
export interface RecordDurations {
  readonly detect: number | null;
  readonly decide: number | null;
  readonly execute: number | null;
  readonly verify: number | null;
  readonly total: number | null;
}

/** Everything the record of a run tells (inventory 314, 320-325), drawn from its log alone. */
export interface RecordData {
  readonly run: RunId;
  readonly target: TargetId;
  readonly status: RunStatus;
  readonly endReason: Reason | null;
  /** Automatic where no person asked for it. */
  readonly trigger: 'automatic' | 'manual';
  readonly scenario: string;
  readonly reason: string;
  readonly requestedBy: Actor;
  readonly endedBy: Actor | null;
  readonly votes: readonly Vote[];
  readonly level: Level | null;
  readonly strategy: string | null;
  readonly runbook: string | null;
  readonly from: ReleaseRef | null;
  readonly to: ReleaseRef | null;
  readonly times: RecordTimes;
  readonly durations: RecordDurations;
  /** The time allowed for recovery in ms, and whether it was kept; null where it cannot be said. */
  readonly rtoMs: number | null;
  readonly rtoKept: boolean | null;
  readonly steps: readonly RecordStep[];
  readonly checks: readonly CheckResult[];
  readonly verdict: 'passed' | 'failed' | null;
  /** Where the run last stopped for a person: what was running then. */
  readonly left: readonly Note[];
  readonly notRolledBack: readonly Note[];
  readonly notChecked: readonly Note[];
  readonly warnings: readonly Note[];
  readonly missing: readonly MissingPart[];
}
