import type { RunEvent, RunEventKind } from '../domain/event.ts';
import type { PhaseTimes } from '../domain/record.ts';
import type { Run } from '../domain/run.ts';

/** How long each part of a run took, for the record and for `history` (inventory 314). */
export function phaseTimes(run: Run): PhaseTimes {
  const { request, createdAt, since } = run;
  const ended = 'endedAt' in run ? run.endedAt : null;
  const decided = since.approved ?? null;
  const executed = since.verifying ?? null;
  return {
    detectMs: span(request.detectedAt, createdAt),
    decideMs: span(createdAt, decided),
    executeMs: span(decided, executed),
    verifyMs: run.status === 'succeeded' ? span(executed, ended) : null,
    totalMs: span(request.detectedAt ?? createdAt, ended),
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
