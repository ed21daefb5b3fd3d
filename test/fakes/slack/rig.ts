import { setTimeout as pause } from 'node:timers/promises';
import { createEmulator } from 'emulate';
import { type Acts, createActs } from './acts.ts';
import type { Json } from './block-rules.ts';
import { createFaults, type Faults } from './faults.ts';
import { forward, startProxy } from './proxy.ts';
import { type SocketHost, startSocketHost } from './socket.ts';
import {
  type Call,
  type ChannelTraits,
  createWorkspace,
  type Ephemeral,
  idOf,
  type RigMessage,
  type RigView,
  type UserTraits,
  type Workspace,
} from './workspace.ts';

/** The scopes of the bot's token unless a test narrows them. */
export const rigScopes = [
  'commands',
  'chat:write',
  'app_mentions:read',
  'users:read',
  'users:read.email',
  'usergroups:read',
  'channels:read',
  'groups:read',
  'channels:history',
  'groups:history',
  'im:write',
  'files:write',
];

const adminScopes =
  'channels:read groups:read channels:history groups:history channels:manage groups:write users:read chat:write'.split(
    ' ',
  );

/** What a workspace starts with; everything is addressed by handle or channel name afterwards. */
export interface RigOptions {
  users?: string[];
  /** Channels; the bot is a member of each unless told otherwise. */
  channels?: (string | ({ name: string; bot?: boolean } & ChannelTraits))[];
  /** User groups by handle, with the handles of their members. */
  groups?: Record<string, string[]>;
  scopes?: string[];
  signingSecret?: string;
  /** Port of the API; any free one unless set. */
  port?: number;
}

/** A workspace to test against: Slack's API for our code, and Slack's hands towards our app. */
export interface SlackRig extends Acts {
  /** Base URL; `apiUrl` is what WebClient wants as `slackApiUrl`. */
  url: string;
  apiUrl: string;
  signingSecret: string;
  bot: Workspace['bot'];
  team: string;
  faults: Faults;
  workspace: Workspace;
  /** The id of a user, channel or group by its handle or name. */
  user(handle: string): string;
  channel(name: string): string;
  group(handle: string): string;
  setUser(handle: string, traits: UserTraits): void;
  setGroup(handle: string, members: string[]): void;
  setChannel(name: string, traits: ChannelTraits): Promise<void>;
  /** Takes the bot out of a channel, or puts it in. */
  kickBot(channel: string): void;
  inviteBot(channel: string): void;
  /** Messages of a channel, thread replies included, oldest first. */
  messages(channel: string): Promise<RigMessage[]>;
  deleteMessage(channel: string, ts: string): Promise<void>;
  ephemerals(user: string): Ephemeral[];
  /** The view a user has open now, newest last; fails when there is none. */
  view(user: string): RigView;
  home(user: string): RigView | undefined;
  calls(method?: string): Call[];
  /** Starts Slack's end of Socket Mode; acts take `socketUrl` in place of the app's URL then. */
  openSocketMode(): Promise<SocketHost>;
  /** Refuses connections from now on, or accepts them again. */
  outage(on: boolean): Promise<void>;
  /** Polls until a value is there; fails after `within` milliseconds (default 10 s). */
  eventually<T>(
    what: string,
    look: () => T | undefined | false | Promise<T | undefined | false>,
    within?: number,
  ): Promise<T>;
  close(): Promise<void>;
}

async function pollFor<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  within = 10_000,
): Promise<T> {
  const deadline = Date.now() + within;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`Not seen within ${within} ms: ${what}`);
    await pause(20);
  }
}

async function readNames(workspace: Workspace): Promise<void> {
  const people = await workspace.direct('users.list', { limit: 1000 }, workspace.adminToken);
  for (const user of people.members as Json[]) workspace.users.set(String(user.name), String(user.id));
  const types = 'public_channel,private_channel';
  const rooms = await workspace.direct('conversations.list', { limit: 1000, types }, workspace.adminToken);
  for (const channel of rooms.channels as Json[]) workspace.channels.set(String(channel.name), String(channel.id));
}

async function furnish(workspace: Workspace, options: RigOptions): Promise<void> {
  await readNames(workspace);
  for (const item of options.channels ?? []) {
    const { name, bot = true, ...traits } = typeof item === 'string' ? { name: item } : item;
    const id = idOf(workspace.channels, name);
    await workspace.direct('conversations.invite', { channel: id, users: workspace.bot.userId }, workspace.adminToken);
    if (bot) workspace.joined.add(id);
    await setChannel(workspace, name, traits);
  }
  for (const [handle, members] of Object.entries(options.groups ?? {})) setGroup(workspace, handle, members);
}

function setGroup(workspace: Workspace, handle: string, members: string[]): void {
  const known = [...workspace.groups.values()].find(group => group.handle === handle);
  const id = known?.id ?? `S${String(workspace.groups.size + 1).padStart(9, '0')}`;
  workspace.groups.set(id, { id, handle, name: handle, users: members.map(one => idOf(workspace.users, one)) });
}

