import type { RunEvent, RunEventKind } from './event.ts';
import type { ProposalId, RunId } from './ids.ts';

/** The screens an outbox row can ask for; each is a pure function in `templates/`. */
export const postScreens = [
  'root',
  'card',
  'reminder',
  'needs-operator',
  'verdict',
  'record',
  'diff',
  'logs',
  'reply',
  'held',
  'proposal',
] as const;

/** A screen an outbox row asks for. */
export type PostScreen = (typeof postScreens)[number];

/**
 * One message of a thread, by name: the slot. The first row of a slot posts, later rows edit; a pending edit is replaced by a newer one.
 * The relay renders the slot from the run as it then stands, so no words wait in the outbox.
 */
export interface Post {
  /** The thread: a run's or a proposal's id. */
  readonly thread: string;
  readonly slot: string;
  readonly screen: PostScreen;
  /** `urgent` rows (cards, needs-operator, results) go before other threads' progress. */
  readonly urgency: 'urgent' | 'progress';
  /** Sequence number of the event a reply tells of, where it tells of one; with `tells`, the least it can be. */
  readonly event?: number;
  /** The kind of that event: somebody else's may have slipped in before it. */
  readonly tells?: RunEventKind;
}

/** The root row of a run's thread: the first post, edited as the run lives. */
export function rootPost(run: RunId, urgency: Post['urgency'] = 'progress'): Post {
  return { thread: run, slot: 'root', screen: 'root', urgency };
}

/** The approval card: a message that mentions who is asked, edited to its outcome. */
export function cardPost(run: RunId): Post {
  return { thread: run, slot: 'card', screen: 'card', urgency: 'urgent' };
}

/** The reminder to those who were asked, shortly before the deadline. */
export function reminderPost(run: RunId): Post {
  return { thread: run, slot: 'reminder', screen: 'reminder', urgency: 'urgent' };
}

/** The call for a person, one for each time the run stops; `nth` counts the stops from 1. */
export function stopPost(run: RunId, nth: number): Post {
  return { thread: run, slot: `stop-${nth}`, screen: 'needs-operator', urgency: 'urgent' };
}

/** How often a run has stopped for a person so far. */
export function stopsIn(events: readonly Pick<RunEvent, 'kind'>[]): number {
  return events.filter(event => event.kind === 'stopped').length;
}

/** The verdict of verification. */
export function verdictPost(run: RunId): Post {
  return { thread: run, slot: 'verdict', screen: 'verdict', urgency: 'urgent' };
}

/** The complete record, posted once at the end. */
export function recordPost(run: RunId): Post {
  return { thread: run, slot: 'record', screen: 'record', urgency: 'progress' };
}

/** The name under which is kept what a `logs-asked` event of that number asked for. */
export function logsName(run: RunId, asked: number): string {
  return `logs:${run}:${asked}`;
}

/** The file with how the plan's objects stand and what they logged, for the `logs-asked` event of that number. */
export function logsPost(run: RunId, asked: number): Post {
  return { thread: run, slot: `logs-${asked}`, screen: 'logs', urgency: 'urgent', event: asked };
}

/** The reminder of what a run left suspended; each is a message of its own, `at` is when (epoch ms). */
export function heldPost(run: RunId, at: number): Post {
  return { thread: run, slot: `held-${at}`, screen: 'held', urgency: 'progress' };
}

/** A line of the timeline that tells one event of the run's log: the first of its kind from a number on. */
export function replyPost(run: RunId, event: number, tells: RunEventKind): Post {
  return { thread: run, slot: `reply-${event}-${tells}`, screen: 'reply', urgency: 'progress', event, tells };
}

/** The one message of a proposal, edited to its outcome. */
export function proposalPost(proposal: ProposalId): Post {
  return { thread: proposal, slot: 'root', screen: 'proposal', urgency: 'urgent' };
}
