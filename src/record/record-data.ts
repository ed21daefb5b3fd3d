import type { RunEvent } from '../domain/event.ts';
import type { Actor } from '../domain/person.ts';
import { type RecordData, type RecordStep, recordParts, recordSteps } from '../domain/record.ts';
import type { Release } from '../domain/release.ts';
import type { Run, RunWithLog } from '../domain/run.ts';
import { lastMoment, moment, phaseTimes } from './times.ts';

/** When the release that a run left went live, as far as anybody saw it; epoch ms. */
export function liveSince(run: Run, releases: readonly Pick<Release, 'key' | 'spans'>[]): number | null {
  const left = releases.find(({ key }) => key === run.plan?.from?.key);
  return left?.spans.findLast(span => span.from <= run.createdAt)?.from ?? null;
}

/** Gathers what a run's record is written from (inventory 320-325). `liveSince` is when the release that was left went live, epoch ms; null where nobody saw it. */
export function recordData(found: RunWithLog, liveSince: number | null): RecordData {
  const { run, events } = found;
  const verified = run.status === 'succeeded' || run.status === 'compensated' ? moment(events, 'ended') : null;
  const began = run.request.detectedAt;
  const impactMs = began === null || verified === null ? null : Math.max(0, verified - began);
  return {
    run,
    events,
    steps: steps(found, liveSince),
    trigger: run.request.by.kind === 'person' ? 'manual' : 'automatic',
    responsible: run.request.by,
    times: phaseTimes(run),
    impactMs,
    refused: events.flatMap(event =>
      event.kind === 'vote-refused' ? [{ at: event.at, by: event.by, reason: event.reason }] : [],
    ),
    missing: recordParts.filter(part => part !== 'duration' || impactMs === null),
  };
}

function steps({ run, events }: RunWithLog, liveSince: number | null): readonly RecordStep[] {
  const step = (what: RecordStep['what'], at: number | null, who: string | null = null): RecordStep[] =>
    at === null ? [] : [{ at, what, who }];
  const ended = events.find(event => event.kind === 'ended');
  const found = [
    ...step('live', liveSince),
    ...step('detected', run.request.detectedAt),
    ...step('asked', run.createdAt, nameOf(run.request.by)),
    ...step('approved', moment(events, 'approved'), approvers(events)),
    ...step('started', moment(events, 'execution-started')),
    ...step('executed', lastMoment(events, 'executed')),
    ...step('stopped', lastMoment(events, 'stopped')),
    ...step('verified', run.status === 'succeeded' ? (ended?.at ?? null) : null),
    ...step('ended', run.status === 'succeeded' ? null : (ended?.at ?? null), ended ? nameOf(ended.by) : null),
  ];
  return found.toSorted((a, b) => a.at - b.at || recordSteps.indexOf(a.what) - recordSteps.indexOf(b.what));
}

function nameOf(actor: Actor): string | null {
  return actor.kind === 'person' ? actor.name : null;
}

function approvers(events: readonly RunEvent[]): string | null {
  const names = events.flatMap(event =>
    event.kind === 'voted' && event.vote.decision === 'approve' ? [event.vote.name] : [],
  );
  return names.length > 0 ? names.join(', ') : null;
}
