import { ulid } from 'ulid';
import type { ApprovalRule } from '../../src/domain/approval.ts';
import type { RunEventBody, RunRequest } from '../../src/domain/event.ts';
import { type RunId, targetId } from '../../src/domain/ids.ts';
import { note } from '../../src/domain/note.ts';
import { systemActor } from '../../src/domain/person.ts';
import type { Plan } from '../../src/domain/plan.ts';
import { rootPost } from '../../src/domain/post.ts';
import { reason } from '../../src/domain/reason.ts';
import type { NewRun, RunStore } from '../../src/ports/run-store.ts';

/** The target most tests use. */
export const checkout = targetId('checkout', 'production');

/** An approval rule with one seat and ten minutes. */
export const oneSeat: ApprovalRule = {
  name: 'one',
  seats: [{ role: 'oncall', count: 1 }],
  requesterExcluded: true,
  withinMs: 600_000,
  remindBeforeMs: 120_000,
};

/** A fresh run id. */
export function newId(): RunId {
  return ulid() as RunId;
}

/** A request with ordinary values. */
export function aRequest(change: Partial<RunRequest> = {}): RunRequest {
  return {
    target: checkout,
    level: null,
    strategy: null,
    release: null,
    scenario: 'alert',
    reason: '错误率 5 % "since 2.14.0"',
    by: systemActor('test'),
    mode: 'act',
    channel: 'C1',
    locale: 'en',
    catalogue: 'hash',
    floor: 1,
    detectedAt: null,
    suspectRelease: null,
    episode: null,
    causedBy: null,
    undoOf: null,
    proposal: null,
    runsOn: null,
    ...change,
  };
}

/** A run to create, not late for an hour of the machine's clock. */
export function aRun(change: Partial<NewRun> = {}): NewRun {
  const id = change.id ?? newId();
  return {
    id,
    request: aRequest(),
    idempotencyKey: `key-${id}`,
    notAfter: Date.now() + 3_600_000,
    posts: [rootPost(id)],
    ...change,
  };
}

/** A plan of so many operations; the first few of them, where told, run beside each other. */
export function aPlan(run: RunId, operations: number, beside = 0): Plan {
  const preview = { summary: note('set-env', { name: 'FLAG' }), diff: '' };
  return {
    run,
    target: checkout,
    level: 1,
    strategy: 'flag',
    runbook: 'flag-off',
    from: null,
    to: null,
    goodBecause: null,
    operations: Array.from({ length: operations }, (_, index) => ({
      ...{ index, step: index, executor: 'command', timeoutMs: 30_000, object: `thing ${index}`, body: { set: [] } },
      ...{ preview, fingerprint: `f${index}`, idempotent: true, inverse: null },
      ...(index < beside ? { step: 0, group: 0 } : {}),
    })),
    blastRadius: [],
    interruption: { kind: 'none' },
    reversible: false,
    notRolledBack: [],
    notChecked: [],
    warnings: [],
    expectedMs: 1_000,
    rtoMs: 60_000,
    checks: [],
    onFailure: 'needs-operator',
    fingerprint: 'plan',
  };
}

/** The events of ordinary steps, by name. */
export const events = {
  planned: (run: RunId, operations = 2, beside = 0): RunEventBody => ({
    kind: 'planned',
    plan: aPlan(run, operations, beside),
    considered: [],
    status: 'planned',
  }),
  asked: {
    kind: 'approval-asked',
    rule: oneSeat,
    withinMs: oneSeat.withinMs,
    planFingerprint: 'plan',
    status: 'awaiting-approval',
  },
  approved: { kind: 'approved', status: 'approved' },
  preflight: (fence: number): RunEventBody => ({
    kind: 'preflight-started',
    worker: 'w',
    fence,
    status: 'preflight',
  }),
  executing: { kind: 'execution-started', status: 'executing' },
  executed: { kind: 'executed', status: 'verifying' },
  failing: { kind: 'failing', reason: reason('step-failed'), status: 'failing' },
  compensating: { kind: 'compensation-started', status: 'compensating' },
  stopped: { kind: 'stopped', reason: reason('step-unknown'), now: [], byHand: [], status: 'needs-operator' },
  stopAsked: { kind: 'stop-asked', by: systemActor('test'), reason: 'enough' },
  recorded: { kind: 'recorded', file: 'record.md' },
} as const satisfies Record<string, RunEventBody | ((...args: never[]) => RunEventBody)>;

/** The event that ends a run. */
export function ended(status: Extract<RunEventBody, { kind: 'ended' }>['status'], next?: RunId): RunEventBody {
  return { kind: 'ended', status, reason: null, by: systemActor('test'), ...(next ? { next } : {}) };
}

/** The outcome of an operation. */
export function outcome(
  fence: number,
  index: number,
  phase: 'apply' | 'revert' = 'apply',
): Extract<RunEventBody, { kind: 'operation-ended' }> {
  return { kind: 'operation-ended', phase, index, fence, how: 'applied', note: note('done'), served: false };
}

/** The failure of an operation. */
export function failure(
  fence: number,
  index: number,
  phase: 'apply' | 'revert' = 'apply',
): Extract<RunEventBody, { kind: 'operation-failed' }> {
  return { kind: 'operation-failed', phase, index, fence, reason: reason('step-failed'), served: false };
}

/** Brings a new run to `preflight`, its target held by worker `w`, and answers its id and fence. */
export async function inPreflight(store: RunStore, change: Partial<NewRun> = {}, leaseMs = 5_000) {
  const run = aRun(change);
  const created = await store.create(run);
  if (created.kind !== 'created') throw new Error(`not created: ${created.kind}`);
  const approved = [events.planned(run.id, 3), events.approved];
  await store.change(run.id, { version: 1 }, { events: approved });
  const acquired = await store.acquire(run.request.target, run.id, 'w', leaseMs, false);
  if (!acquired.ok) throw new Error('the target was not free');
  const { fence } = acquired;
  return { id: run.id, fence, target: run.request.target };
}

/** Brings a new run to `executing` and answers its id and fence. */
export async function executing(store: RunStore, change: Partial<NewRun> = {}, leaseMs = 5_000) {
  const run = await inPreflight(store, change, leaseMs);
  const changed = await store.change(run.id, { fence: run.fence }, { events: [events.executing] });
  if (!changed.ok) throw new Error(`not executing: ${changed.why}`);
  return run;
}
