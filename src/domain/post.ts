import type { RunId } from './ids.ts';

/** The screens an outbox row can ask for; each is a pure function in `templates/`. */
export const postScreens = [
  'root',
  'card',
  'reminder',
  'needs-operator',
  'verdict',
  'record',
  'diff',
  'reply',
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
  /** Sequence number of the event a reply tells of, where it tells of one. */
  readonly event?: number;
}

/** The root row of a run's thread: the first post, edited as the run lives. */
export function rootPost(run: RunId, urgency: Post['urgency'] = 'progress'): Post {
  return { thread: run, slot: 'root', screen: 'root', urgency };
}
