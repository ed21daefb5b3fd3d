/** Where a run stands. */
export const statuses = [
  'requested',
  'planned',
  'awaiting-approval',
  'approved',
  'preflight',
  'executing',
  'verifying',
  'failing',
  'cancelling',
  'compensating',
  'needs-operator',
  'succeeded',
  'compensated',
  'partial',
  'failed',
  'rejected',
  'expired',
  'cancelled',
  'superseded',
  'noop',
] as const;

/** Where a run stands. */
export type RunStatus = (typeof statuses)[number];

/** The legal transitions; one table for the engine's scripts, the fold and the tests. An empty list is an end. */
export const transitions: Readonly<Record<RunStatus, readonly RunStatus[]>> = {
  requested: ['planned', 'failed', 'noop', 'cancelled', 'superseded'],
  planned: ['awaiting-approval', 'approved', 'failed', 'noop', 'cancelled', 'superseded'],
  'awaiting-approval': ['approved', 'rejected', 'expired', 'cancelled', 'superseded'],
  approved: ['preflight', 'cancelled', 'superseded'],
  preflight: ['executing', 'failed', 'noop', 'cancelled', 'superseded'],
  executing: ['verifying', 'needs-operator', 'failing', 'cancelling'],
  verifying: ['succeeded', 'needs-operator', 'failing'],
  failing: ['compensating', 'needs-operator'],
  cancelling: ['compensating', 'needs-operator'],
  compensating: ['compensated', 'needs-operator'],
  'needs-operator': ['executing', 'verifying', 'compensating', 'partial'],
  succeeded: [],
  compensated: [],
  partial: [],
  failed: [],
  rejected: [],
  expired: [],
  cancelled: [],
  superseded: [],
  noop: [],
};

/** Whether a run in this status is over: final states are never left (invariant I1). */
export function isFinal(status: RunStatus): boolean {
  return transitions[status].length === 0;
}

/** Whether a run in this status waits for a worker to drive it (invariant I7). */
export function isRunnable(status: RunStatus): boolean {
  return runnable.has(status);
}

const runnable: ReadonlySet<RunStatus> = new Set([
  'requested',
  'planned',
  'approved',
  'preflight',
  'executing',
  'verifying',
  'failing',
  'cancelling',
  'compensating',
]);

/** Whether anything at the target may have been changed by a run in this status. */
export function mayHaveTouched(status: RunStatus): boolean {
  return touched.has(status);
}

const touched: ReadonlySet<RunStatus> = new Set([
  'executing',
  'verifying',
  'failing',
  'cancelling',
  'compensating',
  'needs-operator',
  'succeeded',
  'compensated',
  'partial',
]);
