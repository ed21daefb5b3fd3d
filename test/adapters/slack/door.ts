import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSlackApp, type SlackApp } from '../../../src/adapters/slack/app.ts';
import { createClients, type SlackClients } from '../../../src/adapters/slack/clients.ts';
import { createIdentity, type Identity } from '../../../src/adapters/slack/identity.ts';
import type { Screen } from '../../../src/domain/screen.ts';
import { countAnswers } from '../../../src/main/answering.ts';
import type {
  ButtonPress,
  FormSubmission,
  OptionQuery,
  Reply,
  Routes,
  TypedCommand,
} from '../../../src/ports/inbound.ts';
import type { Log } from '../../../src/ports/log.ts';
import type { Once } from '../../../src/ports/once.ts';
import type { SlackRig } from '../../fakes/slack/rig.ts';

/** Keeps what was logged, for tests that count errors. */
export interface KeptLog extends Log {
  readonly lines: { level: 'debug' | 'info' | 'warn' | 'error'; facts: object; message: string }[];
}

/** Makes a log that keeps its lines. */
export function keptLog(): KeptLog {
  const lines: KeptLog['lines'] = [];
  const at = (level: KeptLog['lines'][number]['level']) => (facts: object, message: string) =>
    void lines.push({ level, facts, message });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Remembers within this process, as two app processes on one Redis would share it. */
export function sharedMemory(): Once {
  const seen = new Map<string, number>();
  return async (key, ttlMs) => {
    const until = seen.get(key) ?? 0;
    if (until > Date.now()) return false;
    seen.set(key, Date.now() + ttlMs);
    return true;
  };
}

/** A screen of plain text. */
export const screen = (text: string, blocks: readonly object[] = []): Screen => ({ text, blocks });

/** An answer for the person alone. */
export const say = (text: string): Reply => ({ kind: 'say', to: 'person', screen: screen(text) });

/** What a routing table of a test may hold; what came in is kept in order. */
export interface Table {
  command?: (typed: TypedCommand) => Promise<Reply>;
  actions?: Record<string, (press: ButtonPress) => Promise<Reply>>;
  forms?: Record<string, (submission: FormSubmission) => Promise<Reply>>;
  options?: Record<string, (query: OptionQuery) => Promise<Reply>>;
  failed?: Routes['failed'];
}

/** A served app: its URL, and what its handlers were asked to do for the first time. */
export interface ServedApp {
  url: string;
  app: SlackApp;
  log: KeptLog;
  clients: SlackClients;
  identity: Identity;
  came: { commands: TypedCommand[]; presses: ButtonPress[]; submissions: FormSubmission[] };
  close(): Promise<void>;
}

/** Like the real routes, these do nothing for an act that is a repetition. */
function once<Arriving extends { readonly fresh?: Promise<boolean> }>(
  came: Arriving[],
  handler: (act: Arriving) => Promise<Reply>,
): (act: Arriving) => Promise<Reply> {
  return async act => {
    if (!((await act.fresh) ?? true)) return { kind: 'nothing' };
    came.push(act);
    return await handler(act);
  };
}

function kept<Arriving extends { readonly fresh?: Promise<boolean> }>(
  came: Arriving[],
  handlers: Readonly<Record<string, (act: Arriving) => Promise<Reply>>> = {},
): Record<string, (act: Arriving) => Promise<Reply>> {
  return Object.fromEntries(Object.entries(handlers).map(([id, handler]) => [id, once(came, handler)]));
}

function routesOf(table: Table, came: ServedApp['came']): Routes {
  return {
    commandLanguage: async () => 'en',
    command: once(came.commands, table.command ?? (async () => say('ok'))),
    actions: kept(came.presses, table.actions),
    forms: kept(came.submissions, table.forms),
    options: table.options ?? {},
    failed: table.failed ?? (async (_, failure) => screen(`Not confirmed: ${(failure as Error).message}`)),
  };
}

/** Serves a real Bolt app on the loopback interface against the rig. */
export async function serveApp(
  slack: SlackRig,
  table: Table,
  once: Once = sharedMemory(),
  appToken: string | null = null,
): Promise<ServedApp> {
  const log = keptLog();
  const came: ServedApp['came'] = { commands: [], presses: [], submissions: [] };
  const access = { botToken: slack.bot.token, apiUrl: slack.apiUrl };
  const clients = await createClients(access, log);
  const identity = createIdentity(clients.interactive, log);
  const door = { ...access, signingSecret: slack.signingSecret, appToken };
  const answering = countAnswers();
  const clock = { now: () => Date.now() };
  const deps = { routes: routesOf(table, came), clients, identity, log, once, answering, clock };
  const app = await createSlackApp(door, { ...deps, lastWords: screen('Last words') });
  const server = createServer((request, response) => app.listener?.(request, response));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    app,
    log,
    clients,
    identity,
    came,
    async close() {
      await app.stop();
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
