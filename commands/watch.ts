import type { RunId } from '../src/domain/ids.ts';
import { isFinal } from '../src/domain/status.ts';
import { changeRun } from './change.ts';
import type { DoorDeps } from './deps.ts';
import type { Visit } from './visit.ts';

/** Notes that a person wants to be told when a run is over; answers whether it is over already. */
export async function watchRun(deps: DoorDeps, visit: Visit, id: RunId): Promise<boolean> {
  const { answer } = await changeRun(deps, visit, id, ({ run, events }) => {
    if (isFinal(run.status)) return { only: true };
    const asked = events.some(
      event => event.kind === 'watch-asked' && event.by.kind === 'person' && event.by.person === visit.member.id,
    );
    if (asked) return { only: false };
    return { change: { events: [{ kind: 'watch-asked', by: visit.actor }] }, answer: false };
  });
  return answer;
}
