import type { TargetId } from './ids.ts';
import type { Note } from './note.ts';

/** How good a release is known to be, best first. */
export const grades = ['verified', 'soaked', 'inferred', 'unproven', 'suspect', 'bad'] as const;

/** How good a release is known to be. */
export type Grade = (typeof grades)[number];

/** What ran, never what it was called: digests, hashes, commits by name; tags and versions are labels only. */
export type Identity = Readonly<Record<string, string>>;

/** One stretch of time in which a release was seen live at its target, in epoch ms; `until` null while it lasts. */
export interface LiveSpan {
  readonly from: number;
  readonly until: number | null;
  /** Observed ms within the span in which it was the only version and fully available; blind time does not count. */
  readonly soakedMs: number;
}

/** A release of a target: what ran, when, and its grade. */
export interface Release {
  readonly target: TargetId;
  /** Hash of the identity: the release's key. */
  readonly key: string;
  /** What people call it, e.g. `2.13.2`; a label, shown and searched, never compared. */
  readonly version: string;
  readonly identity: Identity;
  readonly spans: readonly LiveSpan[];
  readonly deployment: {
    readonly status: DeploymentStatus;
    readonly by: string | null;
    readonly at: number;
    readonly url: string | null;
  } | null;
  readonly grade: Grade;
  readonly gradeNote: Note;
  readonly gradedAt: number;
  /** Set where a named person graded by hand; only a named person clears `bad`. */
  readonly gradedBy: string | null;
  readonly firstSeen: number;
  /** As the latest look at the target showed it; null where that showed it no more, absent where nobody has looked since. */
  readonly seen?: SeenParts | null;
}

/** What a target shows of a release besides what it is. */
export interface SeenParts {
  /** Null where all its parts are there; else what is missing. */
  readonly missing: Note | null;
  /** What the target itself calls it, for people, e.g. a revision's number, its name, a change cause; these may move. */
  readonly shown: Readonly<Record<string, string>>;
}

/** How a deployment ended, as its sender says. */
export type DeploymentStatus = 'started' | 'succeeded' | 'failed' | 'aborted' | 'rolled_back';

/** A deployment that a pipeline told of. */
export interface ToldDeployment {
  readonly service: string;
  readonly environment: string;
  readonly status: DeploymentStatus;
  readonly version: string;
  readonly identity: Identity;
  /** Made of what was deployed, so that the same release has the same key; it begins with `deployment:`. */
  readonly key: string;
  readonly by: string | null;
  /** Epoch ms. */
  readonly at: number;
  readonly url: string | null;
}

/** A release as a run names it. */
export interface ReleaseRef {
  readonly key: string;
  readonly version: string;
  readonly identity: Identity;
  readonly grade: Grade;
}

/** A release as a target shows it now or in its own history. */
export interface ObservedRelease {
  readonly key: string;
  readonly version: string;
  readonly identity: Identity;
  /** Epoch ms at which the target made it, where it says so. */
  readonly createdAt: number | null;
  /** Null where all its parts are still there; else what is missing, so that it cannot be taken. */
  readonly missing: Note | null;
  /** What the target itself calls it, for people. */
  readonly shown?: SeenParts['shown'];
}

/** What a target shows: what runs now (null where that cannot be told) and what it could go back to, newest first. */
export interface ObservedReleases {
  readonly current: ObservedRelease | null;
  /** Whether `current` is the only version running, fully available. */
  readonly settled: boolean;
  /** How often its instances were restarted in all, where the target counts that. */
  readonly restarts?: number | null;
  /** Why it is failing, e.g. crash-looping or past its deadline; null or absent where it is not seen to. */
  readonly failing?: Note | null;
  readonly history: readonly ObservedRelease[];
}

/** All that is remembered of a target's releases: what grades are worked out from. */
export interface ReleaseBook {
  readonly releases: readonly Release[];
  /** When the first fact came in, epoch ms: what is older was seen only from outside. */
  readonly since: number;
  /** The last look at the target; `key` null where it could not tell. */
  readonly look: {
    readonly at: number;
    readonly key: string | null;
    readonly settled: boolean;
    readonly restarts: number | null;
  } | null;
  /** Whether an alert of the target fires. */
  readonly alerting: boolean;
}

/** A release with why it may or may not be taken (inventory 371-373). */
export interface Candidate {
  readonly release: Release;
  /** `suggested`: the one we would take; `open`: by whoever may roll back; `named`: only named outright, one approval more; `no`: not at all. */
  readonly verdict: 'suggested' | 'open' | 'named' | 'no';
  readonly why: Note;
}

/** A release that must not be deployed to a target again until a named person releases it. */
export interface Hold {
  readonly target: TargetId;
  readonly releaseKey: string;
  readonly version: string;
  readonly since: number;
  readonly by: string;
  readonly reason: string;
  /** The run that set it, where one did. */
  readonly run: string | null;
}

/** A stop on deployments (and on rollbacks of the named levels) of a target. */
export interface Freeze {
  readonly target: TargetId;
  readonly since: number;
  readonly until: number | null;
  readonly by: string;
  readonly reason: string;
  /** Levels of rollback that are stopped too; none unless the freeze says so. */
  readonly levels: readonly number[];
}

/** Makes the reference that a run keeps of a release. */
export function releaseRef(release: Release): ReleaseRef {
  return { key: release.key, version: release.version, identity: release.identity, grade: release.grade };
}
