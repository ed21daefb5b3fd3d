import type { MessageMetadata } from '@slack/types';
import type { WebClient } from '@slack/web-api';
import type { Screen } from '../../domain/screen.ts';
import type { Log } from '../../ports/log.ts';
import type { Delivery, Notifier } from '../../ports/notifier.ts';
import type { SlackClients } from './clients.ts';
import { asClassic, asDrawn, asText, type Shown } from './fallbacks.ts';
import { attachFiles } from './files.ts';
import { type Outcome, outcomeOf, whyFailed } from './outcome.ts';
import { findMessage } from './search.ts';

/** What the notifier needs. */
export interface NotifierDeps {
  readonly clients: SlackClients;
  readonly log: Log;
}

type PostRequest = Parameters<Notifier['post']>[0];
type EditRequest = Parameters<Notifier['edit']>[0];

/** The event type in the metadata of our messages; the payload holds the outbox row's id and nothing else. */
export const metadataType = 'backout_message';

const metadata = (id: string): MessageMetadata => ({ event_type: metadataType, event_payload: { id } });

/** A ts, or why there is none. */
type Attempt = { readonly kind: 'sent'; readonly ts: string } | Outcome;

async function attempt(method: 'post' | 'edit', call: () => Promise<{ ts?: string }>): Promise<Attempt> {
  try {
    const { ts } = await call();
    return ts === undefined ? { kind: 'ambiguous', why: 'no ts in the answer' } : { kind: 'sent', ts };
  } catch (failure) {
    return outcomeOf(failure, method);
  }
}

const isContent = (one: Attempt): boolean => one.kind === 'bad-blocks' || one.kind === 'too-long';

/** Sends a screen as drawn, then with classic blocks, then as text: a message never fails because of its content. */
async function degrade(
  { log }: NotifierDeps,
  screen: Screen,
  send: (shown: Shown) => Promise<Attempt>,
): Promise<{ result: Attempt; shown: Shown }> {
  const drawn = asDrawn(screen);
  const first = await send(drawn);
  if (!isContent(first)) return { result: first, shown: drawn };
  log.error({ outcome: first }, 'Slack refused a message as drawn; sending it simpler');
  const classic = first.kind === 'bad-blocks' ? asClassic(screen) : null;
  const second = classic && (await send(classic));
  if (classic && second && !isContent(second)) return { result: second, shown: classic };
  const text = asText(screen);
  return { result: await send(text), shown: text };
}

/** Attaches what goes along; a message whose file is missing counts as ambiguous, so that it is looked at again. */
async function finish(deps: NotifierDeps, result: Attempt, shown: Shown, at: FilePlace): Promise<Delivery> {
  if (result.kind === 'bad-blocks') return { kind: 'refused', why: result.why };
  if (result.kind === 'too-long') return { kind: 'refused', why: 'msg_too_long' };
  if (result.kind !== 'sent' || shown.files.length === 0) return result;
  try {
    await attachFiles(deps.clients.timeline, { ...at, thread: at.thread ?? result.ts }, shown.files);
    return result;
  } catch (failure) {
    deps.log.warn({ why: whyFailed(failure) }, 'A file was not attached; trying again');
    return { kind: 'ambiguous', why: `file: ${whyFailed(failure)}` };
  }
}

interface FilePlace {
  readonly channel: string;
  readonly thread: string | null;
  /** Whether the file may be there already from an earlier attempt. */
  readonly maybeThere: boolean;
}

async function post(deps: NotifierDeps, { channel, thread, id, screen }: PostRequest): Promise<Delivery> {
  const { result, shown } = await degrade(deps, screen, one =>
    attempt('post', () =>
      deps.clients.timeline.chat.postMessage({
        channel,
        text: one.text,
        ...(one.blocks.length > 0 && { blocks: [...one.blocks] }),
        ...(thread && { thread_ts: thread }),
        metadata: metadata(id),
        unfurl_links: false,
        unfurl_media: false,
      }),
    ),
  );
  return finish(deps, result, shown, { channel, thread, maybeThere: false });
}

async function edit(deps: NotifierDeps, { channel, thread = null, ts, id, screen }: EditRequest): Promise<Delivery> {
  const { result, shown } = await degrade(deps, screen, one =>
    attempt('edit', () =>
      deps.clients.timeline.chat.update({
        channel,
        ts,
        text: one.text,
        blocks: [...one.blocks],
        metadata: metadata(id),
      }),
    ),
  );
  return finish(deps, result, shown, { channel, thread, maybeThere: true });
}

async function whisper(client: WebClient, log: Log, message: Parameters<Notifier['whisper']>[0]): Promise<void> {
  const { text, blocks } = asDrawn(message.screen);
  try {
    await client.chat.postEphemeral({ channel: message.channel, user: message.user, text, blocks: [...blocks] });
  } catch (failure) {
    log.info({ why: whyFailed(failure) }, 'An ephemeral message was not shown');
  }
}

/** Makes the notifier that the outbox's relay speaks through. */
export function createNotifier(deps: NotifierDeps): Notifier {
  return {
    post: message => post(deps, message),
    edit: message => edit(deps, message),
    whisper: message => whisper(deps.clients.interactive, deps.log, message),
    async probe({ channel, thread, id }) {
      try {
        return { ts: await findMessage(deps.clients.timeline, { channel, thread, type: metadataType, id }) };
      } catch (failure) {
        deps.log.info({ why: whyFailed(failure) }, 'A channel could not be searched for an earlier attempt');
        return null;
      }
    },
  };
}
