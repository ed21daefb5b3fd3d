import { systemActor } from '../src/domain/person.ts';
import { cardPost, reminderPost, replyPost, rootPost, stopsIn } from '../src/domain/post.ts';
import { reason } from '../src/domain/reason.ts';
import type { RunWithLog } from '../src/domain/run.ts';
import type { Doorbell } from '../src/ports/doorbell.ts';
import type { ReleaseStore } from '../src/ports/release-store.ts';
import type { Change, RunStore, Tick, TimerName } from '../src/ports/run-store.ts';
import { heldReminder } from './held.ts';

/** What firing timers needs. */
export interface TimerDeps {
  readonly store: Pick<RunStore, 'read' | 'change'>;
  readonly doorbell: Pick<Doorbell, 'ring'>;
  readonly releases: Pick<ReleaseStore, 'holds'>;
}

/** How often a timer is decided anew when somebody changes the run at the same moment. */
const attempts = 5;

/** Fires a timer that is over: exactly one process wins, since the change that takes its effect also clears it. */
export async function fireTimer(deps: TimerDeps, { run: id, timer, at }: Tick['due'][number]): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const found = await deps.store.read(id);
    if (!found) return;
    const effect = timer === 'held-reminder' ? await heldReminder(deps.releases, found, at) : effects[timer](found);
    const result = await deps.store.change(id, { version: found.run.version }, effect);
    if (result.ok || result.why !== 'conflict') {
      if (result.ok && !reminders.has(timer)) await deps.doorbell.ring(id, `${timer}.${at}`, found.run.request.runsOn);
      return;
    }
  }
}

/** Timers that only tell somebody something: no work follows. */
const reminders: ReadonlySet<TimerName> = new Set(['remind', 'held-reminder']);

const effects: Readonly<Record<Exclude<TimerName, 'held-reminder'>, (found: RunWithLog) => Change>> = {
  remind: ({ run }) =>
    run.status === 'awaiting-approval'
      ? { events: [{ kind: 'reminded' }], clearTimers: ['remind'], posts: [reminderPost(run.id)] }
      : { events: [], clearTimers: ['remind'] },
  expire: ({ run }) =>
    run.status === 'awaiting-approval'
      ? {
          events: [{ kind: 'ended', status: 'expired', reason: reason('approval-expired'), by: systemActor('timer') }],
          clearTimers: ['remind', 'expire'],
          posts: [rootPost(run.id, 'urgent'), cardPost(run.id), replyPost(run.id, run.version + 1, 'ended')],
        }
      : { events: [], clearTimers: ['expire'] },
  'stop-reminder': ({ run, events }) =>
    run.status === 'needs-operator'
      ? {
          events: [],
          clearTimers: ['stop-reminder'],
          posts: [
            { thread: run.id, slot: `stop-${stopsIn(events)}-again`, screen: 'needs-operator', urgency: 'urgent' },
          ],
        }
      : { events: [], clearTimers: ['stop-reminder'] },
};
