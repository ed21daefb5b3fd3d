import type { Alert, Episode, Proposal } from '../domain/alert.ts';
import type { ProposalId, RunId, TargetId } from '../domain/ids.ts';
import type { Post } from '../domain/post.ts';

/** A webhook body as it came in, kept until it was worked off. */
export interface RawIntake {
  readonly id: string;
  readonly door: 'alertmanager' | 'deployments';
  readonly name: string;
  readonly receivedAt: number;
  readonly body: string;
}

/** What one alert meant for the store. */
export type EpisodeChange = 'opened' | 'repeated' | 'resolved' | 'ignored';

/** Works an alert into the episode known of its fingerprint; pure. A null episode changes nothing. */
export type ApplyAlert = (
  known: Episode | null,
  alert: Alert,
  target: TargetId | null,
  receivedAt: number,
) => { readonly change: EpisodeChange; readonly episode: Episode | null };

/** Alerts as they came, episodes, and the proposals made of them. */
export interface AlertStore {
  /** Keeps a raw body durably before it is acknowledged; the same body within 10 min is kept once. */
  take(intake: RawIntake): Promise<'taken' | 'repeated'>;
  /** Claims the oldest bodies that wait; handed out again after `leaseMs` unless `done`. */
  claim(limit: number, leaseMs: number): Promise<readonly RawIntake[]>;
  done(id: string): Promise<void>;
  /** Applies an alert to its episode by fingerprint. */
  apply(
    alert: Alert,
    target: TargetId | null,
    receivedAt: number,
  ): Promise<{ readonly change: EpisodeChange; readonly episode: Episode | null }>;
  episode(fingerprint: string): Promise<Episode | null>;
  /** Open episodes of a target. */
  open(target: TargetId): Promise<readonly Episode[]>;
  /** Opens a proposal; one open proposal for a target, so a second answers the first. */
  propose(proposal: Proposal, channel: string, posts: readonly Post[]): Promise<ProposalId>;
  proposal(id: ProposalId): Promise<Proposal | null>;
  openProposal(target: TargetId): Promise<Proposal | null>;
  /** Closes an open proposal; false where it was not open any more or its version moved. */
  close(
    id: ProposalId,
    version: number,
    to: Exclude<Proposal['status'], 'open'>,
    run: RunId | null,
    posts: readonly Post[],
  ): Promise<boolean>;
}
