import type { ApprovalState } from './approval.ts';
import type { Verdict } from './check.ts';
import type { RunEvent, RunEventBody } from './event.ts';
import type { RunId } from './ids.ts';
import type { Plan } from './plan.ts';
import type { Reason } from './reason.ts';
import type { JournalEntry, Run, RunFacts, RunWithLog } from './run.ts';
import type { RunStatus } from './status.ts';

/** What the fold carries from event to event, before the status says which fields a reader gets. */
interface Folding extends Omit<RunFacts, 'journal' | 'checks' | 'ticks' | 'since'> {
  status: RunStatus;
  version: number;
  updatedAt: number;
  plan: Plan | null;
  approval: ApprovalState | null;
  considered: RunFacts['considered'];
  journal: JournalEntry[];
  checks: RunFacts['checks'][number][];
  ticks: Record<string, boolean>;
  since: Partial<Record<RunStatus, number>>;
  stopAsked: boolean;
  fence: number;
  trouble: Reason | null;
  stop: { reason: Reason; now: readonly { code: string }[]; byHand: readonly string[]; at: number } | null;
  end: { reason: Reason | null; verdict: Verdict | null; next: RunId | null; at: number } | null;
  recorded: string | null;
}

/** Folds a run's whole log, oldest first, to what the run is now; throws where the log does not begin with `requested`. */
export function foldRun(id: RunId, events: readonly RunEvent[]): Run {
  const first = events[0];
  if (first?.kind !== 'requested') throw new Error(`run ${id}: its log does not begin with a request`);
  const folding: Folding = {
    id,
    version: first.version,
    request: first.request,
    status: 'requested',
    plan: null,
    approval: null,
    considered: [],
    journal: [],
    checks: [],
    ticks: {},
    stopAsked: false,
    fence: 0,
    createdAt: first.at,
    since: {},
    updatedAt: first.at,
    trouble: null,
    stop: null,
    end: null,
    recorded: null,
  };
  for (const event of events) apply(folding, event);
  return asRun(folding);
}

/** A run with events right behind what was read of it: what a writer knows of its own change without reading again; `at` is epoch ms. */
export function withEvents(found: RunWithLog, bodies: readonly RunEventBody[], at: number): RunWithLog {
  const { id, version } = found.run;
  const events = [...found.events, ...bodies.map((body, index) => ({ ...body, version: version + index + 1, at }))];
  return { run: foldRun(id, events), events };
}

function apply(run: Folding, event: RunEvent): void {
  run.version = event.version;
  run.updatedAt = event.at;
  if ('status' in event && event.status) {
    run.status = event.status;
    run.since[event.status] = event.at;
  }
  switch (event.kind) {
    case 'planned':
      run.plan = event.plan;
      run.considered = event.considered;
      return;
    case 'approval-asked':
      run.approval = {
        rule: event.rule,
        askedAt: event.at,
        deadline: event.at + event.withinMs,
        planFingerprint: event.planFingerprint,
        votes: [],
      };
      return;
    case 'voted':
      if (run.approval)
        run.approval = { ...run.approval, votes: [...run.approval.votes, { ...event.vote, at: event.at }] };
      return;
    case 'preflight-started':
      run.fence = Math.max(run.fence, event.fence);
      return;
    case 'stop-asked':
      run.stopAsked = true;
      return;
    case 'operator-decided':
      run.stopAsked = false;
      if (event.action === 'continue') lookAgain(run);
      return;
    case 'failing':
      run.trouble = event.reason;
      return;
    case 'check-ended':
      run.checks = [...run.checks.filter(check => check.id !== event.result.id), event.result];
      return;
    case 'check-ticked':
      run.ticks[event.check] = event.passed;
      return;
    case 'stopped':
      run.stop = { reason: event.reason, now: event.now, byHand: event.byHand, at: event.at };
      return;
    case 'ended':
      run.end = { reason: event.reason, verdict: event.verdict ?? null, next: event.next ?? null, at: event.at };
      return;
    case 'recorded':
      run.recorded = event.file;
      return;
    default:
      journal(run, event);
  }
}

/** All checks are asked anew; a box that somebody ticked stays ticked, one answered with no is asked again. */
function lookAgain(run: Folding): void {
  run.checks = [];
  run.ticks = Object.fromEntries(Object.entries(run.ticks).filter(([, passed]) => passed));
}

function journal(run: Folding, event: RunEvent): void {
  if (event.kind === 'operation-begun') {
    run.fence = Math.max(run.fence, event.fence);
    const { phase, index, fence, attempt, at } = event;
    replaceEntry(run, { phase, index, fence, attempt, beganAt: at, outcome: null, failure: null });
  } else if (event.kind === 'operation-ended') {
    const { how, note, at, served } = event;
    changeEntry(run, event, { outcome: { how, note, at, served }, failure: null });
  } else if (event.kind === 'operation-failed') {
    const { reason, at, served, untouched } = event;
    changeEntry(run, event, { failure: { reason, at, served, ...(untouched ? { untouched } : {}) } });
  }
}

function changeEntry(run: Folding, key: { phase: string; index: number }, change: Partial<JournalEntry>): void {
  const entry = run.journal.find(found => found.phase === key.phase && found.index === key.index);
  if (entry) replaceEntry(run, { ...entry, ...change });
}

function replaceEntry(run: Folding, entry: JournalEntry): void {
  run.journal = [...run.journal.filter(found => found.phase !== entry.phase || found.index !== entry.index), entry];
}

function asRun(folding: Folding): Run {
  const { status, plan, approval, trouble, stop, end, ...facts } = folding;
  if (status === 'requested') return { ...facts, status, plan: null, approval: null };
  if (end)
    return {
      ...facts,
      status,
      plan,
      approval,
      reason: end.reason,
      verdict: end.verdict,
      next: end.next,
      endedAt: end.at,
    } as Run;
  if (!plan) throw new Error(`run ${facts.id}: ${status} without a plan`);
  if (status === 'planned') return { ...facts, status, plan, approval: null };
  if (status === 'awaiting-approval' && approval) return { ...facts, status, plan, approval };
  if (status === 'needs-operator' && stop) return { ...facts, status, plan, approval, stop };
  return { ...facts, status, plan, approval, trouble } as Run;
}
