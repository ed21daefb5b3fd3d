import { type RunId, shortRunId, targetParts } from '../src/domain/ids.ts';
import { Refusal, reason } from '../src/domain/reason.ts';
import type { Run } from '../src/domain/run.ts';
import { isFinal } from '../src/domain/status.ts';
import { readRun } from './change.ts';
import type { DoorDeps } from './deps.ts';
import { latestRun } from './look.ts';
import { mustHaveWorker, mustNotBeFrozen } from './order.ts';
import { createRun, plainOrder, requestOf, type Started } from './start.ts';
import { mustHold, type Visit } from './visit.ts';

/** A run begun to undo another; `knownBad` names the release it would bring back where that is known to be bad. */
export interface UndoStarted extends Started {
  readonly of: Run;
  readonly knownBad: string | null;
}

/** Begins a run that restores what a rollback replaced: the latest of its target only, through the same approval. */
export async function undoRun(deps: DoorDeps, visit: Visit, id: RunId, why: string): Promise<UndoStarted> {
  await mustHold(deps, visit, 'undo');
  const { run } = await readRun(deps, id);
  await mustBeLatest(deps, run);
  const { service, environment } = targetParts(run.request.target);
  const target = visit.catalogue.services[service]?.environments[environment];
  if (!target) throw new Refusal(reason('unknown-environment', { service, name: environment }));
  const { plan, request } = run;
  if (plan) await mustNotBeFrozen(deps, target, plan.level);
  await mustHaveWorker(deps, target);
  const order = {
    ...plainOrder(target, why),
    level: plan?.level ?? null,
    strategy: plan?.strategy ?? null,
    release: plan?.from?.key ?? null,
    scenario: request.scenario,
    undoOf: run.id,
  };
  const started = await createRun(deps, visit, requestOf(visit, order));
  return { ...started, of: run, knownBad: await knownBad(deps, run) };
}

/** Refuses to undo what did nothing, and any run but the latest of its target. */
export async function mustBeLatest(deps: DoorDeps, run: Run): Promise<void> {
  const latest = await latestRun(deps, run);
  if (latest && latest.id !== run.id) throw new Refusal(reason('not-latest-run', { runs: [shortRunId(latest.id)] }));
  if (run.status === 'succeeded' || run.status === 'partial') return;
  const why = isFinal(run.status) ? reason('nothing-to-undo') : reason('run-not-over', { run: shortRunId(run.id) });
  throw new Refusal(why);
}

/** The version an undo would bring back where it is graded bad or suspect, or null. */
export async function knownBad(deps: DoorDeps, run: Run): Promise<string | null> {
  const from = run.plan?.from;
  if (!from) return null;
  const known = (await deps.releases.list(run.request.target)).find(release => release.key === from.key);
  const grade = known?.grade ?? from.grade;
  return grade === 'bad' || grade === 'suspect' ? from.version : null;
}
