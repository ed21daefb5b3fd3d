import type { Post } from '../domain/post.ts';

/** Where a thread's messages go and what was posted of it. */
export interface ThreadState {
  readonly channel: string;
  /** Slack ts of the root message; null before it is posted. */
  readonly root: string | null;
  /** Slack ts of each posted slot. */
  readonly slots: Readonly<Record<string, string>>;
}

/** A row that this relay holds now. */
export interface ClaimedPost {
  readonly post: Post;
  readonly state: ThreadState;
  /** The row's own id, put in the message's metadata. */
  readonly id: string;
  /** Slack ts where the slot is posted already: then this is an edit. */
  readonly ts: string | null;
  /** Whether an earlier relay was cut off while sending: probe before sending again. */
  readonly ambiguous: boolean;
  readonly attempts: number;
}

/** The messages that wait for Slack: in order within a thread, none lost, each once. Rows are added only by the scripts that change state. */
export interface Outbox {
  /** Claims the heads of up to `limit` ready threads, urgent ones first; a claim is over after `leaseMs`. */
  claim(limit: number, leaseMs: number): Promise<readonly ClaimedPost[]>;
  sent(row: ClaimedPost, ts: string): Promise<void>;
  /** Puts the row back for later; `ambiguous` where Slack may have taken it. */
  retry(row: ClaimedPost, afterMs: number, ambiguous: boolean): Promise<void>;
  /** Gives the row up and lets the thread go on. */
  dead(row: ClaimedPost, why: string): Promise<void>;
  /** Sends the thread to another channel: its root is posted there anew, marked as continued, with the urgent slots. */
  move(thread: string, channel: string): Promise<void>;
  /** Holds all threads of a channel until then (epoch ms): 429 or pacing. */
  holdChannel(channel: string, until: number): Promise<void>;
  thread(thread: string): Promise<ThreadState | null>;
  /** Adds rows that no state change brings, e.g. a person asked for the diff as a file. */
  add(posts: readonly Post[]): Promise<void>;
  /** The thread a Slack message belongs to, for mentions and shortcuts in threads. */
  threadOf(channel: string, ts: string): Promise<string | null>;
  /** Rows waiting and rows given up. */
  counts(): Promise<{ readonly waiting: number; readonly dead: number }>;
}
