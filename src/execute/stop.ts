import type { RunEventBody } from '../domain/event.ts';
import { rootPost, stopPost, stopsIn } from '../domain/post.ts';
import type { Reason } from '../domain/reason.ts';
import type { RunWithLog } from '../domain/run.ts';
import type { Change } from '../ports/run-store.ts';
import type { Situation } from './situation.ts';

/** How long after a stop those who must act are told once more, in ms. */
const stopReminderMs = 15 * 60_000;

/** The change that stops a run for a person: a new message that mentions who must act, and one reminder later. */
export function stopChange({ run, events }: RunWithLog, cause: Reason, found: Situation): Omit<Change, 'notAfter'> {
  const stopped: RunEventBody = { kind: 'stopped', reason: cause, ...found, status: 'needs-operator' };
  return {
    events: [stopped],
    setTimers: { 'stop-reminder': stopReminderMs },
    posts: [rootPost(run.id, 'urgent'), stopPost(run.id, stopsIn(events) + 1)],
  };
}
