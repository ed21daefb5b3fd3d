import type { Catalogue, Runbook, TargetSpec } from '../src/domain/catalogue.ts';
import { targetParts } from '../src/domain/ids.ts';
import type { Considered, Plan } from '../src/domain/plan.ts';
import { rootPost } from '../src/domain/post.ts';
import { type Reason, type ReasonCode, Refusal, reason } from '../src/domain/reason.ts';
import type { RequestedRun, RunWithLog } from '../src/domain/run.ts';
import { outside } from '../src/execute/outside.ts';
import { type Choice, chooseRelease } from '../src/plan/choose.ts';
import { orderSteps } from '../src/plan/claims.ts';
import { type CompiledStep, compilePlan } from '../src/plan/compile.ts';
import { prospects, tellingReason } from '../src/plan/suggest.ts';
import { takesRelease } from '../src/plan/takes-release.ts';
import { type Gathered, gather } from './gather.ts';
import { endChange, type Held, loadExecutor, type Stage, writeHeld } from './stage.ts';
import { planUndo } from './undo.ts';

/** What planning came to: a plan and what else was considered, or why there is none. */
export type Planned =
  | { readonly kind: 'plan'; readonly plan: Plan; readonly considered: readonly Considered[] }
  | { readonly kind: 'none'; readonly reason: Reason };

/** How long one step may take to be planned, in ms. */
const stepMs = 30_000;

/** Reasons why a run is over before it began though nothing went wrong. */
const idle: ReadonlySet<ReasonCode> = new Set(['nothing-to-change', 'nothing-held']);

/** Plans a requested run: suggests the mildest runbook that suffices, compiles it once and freezes it. */
export const planRun: Stage = async (held, found) => {
  const { run } = found;
  if (run.status !== 'requested') return 'on';
  const planned = await planOrReason(held, found);
  await held.deps.crashPoint('plan-compiled', run.id);
  if (planned.kind === 'none') {
    const status = idle.has(planned.reason.code) ? 'noop' : 'failed';
    await writeHeld(held, run, endChange(held.deps, run, status, planned.reason));
    await held.deps.crashPoint('run-ended', run.id);
    return 'on';
  }
  const { plan, considered } = planned;
  await writeHeld(held, run, {
    events: [{ kind: 'planned', plan, considered, status: 'planned' }],
    posts: [rootPost(run.id)],
  });
  await held.deps.crashPoint('planned', run.id);
  return 'on';
};

async function planOrReason(held: Held, found: RunWithLog): Promise<Planned> {
  const run = found.run as RequestedRun;
  try {
    const { target } = await readTarget(held, run);
    return run.request.undoOf ? await planUndo(held, run, target) : await planRollback(held, run, target);
  } catch (error) {
    if (error instanceof Refusal && error.reason.code !== 'not-confirmed')
      return { kind: 'none', reason: error.reason };
    throw error;
  }
}

/** The run's target under the catalogue it was requested with; throws a `Refusal` where either is gone. */
export async function readTarget(
  { deps }: Pick<Held, 'deps'>,
  run: Pick<RequestedRun, 'request'>,
): Promise<{ readonly target: TargetSpec; readonly catalogue: Catalogue }> {
  const catalogue = await deps.catalogues.byHash(run.request.catalogue);
  if (!catalogue) throw new Refusal(reason('catalogue-invalid'));
  const { service, environment } = targetParts(run.request.target);
  const target = catalogue.services[service]?.environments[environment];
  if (!target) throw new Refusal(reason('unknown-service', { name: run.request.target }));
  return { target, catalogue };
}

/** Tries the runbooks mildest first; the first that compiles and changes something is the plan. */
async function planRollback(held: Held, run: RequestedRun, target: TargetSpec): Promise<Planned> {
  const { deps, lease } = held;
  const { request } = run;
  const gathered = await gather(deps, target, {
    suspect: request.suspectRelease,
    automatic: request.by.kind === 'system',
    now: () => deps.store.now(),
    signal: lease.signal,
  });
  const choose = (named: string | null) =>
    chooseRelease(gathered.candidates, named, request.by.kind === 'system', target.target);
  const named = choose(request.release);
  const choice = named.kind === 'none' && isWish(request) ? choose(null) : named;
  const freeze = await deps.releases.frozen(target.target);
  const considered: Considered[] = [];
  for (const { runbook, out } of prospects(target, request, freeze)) {
    const { id, level } = runbook;
    const tried = out ?? (await tryRunbook(held, run, target, runbook, gathered, choice));
    if ('operations' in tried)
      return {
        kind: 'plan',
        plan: tried,
        considered: [...considered, { level, runbook: id, outcome: 'taken', why: null }],
      };
    considered.push({ level, runbook: id, outcome: 'skipped', why: tried });
  }
  return { kind: 'none', reason: tellingReason(considered, target, request.scenario) };
}

/** Whether the release was named for a run before, of a lower level: then it binds nobody here. */
function isWish({ causedBy, floor }: RequestedRun['request']): boolean {
  return causedBy !== null && floor > 1;
}

/** Compiles a runbook to a plan, or says why it is skipped. */
async function tryRunbook(
  held: Held,
  run: RequestedRun,
  target: TargetSpec,
  runbook: Runbook,
  gathered: Gathered,
  choice: Choice,
): Promise<Plan | Reason> {
  const { deps } = held;
  const needsRelease = runbook.steps.some(step => takesRelease(deps.executors.get(step.kind), step));
  if (needsRelease && choice.kind === 'none') return choice.reason;
  if (!needsRelease && run.request.release !== null && !isWish(run.request))
    return reason('takes-no-release', { step: runbook.id });
  const to = needsRelease && choice.kind === 'chosen' ? choice.candidate : null;
  const steps: CompiledStep[] = [];
  for (const [at, step] of runbook.steps.entries()) {
    const compiled = await compileStep(held, run, step, { from: gathered.current, to: to?.release ?? null });
    if ('code' in compiled) return withStep(compiled, runbook, at);
    steps.push(compiled);
  }
  if (steps.every(({ plan }) => plan.operations.length === 0)) return reason('nothing-to-change');
  const ordered = orderSteps(steps);
  if (ordered.kind === 'refused') return ordered.reason;
  const { request } = run;
  const material = { run: run.id, request, target, runbook, steps: ordered.steps, from: gathered.current, to };
  return compilePlan(deps.hash, material);
}

async function compileStep(
  held: Held,
  run: RequestedRun,
  step: Runbook['steps'][number],
  releases: { readonly from: Gathered['current']; readonly to: Gathered['current'] },
): Promise<CompiledStep | Reason> {
  const { deps, lease } = held;
  const signal = AbortSignal.any([lease.signal, AbortSignal.timeout(stepMs)]);
  const context = { run: run.id, target: run.request.target, mode: run.request.mode, signal, ...releases };
  try {
    const executor = await loadExecutor(deps, step.kind);
    const plan = await outside(lease, signal, () => executor.plan(context, step.input));
    return { kind: step.kind, timeoutMs: step.timeoutMs, plan };
  } catch (error) {
    lease.check();
    if (error instanceof Refusal) return error.reason;
    if (signal.aborted) return reason('target-unreachable', { what: step.kind });
    deps.log.warn({ run: run.id, step: step.kind, failure: error }, 'a step could not be planned');
    return reason('plan-failed', {}, error instanceof Error ? error.message.slice(0, 300) : String(error));
  }
}

function withStep(cause: Reason, runbook: Runbook, at: number): Reason {
  if (cause.code !== 'plan-failed') return cause;
  return { ...cause, facts: { ...cause.facts, runbook: runbook.id, step: at + 1 } };
}
