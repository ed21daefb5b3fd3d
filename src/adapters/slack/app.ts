import type { RequestListener } from 'node:http';
import type { App, Context, HTTPReceiver, SocketModeReceiver, ViewSubmitAction } from '@slack/bolt';
import type { Answering } from '../../ports/answering.ts';
import type { Once } from '../../ports/once.ts';
import type { SlackAccess } from './clients.ts';
import { countedAsAnswer, freshness, refuseFuture, rememberRequests, signatureProperty } from './guard.ts';
import {
  type Came,
  type ListenerDeps,
  onCommand,
  onMention,
  onPress,
  onShortcut,
  onSubmission,
  onSuggestion,
} from './listeners.ts';
import { slackLogger } from './logger.ts';
import { shortcutId } from './manifest.ts';
import { createSocket, type Socket, socketOptions } from './socket.ts';

/** How requests come in: signed HTTP requests, or Socket Mode where an app token is set. */
export interface SlackDoor extends SlackAccess {
  readonly signingSecret: string | null;
  readonly appToken: string | null;
}

/** What the app needs besides its listeners' needs. */
export interface AppDeps extends ListenerDeps {
  readonly once: Once;
  readonly answering: Pick<Answering, 'begin'>;
}

/** The front door in Slack. */
export interface SlackApp {
  /** Serves POST `/slack/events`; null in Socket Mode. */
  readonly listener: RequestListener | null;
  /** Learns the bot's identity and connects the socket, both in the background: Slack being away stops no start. */
  start(): void;
  stop(): Promise<void>;
  /** What is wrong with the socket, null where nothing is or HTTP is used. */
  trouble(): string | null;
}

/** The path that Slack's requests come to. */
const slackPath = '/slack/events';

const came = (body: unknown, context: Context): Came => ({ body, fresh: freshness(context) });

/** Every name there is: Bolt asks each listener about each request, so there is one of a kind, and the tables of routes pick by name. */
const everyName = /[\s\S]*/;

/** Listens to all that Slack may send; names that no table holds are answered as stale. */
function listen(app: App, deps: AppDeps): void {
  app.command(everyName, ({ body, context, ack }) => onCommand(deps, came(body, context), ack));
  app.shortcut(shortcutId, ({ body, context, ack }) => onShortcut(deps, came(body, context), ack));
  app.event('app_mention', ({ body, context }) => onMention(deps, came(body, context)));
  app.action(everyName, ({ body, context, ack }) => onPress(deps, came(body, context), ack));
  app.options(everyName, ({ body, context, ack }) => onSuggestion(deps, came(body, context), ack));
  app.view<ViewSubmitAction>(everyName, ({ body, context, ack }) => onSubmission(deps, came(body, context), ack));
  app.view({ type: 'view_closed', callback_id: everyName }, ({ ack }) => ack());
  app.error(async failure => deps.log.error({ err: failure }, 'A request from Slack failed'));
}

/** Makes the app on a receiver; `authorize` is static, so that Slack being away loses no command. */
async function createBolt(door: SlackDoor, deps: AppDeps, receiver: HTTPReceiver | SocketModeReceiver): Promise<App> {
  const { App } = await import('@slack/bolt');
  const app = new App({
    receiver,
    logger: slackLogger(deps.log),
    authorize: async () => ({ botToken: door.botToken, ...deps.identity.current() }),
    convoStore: false,
    clientOptions: door.apiUrl ? { slackApiUrl: door.apiUrl } : {},
  });
  app.use(countedAsAnswer(deps.answering));
  app.use(rememberRequests(deps));
  listen(app, deps);
  return app;
}

async function overHttp(signingSecret: string, door: SlackDoor, deps: AppDeps): Promise<RequestListener> {
  const { HTTPReceiver } = await import('@slack/bolt');
  const receiver = new HTTPReceiver({
    signingSecret,
    endpoints: slackPath,
    logger: slackLogger(deps.log),
    customPropertiesExtractor: request => ({ [signatureProperty]: request.headers['x-slack-signature'] }),
  });
  await createBolt(door, deps, receiver);
  return refuseFuture(receiver.requestListener);
}

async function overSocket(appToken: string, door: SlackDoor, deps: AppDeps): Promise<Socket> {
  const { SocketModeReceiver } = await import('@slack/bolt');
  const receiver = new SocketModeReceiver({
    appToken,
    logger: slackLogger(deps.log),
    autoReconnectEnabled: socketOptions.autoReconnectEnabled,
    installerOptions: {
      clientOptions: { ...socketOptions.clientOptions, ...(door.apiUrl && { slackApiUrl: door.apiUrl }) },
    },
  });
  await createBolt(door, deps, receiver);
  return createSocket(receiver, deps.log);
}

/** Makes the front door in Slack: Socket Mode where an app token is set, signed HTTP requests else. */
export async function createSlackApp(door: SlackDoor, deps: AppDeps): Promise<SlackApp> {
  const socket = door.appToken ? await overSocket(door.appToken, door, deps) : null;
  const listener = socket || !door.signingSecret ? null : await overHttp(door.signingSecret, door, deps);
  return {
    listener,
    start() {
      deps.identity.learn().catch(() => null);
      socket?.start();
    },
    stop: () => socket?.stop() ?? Promise.resolve(),
    trouble: () => socket?.trouble() ?? null,
  };
}
