import type { ApprovedPlan } from '../domain/approval.ts';
import type { Catalogue } from '../domain/catalogue.ts';
import { targetParts } from '../domain/ids.ts';
import { type Reason, reason } from '../domain/reason.ts';
import type { DrivenRun } from '../domain/run.ts';
import { findRule } from './rules.ts';
import { requesterOf, seatVotes } from './votes.ts';

/** A plan that may run, or why it may not. */
export type Permit =
  | { readonly kind: 'approved'; readonly plan: ApprovedPlan }
  | { readonly kind: 'refused'; readonly reason: Reason };

/**
 * Mints the permit to run a plan: the only place that does. Every seat of the rule must be filled by votes for exactly this plan, or the
 * rule of the run's own catalogue must ask nobody (invariants I6 and I14).
 */
export function approvePlan(run: DrivenRun, catalogue: Pick<Catalogue, 'rules'>): Permit {
  const refused = (cause: Reason): Permit => ({ kind: 'refused', reason: cause });
  const approved = (votes: ApprovedPlan['votes']): Permit => ({
    kind: 'approved',
    plan: { run: run.id, plan: run.plan, votes } as ApprovedPlan,
  });
  if (run.request.mode === 'observe') return refused(reason('observe-only'));
  if (run.plan.run !== run.id) return refused(reason('stale-card'));
  if (run.approval) {
    if (run.approval.planFingerprint !== run.plan.fingerprint) return refused(reason('stale-card'));
    const seating = seatVotes(run.approval, requesterOf(run));
    return seating.complete && seating.places.length > 0
      ? approved(run.approval.votes)
      : refused(reason('quorum-unreachable', missing(seating.open)));
  }
  const { plan, request } = run;
  const undo = request.undoOf !== null;
  const facts = { ...targetParts(plan.target), level: plan.level, scenario: request.scenario, to: plan.to, undo };
  const rule = findRule(catalogue, facts);
  if (rule && rule.seats.length === 0) return approved([]);
  return refused(reason('quorum-unreachable', missing(rule?.seats ?? [])));
}

function missing(open: readonly { readonly role: string; readonly count: number }[]) {
  return { role: open[0]?.role ?? '', needed: open[0]?.count ?? 1, have: 0 };
}
