import type { CheckSpec, Runbook, TargetSpec } from '../domain/catalogue.ts';
import type { RunRequest } from '../domain/event.ts';
import type { RunId } from '../domain/ids.ts';
import { type Note, note } from '../domain/note.ts';
import type { Interruption, Operation, Plan, StepPlan } from '../domain/plan.ts';
import { type Candidate, type Release, releaseRef } from '../domain/release.ts';
import { type Hash, planFingerprint } from './fingerprint.ts';

/** One step of a runbook with what its executor planned for it. */
export interface CompiledStep {
  readonly kind: string;
  readonly timeoutMs: number;
  readonly plan: StepPlan;
}

/** What a plan is compiled from. */
export interface PlanMaterial {
  readonly run: RunId;
  readonly request: Pick<RunRequest, 'episode'>;
  readonly target: TargetSpec;
  readonly runbook: Runbook;
  readonly steps: readonly CompiledStep[];
  readonly from: Release | null;
  readonly to: Candidate | null;
}

/** Compiles the steps' operations to one frozen plan: numbered, with its checks, its promises to the approver and its fingerprint. */
export function compilePlan(hash: Hash, material: PlanMaterial): Plan {
  const { run, target, runbook, steps, from, to } = material;
  const operations = number(steps);
  const plans = steps.map(step => step.plan);
  const checks = checksOf(target, runbook, material.request.episode);
  const draft: Omit<Plan, 'fingerprint'> = {
    run,
    target: target.target,
    level: runbook.level,
    strategy: runbook.strategy,
    runbook: runbook.id,
    from: from && releaseRef(from),
    to: to && releaseRef(to.release),
    goodBecause: to?.release.gradeNote ?? null,
    operations,
    blastRadius: plans.flatMap(plan => plan.blastRadius),
    interruption: worst(plans.map(plan => plan.interruption)),
    reversible: operations.every(({ inverse }) => inverse !== null),
    notRolledBack: plans.flatMap(plan => plan.notRolledBack),
    notChecked: [
      ...plans.flatMap(plan => plan.notChecked),
      ...(to ? [note('migrations-not-checked')] : []),
      ...checks.left,
    ],
    warnings: [...plans.flatMap(plan => plan.warnings), ...releaseWarnings(to)],
    expectedMs: plans.reduce((sum, plan) => sum + plan.expectedMs, 0),
    rtoMs: runbook.rtoMs,
    checks: checks.taken,
    onFailure: runbook.onFailure,
  };
  return { ...draft, fingerprint: planFingerprint(hash, draft) };
}

function number(steps: readonly CompiledStep[]): readonly Operation[] {
  return steps
    .flatMap(({ kind, timeoutMs, plan }, step) =>
      plan.operations.map(operation => ({ ...operation, step, executor: kind, timeoutMs })),
    )
    .map((operation, index) => ({ ...operation, index }));
}

/** Target's checks before the runbook's; one that waits for an alert is left out, and said so, where no alert started the run. */
export function checksOf(
  target: Pick<TargetSpec, 'checks'>,
  runbook: Pick<Runbook, 'checks'>,
  episode: string | null,
): { readonly taken: readonly CheckSpec[]; readonly left: readonly Note[] } {
  const byId = new Map([...target.checks, ...runbook.checks].map(check => [check.id, check]));
  const all = [...byId.values()];
  const taken = all.filter(check => check.kind !== 'alert-cleared' || episode !== null);
  const left: Note[] = all.length > taken.length ? [note('no-alert-to-clear')] : [];
  return { taken, left: taken.length === 0 ? [...left, note('no-checks')] : left };
}

function releaseWarnings(to: Candidate | null): readonly Note[] {
  return to?.verdict === 'named'
    ? [note('release-not-proven', { version: to.release.version, grade: to.release.grade })]
    : [];
}

/** The worst that users will feel over all steps: unknown beats a gap, gaps add up. */
export function worst(interruptions: readonly Interruption[]): Interruption {
  if (interruptions.some(({ kind }) => kind === 'unknown')) return { kind: 'unknown' };
  const ms = interruptions.reduce((sum, found) => sum + (found.kind === 'gap' ? found.ms : 0), 0);
  return ms > 0 ? { kind: 'gap', ms } : { kind: 'none' };
}
