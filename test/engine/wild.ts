import type { RunEventBody } from '../../src/domain/event.ts';
import type { Run } from '../../src/domain/run.ts';
import { ended, events, failure, outcome } from './sample.ts';

/** Any event whatever, fitting or not: what a mistaken or stale writer may try. Not `approved`: the votes decide that before the store is asked. */
export function wildEvents(run: Run, dice: number): RunEventBody {
  const { fence } = run;
  const pool: readonly RunEventBody[] = [
    events.planned(run.id),
    events.asked,
    events.preflight(fence),
    events.executing,
    events.executed,
    events.failing,
    events.compensating,
    events.stopped,
    events.stopAsked,
    events.recorded,
    { kind: 'cancelling', status: 'cancelling' },
    outcome(fence, 0),
    outcome(fence, 1),
    outcome(fence, 0, 'revert'),
    failure(fence, 0),
    { kind: 'operation-begun', phase: 'apply', index: 0, fence, attempt: 9, worker: 'wild' },
    { kind: 'requested', request: run.request, status: 'requested' },
    ...(['succeeded', 'partial', 'failed', 'rejected', 'cancelled', 'noop', 'compensated', 'superseded'] as const).map(
      status => ended(status),
    ),
  ];
  return pool[dice % pool.length] ?? events.stopAsked;
}
