import { blockProblems, type Json, viewProblems } from './block-rules.ts';
import type { Workspace } from './workspace.ts';

/** What Slack refuses and the emulator lets through: an answer, or nothing when the call may go on. */
export async function refusal(workspace: Workspace, method: string, args: Json): Promise<Json | undefined> {
  switch (method) {
    case 'chat.postMessage':
      return (
        (await refusedPost(workspace, args)) ?? refusedBlocks(workspace, args) ?? (await refusedParent(workspace, args))
      );
    case 'chat.postEphemeral':
      return (await refusedPost(workspace, args)) ?? refusedBlocks(workspace, args);
    case 'chat.update':
      return (await refusedUpdate(workspace, args)) ?? refusedBlocks(workspace, args);
    case 'files.completeUploadExternal':
      return args.channel_id === undefined ? undefined : await refusedPost(workspace, { channel: args.channel_id });
    case 'views.open':
    case 'views.push':
    case 'views.update':
    case 'views.publish':
      return refusedView(workspace, args);
    default:
      return undefined;
  }
}

const error = (code: string, messages?: string[]): Json => ({
  ok: false,
  error: code,
  ...(messages && { response_metadata: { messages } }),
});

async function refusedPost(workspace: Workspace, args: Json): Promise<Json | undefined> {
  const channel = String(args.channel ?? '');
  const traits = workspace.channelTraits.get(channel);
  if (/^U/.test(channel)) return workspace.userTraits.get(channel)?.deleted ? error('user_disabled') : undefined;
  if (traits?.postError) return error(traits.postError);
  const known = [...workspace.channels.values()].includes(channel);
  if (!known || workspace.joined.has(channel)) return undefined;
  return error(traits?.is_private ? 'channel_not_found' : 'not_in_channel');
}

async function refusedParent(workspace: Workspace, args: Json): Promise<Json | undefined> {
  if (typeof args.thread_ts !== 'string' || workspace.deletedParent === 'orphan') return undefined;
  return (await messageExists(workspace, String(args.channel), args.thread_ts)) ? undefined : error('thread_not_found');
}

/** Whether a message with this timestamp is still in the channel. */
export async function messageExists(workspace: Workspace, channel: string, ts: string): Promise<boolean> {
  const answer = await workspace.direct('conversations.replies', { channel, ts }, workspace.adminToken);
  return Array.isArray(answer.messages) && answer.messages.some(message => message.ts === ts);
}

async function refusedUpdate(workspace: Workspace, args: Json): Promise<Json | undefined> {
  const channel = String(args.channel ?? '');
  if (workspace.channelTraits.get(channel)?.is_archived) return error('is_inactive');
  if (typeof args.text === 'string' && args.text.length > 4000) return error('msg_too_long');
  return undefined;
}

function refusedBlocks(workspace: Workspace, args: Json): Json | undefined {
  if (typeof args.text === 'string' && args.markdown_text !== undefined) return error('markdown_text_conflict');
  if (Array.isArray(args.attachments) && args.attachments.length > 100) return error('too_many_attachments');
  if (args.blocks === undefined) return undefined;
  const problems = blockProblems(args.blocks, { surface: 'message', refused: workspace.refusedBlocks });
  return problems.length > 0 ? error('invalid_blocks', problems) : undefined;
}

function refusedView(workspace: Workspace, args: Json): Json | undefined {
  const view = args.view as Json | undefined;
  if (!view) return undefined;
  if (JSON.stringify(view).length > 250_000) return error('view_too_large');
  const problems = viewProblems(view, workspace.refusedBlocks);
  return problems.length > 0 ? error('invalid_arguments', problems) : undefined;
}
