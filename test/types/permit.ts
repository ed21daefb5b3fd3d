import type { ApprovedPlan } from '../../src/domain/approval.ts';
import type { Plan } from '../../src/domain/plan.ts';
import { compensate } from '../../src/execute/compensate.ts';
import type { ExecuteDeps } from '../../src/execute/deps.ts';
import { executePlan, type Start } from '../../src/execute/execute-plan.ts';
import type { Lease } from '../../src/execute/lease.ts';

/** Compile-only: what nobody approved does not run. Each marked line must not type-check; the compiler fails where one does. */
export async function unapproved(
  deps: ExecuteDeps,
  lease: Lease,
  plan: Plan,
  approved: ApprovedPlan,
  start: Start,
): Promise<void> {
  // @ts-expect-error: a plan alone is no permit
  await executePlan(deps, lease, plan, start);
  // @ts-expect-error: nor is something of its shape
  await executePlan(deps, lease, { run: plan.run, plan, votes: [] }, start);
  // @ts-expect-error: putting back needs the permit too
  await compensate(deps, lease, { run: plan.run, plan, votes: [] });
  await executePlan(deps, lease, approved, start);
}
