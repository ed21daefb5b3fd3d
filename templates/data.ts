import type { Proposal } from '../src/domain/alert.ts';
import type { Catalogue } from '../src/domain/catalogue.ts';
import type { RunId, TargetId } from '../src/domain/ids.ts';
import type { Level } from '../src/domain/level.ts';
import type { Note } from '../src/domain/note.ts';
import type { Reason } from '../src/domain/reason.ts';
import type { PhaseTimes } from '../src/domain/record.ts';
import type { Candidate, Freeze, Grade, Hold, Release } from '../src/domain/release.ts';
import type { Run } from '../src/domain/run.ts';
import type { RunStatus } from '../src/domain/status.ts';

/** A way on from a refusal: a button in Slack, a command on a terminal. `value` is the button's value, opaque here. */
export type NextStep = { readonly value: string; readonly command?: string } & (
  | { readonly kind: 'form' }
  | { readonly kind: 'choose-release'; readonly version: string }
  | { readonly kind: 'use-level'; readonly level: Level }
  | { readonly kind: 'open-run'; readonly run: RunId }
  | { readonly kind: 'notify' }
  | { readonly kind: 'replace' }
);

/** Topics `help` knows; the first is the overview. */
export const helpTopics = [
  'commands',
  'roll-back',
  'strategies',
  'approval',
  'operator',
  'releases',
  'freeze',
] as const;

/** A topic `help` knows. */
export type HelpTopic = (typeof helpTopics)[number];

/** `help`: which topic (null for the overview), and how a command begins at this door (`/rollback`, `backout`). */
export interface HelpData {
  readonly topic: HelpTopic | null;
  readonly command: string;
}

/** `status`: what is going on now. */
export interface StatusData {
  readonly service: string | null;
  /** Open runs, newest first. */
  readonly runs: readonly Run[];
  readonly proposals: readonly Proposal[];
  readonly holds: readonly Hold[];
  readonly freezes: readonly Freeze[];
  readonly now: number;
}

/** One run of `history`. */
export interface HistoryRow {
  readonly run: RunId;
  readonly target: TargetId;
  readonly from: string | null;
  readonly to: string | null;
  readonly status: RunStatus;
  /** Epoch ms of the request. */
  readonly at: number;
  readonly by: string;
  readonly times: PhaseTimes;
}

/** `history`: ended runs, newest first, and what they come to. */
export interface HistoryData {
  readonly service: string | null;
  readonly rows: readonly HistoryRow[];
  /** Over all runs asked about: how many, how many succeeded, mean time to recovery in ms. */
  readonly summary: { readonly runs: number; readonly succeeded: number; readonly mttrMs: number | null };
  readonly now: number;
}

/** `candidates`: what a target could go back to. */
export interface CandidatesData {
  readonly target: TargetId;
  readonly current: string | null;
  readonly candidates: readonly Candidate[];
  readonly next: readonly NextStep[];
  readonly now: number;
}

/** `show SERVICE RELEASE`: one release in full. */
export interface ReleaseData {
  readonly release: Release;
  readonly verdict: Candidate['verdict'];
  /** Null where it is no candidate at all. */
  readonly why: Note | null;
  readonly next: readonly NextStep[];
  readonly now: number;
}

/** A refusal: why, the names that come nearest to what was typed, and ways on. */
export interface RefusalData {
  readonly reason: Reason;
  readonly nearest?: readonly string[];
  readonly next?: readonly NextStep[];
}

/** A second request for a target: the first run, and ways on. */
export interface BusyData {
  readonly run: Run;
  readonly next: readonly NextStep[];
  readonly now: number;
}

/** A request taken. */
export interface StartedData {
  readonly run: RunId;
  readonly target: TargetId;
  /** Slack channel id its thread stands in; null on a terminal. */
  readonly channel: string | null;
  /** What it does where it is not an ordinary request. */
  readonly undoOf?: RunId | null;
  /** The run whose suspended tools are to go on, where a hold is to fall. */
  readonly resumes?: RunId | null;
  /** Version of a release known to be bad that this would bring back; null where it is none. */
  readonly knownBad?: string | null;
}

