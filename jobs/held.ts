import { heldOperations } from '../src/domain/held.ts';
import { heldPost } from '../src/domain/post.ts';
import type { RunWithLog } from '../src/domain/run.ts';
import type { ReleaseStore } from '../src/ports/release-store.ts';
import type { Change } from '../src/ports/run-store.ts';

/** How often people are reminded of what a run left suspended, in ms. */
export const heldReminderMs = 24 * 3_600_000;

/** Reminds of what a run left suspended, again and again while its hold stands. */
export async function heldReminder(
  releases: Pick<ReleaseStore, 'holds'>,
  { run }: RunWithLog,
  at: number,
): Promise<Change> {
  const holds = await releases.holds(run.request.target);
  const stands = holds.some(hold => hold.run === run.id) && heldOperations(run).length > 0;
  if (!stands) return { events: [], clearTimers: ['held-reminder'] };
  return { events: [], posts: [heldPost(run.id, at)], setTimers: { 'held-reminder': heldReminderMs } };
}
