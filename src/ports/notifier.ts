import type { Screen } from '../domain/screen.ts';

/** What became of one attempt to tell Slack something. */
export type Delivery =
  | { readonly kind: 'sent'; readonly ts: string }
  /** Told to wait. */
  | { readonly kind: 'later'; readonly afterMs: number; readonly scope: 'method' | 'channel' }
  /** Cut off: Slack may have taken it. */
  | { readonly kind: 'ambiguous'; readonly why: string }
  /** Not taken, try again: 5xx, refused connection. */
  | { readonly kind: 'failed'; readonly why: string }
  /** The message to edit, or the root to reply to, is gone. */
  | { readonly kind: 'gone' }
  /** This channel does not take it: not a member, archived, deleted, read-only. */
  | { readonly kind: 'wrong-channel'; readonly why: string }
  /** Slack will never take it. */
  | { readonly kind: 'refused'; readonly why: string };

/** Tells people things in Slack. Falls back by itself: classic blocks and then plain text on `invalid_blocks`, a file where it is too long. */
export interface Notifier {
  post(message: {
    readonly channel: string;
    readonly thread: string | null;
    readonly id: string;
    readonly screen: Screen;
  }): Promise<Delivery>;
  edit(message: {
    readonly channel: string;
    /** The thread the message stands in, for a file that goes along; absent for a root. */
    readonly thread?: string | null;
    readonly ts: string;
    readonly id: string;
    readonly screen: Screen;
  }): Promise<Delivery>;
  /** Looks whether a message with this id stands in the channel or thread already; its ts, or null. */
  probe(message: {
    readonly channel: string;
    readonly thread: string | null;
    readonly id: string;
  }): Promise<{ readonly ts: string | null } | null>;
  /** Shows something to one person; best effort. */
  whisper(message: { readonly channel: string; readonly user: string; readonly screen: Screen }): Promise<void>;
}
