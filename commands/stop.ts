import type { RunId } from '../src/domain/ids.ts';
import { cardPost, replyPost, rootPost } from '../src/domain/post.ts';
import { reason } from '../src/domain/reason.ts';
import type { Run, RunWithLog } from '../src/domain/run.ts';
import type { RunStatus } from '../src/domain/status.ts';
import { changeRun, type Decision } from './change.ts';
import type { DoorDeps } from './deps.ts';
import { mustHold, type Visit } from './visit.ts';

/** What became of a wish to stop: the run is cancelled, its driver is asked to stop, or there is nothing to stop. */
export type Stopped = 'cancelled' | 'stop-asked' | 'nothing-to-stop';

const untouched: ReadonlySet<RunStatus> = new Set([
  'requested',
  'planned',
  'awaiting-approval',
  'approved',
  'preflight',
]);

/** Stops a run: one that has touched nothing ends here and now, one that acts is asked to stop at the next step's end and to put back. */
export async function stopRun(
  deps: DoorDeps,
  visit: Visit,
  id: RunId,
  why: string | null,
): Promise<{ readonly stopped: Stopped; readonly run: Run }> {
  const { answer, before } = await changeRun(deps, visit, id, found => decide(deps, visit, found, why));
  return { stopped: answer, run: before.run };
}

async function decide(
  deps: DoorDeps,
  visit: Visit,
  { run }: RunWithLog,
  why: string | null,
): Promise<Decision<Stopped>> {
  const { by } = run.request;
  const own = by.kind === 'person' && by.person === visit.member.id;
  if (!own) await mustHold(deps, visit, 'cancel');
  if (untouched.has(run.status)) {
    const cause = reason('cancelled-by-person', { by: visit.member.name }, why ?? undefined);
    const cards = run.approval ? [cardPost(run.id)] : [];
    return {
      change: {
        events: [{ kind: 'ended', status: 'cancelled', reason: cause, by: visit.actor }],
        clearTimers: ['remind', 'expire'],
        posts: [rootPost(run.id, 'urgent'), ...cards],
      },
      answer: 'cancelled',
    };
  }
  if (run.status !== 'executing') return { only: 'nothing-to-stop' };
  if (run.stopAsked) return { only: 'stop-asked' };
  return {
    change: {
      events: [{ kind: 'stop-asked', by: visit.actor, reason: why ?? '' }],
      posts: [rootPost(run.id, 'urgent'), replyPost(run.id, run.version + 1, 'stop-asked')],
    },
    answer: 'stop-asked',
  };
}