/** A vote that counts. */
export interface VotedData {
  readonly run: Run;
  readonly decision: 'approve' | 'reject';
  /** Whether the run is decided with it. */
  readonly decided: boolean;
  readonly now: number;
}

/** A click on what is decided already: who decided, what, and when. */
export interface DecidedData {
  readonly run: Run;
  readonly catalogue: Catalogue | null;
  readonly now: number;
}

/** What a command or click did, with the facts each sentence names. */
export const doneCodes = [
  'cancelled',
  'stop-asked',
  'operator-decided',
  'ticked',
  'dismissed',
  'will-notify',
  'logs-asked',
  'graded',
  'hold-set',
  'hold-released',
  'frozen',
  'unfrozen',
] as const;

/** What a command or click did. */
export type DoneCode = (typeof doneCodes)[number];

/** Facts of an answer: `run`, `target`, `release`, `grade`, `until` (written), `reason`, `action`, `check`, `passed` ('yes' | 'no'), `levels`. */
export type DoneFacts = Readonly<Record<string, string | number | readonly string[]>>;

/** One line of `doctor`, as the probes find it. */
export interface FindingData {
  readonly subject: string;
  /** `unknown`: it could not be looked at. */
  readonly state: 'ok' | 'warning' | 'broken' | 'unknown';
  readonly message: string;
  readonly remedy: string | null;
  /** What can be applied as it stands. */
  readonly manifest?: string;
}

/** One problem of a catalogue: where, what, and what was probably meant. */
export interface ProblemData {
  readonly line: number | null;
  readonly column: number | null;
  readonly path: string;
  readonly message: string;
  readonly suggestion: string | null;
}

/** A catalogue that was refused: every problem at once. */
export interface ProblemsData {
  readonly file: string;
  readonly problems: readonly ProblemData[];
  /** Whether the catalogue before stays in force (reload) or there is none (start). */
  readonly kept: boolean;
}

/** A catalogue that is in force now. */
export interface ReloadedData {
  readonly hash: string;
  readonly services: number;
  readonly targets: number;
  readonly changed: boolean;
}

/** What `gate` answers a pipeline. */
export interface GateData {
  readonly target: TargetId;
  readonly release: string;
  /** Null: it may be deployed. */
  readonly stop:
    | { readonly kind: 'hold'; readonly hold: Hold }
    | { readonly kind: 'freeze'; readonly freeze: Freeze }
    | { readonly kind: 'busy'; readonly run: RunId }
    | { readonly kind: 'bad'; readonly grade: Grade }
    | null;
  readonly now: number;
}

/** What the request form shows: what is known so far, and what can be chosen. */
export interface RequestFormData {
  /** The front door's own; also the value of the button that opens the form anew. */
  readonly metadata: string;
  readonly services: readonly string[];
  readonly service: string | null;
  /** Environments of the service, or all while none is chosen. */
  readonly environments: readonly string[];
  readonly environment: string | null;
  /** Levels that can be chosen. */
  readonly levels: readonly Level[];
  /** Null: suggest. */
  readonly level: Level | null;
  /** Newest first; none while no target is chosen. */
  readonly candidates: readonly Candidate[];
  /** Release key; null: suggest. */
  readonly release: string | null;
  readonly scenarios: readonly string[];
  readonly scenario: string | null;
  readonly reason: string | null;
  /** Why the form is shown, where a command was not complete. */
  readonly note: Reason | null;
  readonly now: number;
}

/** What a form that asks for a reason shows: the run, and the value of the button that opened it. */
export interface ReasonFormData {
  readonly run: Run;
  readonly metadata: string;
  /** Version of a release known to be bad that would come back; null or absent where there is none. */
  readonly knownBad?: string | null;
}
