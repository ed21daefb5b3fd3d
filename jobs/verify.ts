import type { CheckResult, Verdict } from '../src/domain/check.ts';
import { systemActor } from '../src/domain/person.ts';
import { rootPost, verdictPost } from '../src/domain/post.ts';
import { type Reason, Refusal, reason } from '../src/domain/reason.ts';
import type { DrivenRun, RunWithLog } from '../src/domain/run.ts';
import { failingChange } from '../src/execute/execute-plan.ts';
import { situation } from '../src/execute/situation.ts';
import { stopChange } from '../src/execute/stop.ts';
import { runChecks, type VerifyDeps } from '../src/verify/run-checks.ts';
import { judgeChecks } from '../src/verify/verdict.ts';
import { pause } from './pause.ts';
import { executeDeps, type Held, type Stage, writeHeld } from './stage.ts';

/** How many checks of one run are asked at once. */
const checksAtOnce = 4;

/** Verifies what was executed: done is a verdict, never an exit code (promise 5). What only a person can answer waits outside the job. */
export const verify: Stage = async (held, found) => {
  const run = found.run as DrivenRun;
  if (run.stopAsked) return stop(held, found, reason('cancelled-by-person', askedBy(found)));
  const { deps, lease, turn } = held;
  const since = run.since.verifying ?? run.updatedAt;
  const signal = AbortSignal.any([lease.signal, turn.stopping]);
  const onResult = (result: CheckResult) => journalResult(held, run, result);
  const offset = (await deps.store.now()) - Date.now();
  await runChecks(verifyDeps(held, offset), run.plan.checks, { run, since, signal, onResult });
  lease.check();
  const [after, now] = await Promise.all([deps.store.read(run.id), deps.store.now()]);
  if (after?.run.status !== 'verifying') return 'on';
  const judged = judgeChecks(run.plan.checks, after.run.checks, now);
  if (judged.kind === 'open') return 'rest';
  if (judged.kind === 'passed') return succeed(held, run, judged.verdict);
  if (run.plan.onFailure === 'compensate') {
    await writeHeld(held, run, failingChange(run, judged.reason));
    return 'on';
  }
  return stop(held, after, judged.reason);
};

function verifyDeps({ deps }: Held, offset: number): VerifyDeps {
  return {
    check: async kind => {
      const entry = deps.checks.get(kind);
      if (!entry) throw new Refusal(reason('plan-failed', { step: kind }));
      return entry.load();
    },
    now: () => Date.now() + offset,
    sleep: pause,
    atOnce: checksAtOnce,
  };
}

async function journalResult(held: Held, run: DrivenRun, result: CheckResult): Promise<void> {
  await writeHeld(held, run, { events: [{ kind: 'check-ended', result }], posts: [rootPost(run.id)] });
  await held.deps.crashPoint('check-ended', run.id);
}

async function succeed(held: Held, run: DrivenRun, verdict: Verdict): Promise<'on'> {
  const by = systemActor(held.deps.worker);
  await writeHeld(held, run, {
    events: [{ kind: 'ended', status: 'succeeded', reason: null, by, verdict }],
    posts: [rootPost(run.id, 'urgent'), verdictPost(run.id)],
  });
  await held.deps.crashPoint('run-ended', run.id);
  return 'on';
}

async function stop(held: Held, found: RunWithLog, cause: Reason): Promise<'on'> {
  const run = found.run as DrivenRun;
  const left = await situation(executeDeps(held), held.lease, run.plan, run.journal, 'apply');
  await writeHeld(held, run, stopChange(found, cause, left));
  return 'on';
}

function askedBy({ events }: RunWithLog): Reason['facts'] {
  const asked = events.findLast(event => event.kind === 'stop-asked');
  return asked ? { by: asked.by.name } : {};
}
