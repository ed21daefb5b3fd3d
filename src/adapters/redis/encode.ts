import type { RunEventBody } from '../../domain/event.ts';
import type { Post } from '../../domain/post.ts';
import type { Change } from '../../ports/run-store.ts';

/** A script's arguments. */
export type Args = (string | number)[];

/** Writes events for `take_events()`: what the scripts judge stands beside the JSON, which they only keep. */
export function eventArgs(events: readonly RunEventBody[]): Args {
  const args: Args = [events.length];
  for (const event of events) {
    const status = 'status' in event && event.status ? event.status : '';
    const phase = 'phase' in event ? event.phase : '';
    const index = 'index' in event ? event.index : '';
    args.push(event.kind, status, phase, index, JSON.stringify(event));
  }
  return args;
}

/** Writes messages for `take_posts()`. */
export function postArgs(posts: readonly Post[] = []): Args {
  return [posts.length, ...posts.flatMap(post => [post.thread, post.slot, post.urgency, JSON.stringify(post)])];
}

/** Writes timers for `take_timers()`: those to set with their delay in ms, then those to clear. */
export function timerArgs(change: Pick<Change, 'setTimers' | 'clearTimers'>): Args {
  const set = Object.entries(change.setTimers ?? {});
  const clear = change.clearTimers ?? [];
  return [set.length, ...set.flat(), clear.length, ...clear];
}
