import type { Alert, Episode } from '../domain/alert.ts';
import type { TargetId } from '../domain/ids.ts';
import type { EpisodeChange } from '../ports/alert-store.ts';

/** What an alert means for the episode of its fingerprint; a null episode is not kept. */
export interface EpisodeStep {
  readonly change: EpisodeChange;
  readonly episode: Episode | null;
}

/**
 * Works an alert into its episode, whatever the order in which messages arrive: times of the source decide.
 * Only `firing` opens and only `resolved` ends; no data and acknowledgements do neither. A resolution with nothing open is remembered, so
 * that the firing message it belongs to opens nothing when it comes late.
 */
export function applyAlert(
  known: Episode | null,
  alert: Alert,
  target: TargetId | null,
  receivedAt: number,
): EpisodeStep {
  if (alert.kind === 'test') return { change: 'ignored', episode: null };
  if (alert.status === 'firing') return fire(known, alert, target, receivedAt);
  if (alert.status === 'resolved') return resolve(known, alert, target, receivedAt);
  return { change: 'ignored', episode: known && { ...known, lastSeenAt: Math.max(known.lastSeenAt, receivedAt) } };
}

function fire(known: Episode | null, alert: Alert, target: TargetId | null, receivedAt: number): EpisodeStep {
  const startedAt = Math.min(alert.startsAt ?? receivedAt, receivedAt);
  if (known && known.resolvedAt === null) {
    const earliest = alert.startsAt === null ? known.startedAt : Math.min(known.startedAt, startedAt);
    const lastSeenAt = Math.max(known.lastSeenAt, receivedAt);
    return { change: 'repeated', episode: { ...known, startedAt: earliest, lastSeenAt, summary: alert.summary } };
  }
  if (known?.resolvedAt && startedAt <= known.resolvedAt) return { change: 'ignored', episode: known };
  return { change: 'opened', episode: { ...begin(alert, target, receivedAt), startedAt } };
}

function resolve(known: Episode | null, alert: Alert, target: TargetId | null, receivedAt: number): EpisodeStep {
  const resolvedAt = alert.endsAt ?? receivedAt;
  if (!known) return { change: 'ignored', episode: { ...begin(alert, target, receivedAt), resolvedAt } };
  const late = known.resolvedAt === null && alert.endsAt !== null && alert.endsAt < known.startedAt;
  if (known.resolvedAt !== null || late) return { change: 'ignored', episode: known };
  return { change: 'resolved', episode: { ...known, resolvedAt, lastSeenAt: Math.max(known.lastSeenAt, receivedAt) } };
}

function begin(alert: Alert, target: TargetId | null, receivedAt: number): Episode {
  const { fingerprint, source, name, severity, summary } = alert;
  const startedAt = Math.min(alert.startsAt ?? receivedAt, receivedAt);
  return {
    fingerprint,
    source,
    name,
    severity,
    target,
    summary,
    startedAt,
    receivedAt,
    resolvedAt: null,
    lastSeenAt: receivedAt,
  };
}
