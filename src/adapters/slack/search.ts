import type { ConversationsHistoryResponse, ConversationsRepliesResponse, WebClient } from '@slack/web-api';
import { slackCode } from './outcome.ts';

/** A message to look for: where, and the id in its metadata. */
export interface Wanted {
  readonly channel: string;
  /** Null to look among the channel's own messages. */
  readonly thread: string | null;
  readonly type: string;
  readonly id: string;
}

type Message = NonNullable<(ConversationsHistoryResponse & ConversationsRepliesResponse)['messages']>[number];

/** Pages read at most: a thread of ours has tens of messages, a channel's newest 1,000 reach back far enough. */
const pages = { count: 5, size: 200 } as const;

const carries = (message: Message, wanted: Wanted): boolean => {
  const payload = message.metadata?.event_payload as { id?: unknown } | undefined;
  return message.metadata?.event_type === wanted.type && payload?.id === wanted.id;
};

/** Reads the messages of a thread (oldest first) or a channel (newest first), page by page. */
export async function* readMessages(
  client: WebClient,
  channel: string,
  thread: string | null,
): AsyncGenerator<Message> {
  let cursor: string | undefined;
  for (let page = 0; page < pages.count; page += 1) {
    const common = { channel, limit: pages.size, include_all_metadata: true, ...(cursor && { cursor }) };
    const answer = await (thread
      ? client.conversations.replies({ ...common, ts: thread })
      : client.conversations.history(common));
    yield* (answer.messages ?? []) as Message[];
    cursor = answer.response_metadata?.next_cursor;
    if (!cursor) return;
  }
}

/** The ts of the message that carries the id, or null; throws where Slack could not be asked. */
export async function findMessage(client: WebClient, wanted: Wanted): Promise<string | null> {
  try {
    for await (const message of readMessages(client, wanted.channel, wanted.thread)) {
      if (carries(message, wanted)) return message.ts ?? null;
    }
    return null;
  } catch (failure) {
    // A thread that is gone, or a channel we are no longer in, holds no message of ours to adopt.
    const empty = ['thread_not_found', 'message_not_found', 'channel_not_found', 'not_in_channel'];
    if (empty.includes(slackCode(failure) ?? '')) return null;
    throw failure;
  }
}
