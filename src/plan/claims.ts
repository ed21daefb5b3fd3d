import type { OperationDraft } from '../domain/plan.ts';
import { type Reason, reason } from '../domain/reason.ts';
import type { CompiledStep } from './compile.ts';

/** A runbook's steps as they can run one after the other, or why they cannot. */
export type Ordered =
  | { readonly kind: 'ordered'; readonly steps: readonly CompiledStep[] }
  | { readonly kind: 'refused'; readonly reason: Reason };

interface Claiming {
  readonly step: number;
  readonly operation: OperationDraft;
}

/**
 * Judges steps that change the same thing: each was planned on the state of now, so a later one would find what the earlier one has made and
 * stop half-way. What a later step does anyway is left out; anything else is refused before somebody is asked.
 */
export function orderSteps(steps: readonly CompiledStep[]): Ordered {
  const all = steps.flatMap(({ plan }, step) => plan.operations.map(operation => ({ step, operation })));
  const left = all.filter(one => !(one.operation.spare && all.some(other => follows(other, one))));
  for (const one of left) {
    const other = left.find(later => follows(later, one));
    if (!other) continue;
    const facts = { object: other.operation.object, steps: [String(one.step + 1), String(other.step + 1)] };
    return { kind: 'refused', reason: reason('steps-collide', facts) };
  }
  const kept = (at: number) => left.filter(({ step }) => step === at).map(({ operation }) => operation);
  const ordered = steps.map((step, at) => ({ ...step, plan: { ...step.plan, operations: kept(at) } }));
  return { kind: 'ordered', steps: ordered };
}

/** Whether a later step's operation changes what an earlier one changes, or keeps from being changed. */
function follows(later: Claiming, { step, operation: { claims = [], bars = [] } }: Claiming): boolean {
  const taken = [...claims, ...bars];
  return later.step > step && (later.operation.claims ?? []).some(claim => taken.includes(claim));
}
