import type { ProposalId, RunId, TargetId } from './ids.ts';

/** How bad an alert says it is; `unknown` is never taken for anything else. */
export type Severity = 'emergency' | 'critical' | 'warning' | 'info' | 'unknown';

/** Where an alert stands. */
export type AlertStatus = 'firing' | 'resolved' | 'acknowledged' | 'no_data' | 'unknown';

/** One alert, whatever sent it. Times are epoch ms; null means that the sender did not say. */
export interface Alert {
  readonly source: string;
  readonly kind: 'alert' | 'test';
  readonly status: AlertStatus;
  readonly fingerprint: string;
  readonly name: string;
  readonly severity: Severity;
  readonly rawSeverity: string | null;
  /** As the sender names it; null where no label says so. */
  readonly service: string | null;
  readonly environment: string | null;
  readonly startsAt: number | null;
  readonly endsAt: number | null;
  readonly summary: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly links: readonly string[];
}

/** One firing of one fingerprint. */
export interface Episode {
  readonly fingerprint: string;
  readonly source: string;
  readonly name: string;
  readonly severity: Severity;
  readonly target: TargetId | null;
  readonly summary: string;
  readonly startedAt: number;
  readonly receivedAt: number;
  readonly resolvedAt: number | null;
  /** When the source last spoke of it. */
  readonly lastSeenAt: number;
}

/** An offer to roll back, posted unprompted; nothing runs without approval. */
export interface Proposal {
  readonly id: ProposalId;
  readonly target: TargetId;
  readonly episode: Episode;
  /** What went live within the look-back, by version and time; null where nothing did, and then there is no button. */
  readonly suspect: { readonly version: string; readonly key: string; readonly liveSince: number } | null;
  readonly good: {
    readonly version: string;
    readonly key: string;
    readonly grade: string;
    readonly liveMs: number;
  } | null;
  readonly status: 'open' | 'dismissed' | 'closed' | 'taken';
  readonly run: RunId | null;
  readonly version: number;
  readonly createdAt: number;
}
