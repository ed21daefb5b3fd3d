import type { Json } from './block-rules.ts';
import type { SocketHost } from './socket.ts';

/** What `users.info` says beyond what the emulator can hold. */
export interface UserTraits {
  deleted?: boolean;
  is_bot?: boolean;
  is_restricted?: boolean;
  is_ultra_restricted?: boolean;
  is_stranger?: boolean;
  locale?: string;
  tz?: string;
  team_id?: string;
}

/** What a channel is beyond what the emulator can hold; `postError` refuses every post with that code. */
export interface ChannelTraits {
  is_private?: boolean;
  is_ext_shared?: boolean;
  is_archived?: boolean;
  postError?: string;
}

/** A user group: members are user ids. */
export interface Group {
  id: string;
  handle: string;
  name: string;
  users: string[];
  disabled?: boolean;
}

/** One call that reached the front proxy. */
export interface Call {
  /** Milliseconds since the epoch when the call arrived. */
  at: number;
  method: string;
  args: Json;
  /** `fault:<kind>` for an injected fault, else `ok` or Slack's error code; `pending` until then. */
  outcome: string;
}

/** A message as a reader of the channel sees it, with what the emulator stores. */
export interface RigMessage {
  ts: string;
  channel: string;
  text: string;
  user?: string;
  thread_ts?: string;
  blocks?: Json[];
  metadata?: { event_type: string; event_payload: Json };
  files?: Json[];
  subtype?: string;
  reply_broadcast?: boolean;
}

/** A message that only one user saw. */
export interface Ephemeral {
  at: number;
  channel: string;
  user: string;
  text: string;
  thread_ts?: string;
  blocks?: Json[];
}

/** A modal or home as last shown to a user. */
export interface RigView extends Json {
  id: string;
  hash: string;
  type: string;
  callback_id?: string;
  private_metadata?: string;
  blocks: Json[];
}

/** One use of a response_url. */
export interface UrlResponse extends Json {
  at: number;
}

/** Everything the front proxy knows besides the emulator's state. */
export interface Workspace {
  team: string;
  bot: { token: string; botId: string; userId: string; appId: string };
  adminToken: string;
  scopes: string[];
  users: Map<string, string>;
  channels: Map<string, string>;
  userTraits: Map<string, UserTraits>;
  channelTraits: Map<string, ChannelTraits>;
  /** Channel ids the bot is a member of. */
  joined: Set<string>;
  groups: Map<string, Group>;
  refusedBlocks: Set<string>;
  /** What Slack does with a reply to a deleted parent (not documented, so both can be had). */
  deletedParent: 'refuse' | 'orphan';
  calls: Call[];
  ephemerals: Ephemeral[];
  views: RigView[];
  homes: Map<string, RigView>;
  viewOwners: Map<string, string>;
  triggers: Map<string, string>;
  responseUrls: Map<string, UrlResponse[]>;
  /** Slack's end of Socket Mode, where a test started it. */
  socket?: SocketHost;
  /** Calls the emulator itself, past the proxy and its faults. */
  direct(method: string, args: Json, token?: string): Promise<Json>;
}

/** Makes an empty workspace around a way to call the emulator. */
export function createWorkspace(scopes: string[], direct: Workspace['direct']): Workspace {
  return {
    team: 'T000000001',
    bot: { token: 'xoxb-rig-bot', botId: 'B0BACKOUT', userId: 'U0BACKOUT', appId: 'A0BACKOUT' },
    adminToken: 'xoxp-rig-admin',
    scopes,
    users: new Map(),
    channels: new Map(),
    userTraits: new Map(),
    channelTraits: new Map(),
    joined: new Set(),
    groups: new Map(),
    refusedBlocks: new Set(),
    deletedParent: 'refuse',
    calls: [],
    ephemerals: [],
    views: [],
    homes: new Map(),
    viewOwners: new Map(),
    triggers: new Map(),
    responseUrls: new Map(),
    direct,
  };
}

/** The id behind a handle or a channel's name; ids pass through. */
export function idOf(names: ReadonlyMap<string, string>, nameOrId: string): string {
  const id = names.get(nameOrId);
  if (id) return id;
  if ([...names.values()].includes(nameOrId) || /^[A-Z][A-Z0-9]{5,}$/.test(nameOrId)) return nameOrId;
  throw new Error(`The rig has no '${nameOrId}'; it has ${[...names.keys()].join(', ')}`);
}
