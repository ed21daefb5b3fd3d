import type { Json } from './block-rules.ts';
import type { RigView, Workspace } from './workspace.ts';

const scoped = (workspace: Workspace, scope: string): Json | undefined =>
  workspace.scopes.includes(scope)
    ? undefined
    : { ok: false, error: 'missing_scope', needed: scope, provided: workspace.scopes.join(',') };

/** Answers of methods that the emulator does not have. */
export function localAnswer(workspace: Workspace, method: string, args: Json): Json | undefined {
  if (method === 'usergroups.list') {
    const groups = [...workspace.groups.values()].filter(group => !group.disabled);
    const usergroups = groups.map(group => ({
      id: group.id,
      handle: group.handle,
      name: group.name,
      user_count: group.users.length,
      date_delete: 0,
    }));
    return scoped(workspace, 'usergroups:read') ?? { ok: true, usergroups };
  }
  if (method === 'usergroups.users.list') {
    const group = workspace.groups.get(String(args.usergroup));
    return (
      scoped(workspace, 'usergroups:read') ??
      (group && !group.disabled ? { ok: true, users: [...group.users] } : { ok: false, error: 'no_such_subteam' })
    );
  }
  if (method === 'apps.connections.open') {
    return workspace.socket ? { ok: true, url: workspace.socket.url } : { ok: false, error: 'not_allowed_token_type' };
  }
  return undefined;
}

/** Brings the emulator's answer to what Slack would have said, and remembers what people now see. */
export function finishAnswer(workspace: Workspace, method: string, args: Json, answer: Json): Json {
  if (answer.ok !== true) return answer;
  switch (method) {
    case 'users.info':
      return { ...answer, user: userAsSlackSays(workspace, answer.user as Json, args) };
    case 'conversations.info':
      return { ...answer, channel: channelAsSlackSays(workspace, answer.channel as Json) };
    case 'conversations.history':
    case 'conversations.replies':
      return readMessages(method, args, answer);
    case 'conversations.join':
      workspace.joined.add(String(args.channel));
      return answer;
    case 'chat.postEphemeral':
      workspace.ephemerals.push({
        at: Date.now(),
        channel: String(args.channel),
        user: String(args.user),
        text: String(args.text ?? ''),
        ...(typeof args.thread_ts === 'string' && { thread_ts: args.thread_ts }),
        ...(Array.isArray(args.blocks) && { blocks: args.blocks as Json[] }),
      });
      return answer;
    case 'views.open':
    case 'views.push':
    case 'views.update':
    case 'views.publish':
      return rememberView(workspace, method, args, answer);
    default:
      return answer;
  }
}

function userAsSlackSays(workspace: Workspace, user: Json, args: Json): Json {
  const { locale = 'en-US', ...traits } = workspace.userTraits.get(String(user.id)) ?? {};
  const defaults = { is_restricted: false, is_ultra_restricted: false, tz: 'Etc/UTC' };
  return { ...defaults, ...user, ...traits, ...(String(args.include_locale) === 'true' && { locale }) };
}

function channelAsSlackSays(workspace: Workspace, channel: Json): Json {
  const id = String(channel.id);
  const { postError: _, ...traits } = workspace.channelTraits.get(id) ?? {};
  return { is_ext_shared: false, ...channel, ...traits, is_member: workspace.joined.has(id) || channel.is_im === true };
}

/** Slack leaves metadata out unless asked, honours oldest/latest, and knows no thread without its root. */
function readMessages(method: string, args: Json, answer: Json): Json {
  const oldest = String(args.oldest ?? '0');
  const latest = String(args.latest ?? '9999999999');
  const all = answer.messages as Json[];
  if (method === 'conversations.replies' && !all.some(message => message.ts === args.ts))
    return { ok: false, error: 'thread_not_found' };
  const within = all.filter(message => {
    const ts = Number(message.ts);
    const isRoot = method === 'conversations.replies' && message.ts === args.ts;
    return (
      isRoot ||
      (ts > Number(oldest) && ts < Number(latest)) ||
      (String(args.inclusive) === 'true' && (ts === Number(oldest) || ts === Number(latest)))
    );
  });
  const limit = Number(args.limit ?? 100);
  const page = method === 'conversations.replies' ? within.slice(0, limit + 1) : within.slice(0, limit);
  const withMetadata = String(args.include_all_metadata) === 'true';
  const messages = page.map(({ metadata, ...message }) =>
    withMetadata && metadata !== undefined ? { ...message, metadata } : message,
  );
  return { ...answer, messages, has_more: within.length > page.length };
}

function rememberView(workspace: Workspace, method: string, args: Json, answer: Json): Json {
  const view = answer.view as RigView;
  if (method === 'views.publish') {
    workspace.homes.set(String(args.user_id), view);
    return answer;
  }
  const owner = workspace.triggers.get(String(args.trigger_id)) ?? workspace.viewOwners.get(view.id);
  if (owner) workspace.viewOwners.set(view.id, owner);
  const at = workspace.views.findIndex(one => one.id === view.id);
  if (at >= 0) workspace.views[at] = view;
  else workspace.views.push(view);
  return answer;
}
