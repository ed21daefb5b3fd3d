import type { WebClient } from '@slack/web-api';
import type { Screen } from '../../domain/screen.ts';
import type { Log } from '../../ports/log.ts';
import type { SlackClients } from './clients.ts';
import { asDrawn, asText, type Shown } from './fallbacks.ts';
import { attachFiles } from './files.ts';
import { whyFailed } from './outcome.ts';
import type { Place } from './payload.ts';

/** What telling a person something needs. */
export interface TellDeps {
  readonly clients: SlackClients;
  readonly log: Log;
}

/** Who sees an answer: the person alone, or everybody in the channel. */
export type Audience = 'person' | 'channel';

/** The body of an answer, for an ack and for a response_url alike. */
export function answerBody(screen: Screen, to: Audience) {
  const { text, blocks } = asDrawn(screen);
  const response_type = to === 'person' ? ('ephemeral' as const) : ('in_channel' as const);
  return { response_type, text, ...(blocks.length > 0 && { blocks: [...blocks] }) };
}

async function byUrl(url: string, place: Place, screen: Screen, to: Audience): Promise<void> {
  const thread = place.thread ? { thread_ts: place.thread } : {};
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...answerBody(screen, to), replace_original: false, ...thread }),
    signal: AbortSignal.timeout(2000),
  });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`response_url answered ${answer.status}`);
}

async function inChannel(client: WebClient, channel: string, place: Place, shown: Shown, to: Audience): Promise<void> {
  const thread = place.thread ? { thread_ts: place.thread } : {};
  const message = {
    channel,
    text: shown.text,
    ...(shown.blocks.length > 0 && { blocks: [...shown.blocks] }),
    ...thread,
  };
  if (to === 'person') await client.chat.postEphemeral({ ...message, user: place.user });
  else await client.chat.postMessage(message);
}

/** The ways to reach somebody, best first: the response_url, the channel, a direct message; drawn, then as text. */
function waysTo({ clients }: TellDeps, place: Place, screen: Screen, to: Audience): (() => Promise<unknown>)[] {
  const client = clients.interactive;
  const { responseUrl: url, channel, user } = place;
  const text = asText(screen).text;
  return [
    ...(url ? [() => byUrl(url, place, screen, to)] : []),
    ...(channel ? [() => inChannel(client, channel, place, asDrawn(screen), to)] : []),
    ...(channel ? [() => inChannel(client, channel, place, asText(screen), to)] : []),
    () => client.chat.postMessage({ channel: user, text }),
  ];
}

/** A person who asked for something long gets it as a file in a direct message: ephemerals carry none. */
async function sendFiles({ clients, log }: TellDeps, place: Place, files: Shown['files']): Promise<void> {
  try {
    const opened = await clients.timeline.conversations.open({ users: place.user });
    const channel = opened.channel?.id;
    if (!channel) return;
    const { ts } = await clients.timeline.chat.postMessage({ channel, text: files.map(file => file.name).join(', ') });
    if (ts) await attachFiles(clients.timeline, { channel, thread: ts, maybeThere: false }, files);
  } catch (failure) {
    log.warn({ why: whyFailed(failure) }, 'A file was not handed to the person who asked for it');
  }
}

/** Sends an answer's files to the person, where it has any. */
export async function tellFiles(deps: TellDeps, place: Place, screen: Screen): Promise<void> {
  const { files } = asDrawn(screen);
  if (files.length > 0) await sendFiles(deps, place, files);
}

/** Tells a person (or the channel) something by the first way that works; never throws. */
export async function tell(deps: TellDeps, place: Place, screen: Screen, to: Audience): Promise<void> {
  for (const way of waysTo(deps, place, screen, to)) {
    try {
      await way();
      await tellFiles(deps, place, screen);
      return;
    } catch (failure) {
      deps.log.info({ why: whyFailed(failure) }, 'An answer did not arrive; trying another way');
    }
  }
  deps.log.warn({ user: place.user }, 'An answer did not reach the person');
}
