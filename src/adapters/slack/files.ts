import { Buffer } from 'node:buffer';
import type { WebClient } from '@slack/web-api';
import { readMessages } from './search.ts';

/** Where files go, and whether an earlier attempt may have brought them there. */
export interface FilePlace {
  readonly channel: string;
  readonly thread: string;
  readonly maybeThere: boolean;
}

type Attachment = { readonly name: string; readonly content: string };

/** Names and sizes of the files that a thread holds. */
async function present(client: WebClient, { channel, thread }: FilePlace): Promise<Set<string>> {
  const found = new Set<string>();
  for await (const message of readMessages(client, channel, thread)) {
    for (const file of message.files ?? []) found.add(`${file.name}/${file.size}`);
  }
  return found;
}

/** Uploads files into a thread, each once; throws where Slack did not take one. */
export async function attachFiles(client: WebClient, place: FilePlace, files: readonly Attachment[]): Promise<void> {
  const there = place.maybeThere ? await present(client, place) : new Set<string>();
  for (const { name, content } of files) {
    if (there.has(`${name}/${Buffer.byteLength(content)}`)) continue;
    await client.filesUploadV2({
      channel_id: place.channel,
      thread_ts: place.thread,
      filename: name,
      title: name,
      content,
    });
  }
}