async function setChannel(workspace: Workspace, name: string, traits: ChannelTraits): Promise<void> {
  const channel = idOf(workspace.channels, name);
  workspace.channelTraits.set(channel, { ...workspace.channelTraits.get(channel), ...traits });
  if (traits.is_archived === undefined) return;
  await workspace.direct(
    traits.is_archived ? 'conversations.archive' : 'conversations.unarchive',
    { channel },
    workspace.adminToken,
  );
}

async function readChannel(workspace: Workspace, name: string): Promise<RigMessage[]> {
  const channel = idOf(workspace.channels, name);
  const roots = await workspace.direct('conversations.history', { channel, limit: 1000 }, workspace.adminToken);
  const threads = new Set((roots.messages as Json[]).map(message => String(message.ts)));
  for (const call of workspace.calls) {
    const thread = call.args.thread_ts;
    if (call.args.channel === channel || call.args.channel_id === channel)
      if (typeof thread === 'string') threads.add(thread);
  }
  const found = new Map<string, RigMessage>();
  for (const ts of threads) {
    const answer = await workspace.direct('conversations.replies', { channel, ts, limit: 1000 }, workspace.adminToken);
    for (const message of answer.messages as unknown as RigMessage[]) found.set(message.ts, { ...message, channel });
  }
  return [...found.values()].sort((a, b) => Number(a.ts) - Number(b.ts));
}

/** The parts of the rig that look at or change the workspace behind the proxy. */
function handles(workspace: Workspace) {
  const userId = (name: string): string => idOf(workspace.users, name);
  return {
    user: userId,
    channel: (name: string) => idOf(workspace.channels, name),
    group(handle: string): string {
      const group = [...workspace.groups.values()].find(one => one.handle === handle);
      if (!group) throw new Error(`The rig has no group '${handle}'`);
      return group.id;
    },
    setUser: (name: string, traits: UserTraits) =>
      void workspace.userTraits.set(userId(name), { ...workspace.userTraits.get(userId(name)), ...traits }),
    setGroup: (handle: string, members: string[]) => setGroup(workspace, handle, members),
    setChannel: (name: string, traits: ChannelTraits) => setChannel(workspace, name, traits),
    kickBot: (name: string) => void workspace.joined.delete(idOf(workspace.channels, name)),
    inviteBot: (name: string) => void workspace.joined.add(idOf(workspace.channels, name)),
    messages: (name: string) => readChannel(workspace, name),
    async deleteMessage(name: string, ts: string): Promise<void> {
      const answer = await workspace.direct('chat.delete', { channel: idOf(workspace.channels, name), ts });
      if (answer.ok !== true) throw new Error(`chat.delete: ${answer.error}`);
    },
    ephemerals: (name: string) => workspace.ephemerals.filter(one => one.user === userId(name)),
    view(name: string): RigView {
      const view = workspace.views.findLast(one => workspace.viewOwners.get(one.id) === userId(name));
      if (!view) throw new Error(`'${name}' has no view open`);
      return view;
    },
    home: (name: string) => workspace.homes.get(userId(name)),
    calls: (method?: string) => workspace.calls.filter(call => method === undefined || call.method === method),
  };
}

/** Starts a workspace on the loopback interface: npm `emulate` behind our front proxy. */
export async function startSlackRig(options: RigOptions = {}): Promise<SlackRig> {
  const signingSecret = options.signingSecret ?? 'rig-signing-secret';
  const scopes = options.scopes ?? rigScopes;
  const faults = createFaults();
  const proxy = await startProxy(faults, options.port);
  let upstream = '';
  const workspace = createWorkspace(scopes, (method, args, token = workspace.bot.token) =>
    forward(upstream, method, args, `Bearer ${token}`),
  );
  const { token, botId, userId, appId } = workspace.bot;
  const names = (options.channels ?? []).map(item => (typeof item === 'string' ? { name: item } : item));
  const emulator = await createEmulator({
    service: 'slack',
    port: 0,
    seed: {
      slack: {
        users: (options.users ?? []).map(name => ({ name, real_name: name })),
        channels: names.map(({ name, is_private = false }) => ({ name, is_private })),
        oauth_apps: [
          {
            app_id: appId,
            client_id: 'rig',
            client_secret: 'rig',
            name: 'Backout',
            redirect_uris: [],
            bot_id: botId,
            bot_user_id: userId,
            bot_name: 'backout',
          },
        ],
        tokens: [
          { token, type: 'bot', user: userId, app_id: appId, bot_id: botId, bot_user_id: userId, scopes },
          { token: workspace.adminToken, type: 'user', user: 'U000000001', scopes: adminScopes },
        ],
        strict_scopes: true,
      },
    },
  });
  upstream = emulator.url;
  proxy.attach(workspace, upstream);
  await furnish(workspace, options);
  return {
    url: proxy.url,
    apiUrl: `${proxy.url}/api/`,
    signingSecret,
    bot: workspace.bot,
    team: workspace.team,
    faults,
    workspace,
    ...handles(workspace),
    ...createActs({ workspace, secret: signingSecret, rigUrl: proxy.url }),
    outage: on => (on ? proxy.refuse() : proxy.restore()),
    eventually: pollFor,
    async openSocketMode() {
      workspace.socket ??= await startSocketHost(appId);
      return workspace.socket;
    },
    async close() {
      await workspace.socket?.close();
      await proxy.close();
      await emulator.close();
    },
  };
}
