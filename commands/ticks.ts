import type { RunId } from '../src/domain/ids.ts';
import { rootPost } from '../src/domain/post.ts';
import { Refusal, reason } from '../src/domain/reason.ts';
import { changeRun } from './change.ts';
import type { DoorDeps } from './deps.ts';
import { mustHold, type Visit } from './visit.ts';

/** A box of the checklist that a person answers: `index` is the check's place in the plan. */
export interface Tick {
  readonly run: RunId;
  readonly index: number;
  readonly passed: boolean;
}

/** Notes a person's answer to a box of the checklist; answers the check's title. The first answer counts. */
export async function tickCheck(deps: DoorDeps, visit: Visit, tick: Tick): Promise<string> {
  const { answer } = await changeRun(deps, visit, tick.run, async ({ run }) => {
    const check = run.plan?.checks[tick.index];
    if (!check || run.status !== 'verifying') throw new Refusal(reason('stale-card'));
    if (run.ticks[check.id] !== undefined) throw new Refusal(reason('already-decided'));
    const { by } = run.request;
    if (by.kind !== 'person' || by.person !== visit.member.id) await mustHold(deps, visit, 'request');
    const event = { kind: 'check-ticked', check: check.id, by: visit.actor, passed: tick.passed } as const;
    return { change: { events: [event], posts: [rootPost(run.id, 'urgent')] }, answer: check.title };
  });
  return answer;
}
