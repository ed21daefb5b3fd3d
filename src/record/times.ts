import type { RunEvent, RunEventKind } from '../domain/event.ts';
import type { PhaseTimes } from '../domain/record.ts';
import type { RunWithLog } from '../domain/run.ts';

/** How long each part of a run took, for the record and for `history` (inventory 314); from its log alone. */
export function phaseTimes({ run, events }: RunWithLog): PhaseTimes {
  const requested = run.createdAt;
  const detected = run.request.detectedAt;
  const decided = moment(events, 'approved');
  const executed = lastMoment(events, 'executed');
  const ended = moment(events, 'ended');
  const verified = run.status === 'succeeded' ? ended : null;
  return {
    detectMs: span(detected, requested),
    decideMs: span(requested, decided),
    executeMs: span(decided, executed),
    verifyMs: span(executed, verified),
    totalMs: span(detected ?? requested, ended),
  };
}

/** When the first event of a kind was written, epoch ms; null where there was none. */
export function moment(events: readonly RunEvent[], kind: RunEventKind): number | null {
  return events.find(event => event.kind === kind)?.at ?? null;
}

/** When the last event of a kind was written, epoch ms; null where there was none. */
export function lastMoment(events: readonly RunEvent[], kind: RunEventKind): number | null {
  return events.findLast(event => event.kind === kind)?.at ?? null;
}

function span(from: number | null, to: number | null): number | null {
  return from === null || to === null ? null : Math.max(0, to - from);
}
