import type { TargetId } from '../domain/ids.ts';
import type { Note } from '../domain/note.ts';
import type {
  DeploymentStatus,
  Freeze,
  Grade,
  Hold,
  Identity,
  ObservedReleases,
  Release,
  ReleaseBook,
} from '../domain/release.ts';

/** One thing learnt about a target's releases. */
export type ReleaseFact =
  | {
      readonly kind: 'deployed';
      readonly key: string;
      readonly version: string;
      readonly identity: Identity;
      readonly status: DeploymentStatus;
      readonly by: string | null;
      readonly at: number;
      readonly url: string | null;
    }
  | { readonly kind: 'seen'; readonly releases: ObservedReleases; readonly at: number }
  /** An alert of the target began (`at` is when) or the last one ended. */
  | { readonly kind: 'alerting'; readonly firing: boolean; readonly at: number }
  | {
      readonly kind: 'graded';
      readonly key: string;
      readonly grade: Grade;
      readonly note: Note;
      readonly by: string | null;
      readonly at: number;
    };

/** Works facts into what is remembered of a target; pure. */
export type LearnReleases = (
  target: TargetId,
  book: ReleaseBook | null,
  facts: readonly ReleaseFact[],
) => ReleaseBook | null;

/** What ran where, how good it was, what is on hold or frozen. */
export interface ReleaseStore {
  /** Adds facts in order; repeated ones change nothing. */
  learn(target: TargetId, facts: readonly ReleaseFact[]): Promise<void>;
  /** All known releases of a target, the one that went live last first. */
  list(target: TargetId): Promise<readonly Release[]>;
  hold(hold: Hold): Promise<void>;
  releaseHold(target: TargetId, releaseKey: string): Promise<boolean>;
  holds(target: TargetId): Promise<readonly Hold[]>;
  freeze(freeze: Freeze): Promise<void>;
  unfreeze(target: TargetId): Promise<boolean>;
  /** The freeze that stands now, by the store’s clock. */
  frozen(target: TargetId): Promise<Freeze | null>;
}
