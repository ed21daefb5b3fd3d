import type { Delivery } from '../../ports/notifier.ts';

/** What Slack's answer to a post or edit means, before fallbacks: a delivery, or content that must be simplified. */
export type Outcome =
  | Exclude<Delivery, { kind: 'sent' }>
  | { readonly kind: 'bad-blocks'; readonly why: string }
  | { readonly kind: 'too-long' };

const sets = {
  gone: 'message_not_found thread_not_found cannot_reply_to_message cant_update_message edit_window_closed',
  'wrong-channel':
    'not_in_channel channel_not_found is_archived is_inactive messages_tab_disabled ekm_access_denied user_disabled ' +
    'team_access_not_granted cannot_dm_bot channel_type_not_supported access_denied user_not_found',
  'bad-blocks': 'invalid_blocks invalid_blocks_format msg_blocks_too_long block_mismatch invalid_attachments',
  'too-long': 'msg_too_long',
  // Whoever runs the workspace mends these; the row waits for it instead of being lost.
  failed:
    'token_revoked account_inactive invalid_auth not_authed token_expired missing_scope no_permission org_login_required ' +
    'two_factor_setup_required not_allowed_token_type service_unavailable team_added_to_org update_failed',
  ambiguous: 'fatal_error internal_error request_timeout',
} as const;

const kinds = new Map(
  Object.entries(sets).flatMap(([kind, codes]) => codes.split(' ').map(code => [code, kind as keyof typeof sets])),
);

/** Errors with which a connection never came about, so Slack cannot have taken anything. */
const neverSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

interface SlackFailure {
  /** A string in Node's and Slack's errors, a number in a DOMException. */
  readonly code?: unknown;
  readonly name?: string;
  readonly message?: string;
  readonly data?: { readonly error?: string };
  readonly retryAfter?: number;
  readonly statusCode?: number;
  readonly cause?: unknown;
  readonly original?: unknown;
}

const read = (failure: unknown): SlackFailure =>
  typeof failure === 'object' && failure !== null ? failure : { message: String(failure) };

/** The error code Slack answered with, or null where it did not answer in its own words. */
export function slackCode(failure: unknown): string | null {
  const code = read(failure).data?.error;
  return code !== undefined && /^[a-z0-9_]{1,80}$/.test(code) ? code : null;
}

function rootCode(failure: unknown, depth = 0): string | undefined {
  const { code, name, cause, original } = read(failure);
  if (name === 'TimeoutError' || name === 'AbortError') return 'timeout';
  if (typeof code === 'string' && !code.startsWith('slack_')) return code;
  return depth > 4 || (cause ?? original) === undefined ? undefined : rootCode(cause ?? original, depth + 1);
}

/** What a failed call means in one line, for logs and `doctor`; never a token. */
export function whyFailed(failure: unknown): string {
  const { statusCode, code, message } = read(failure);
  const said = slackCode(failure);
  if (said) return said;
  if (statusCode !== undefined) return `HTTP ${statusCode}`;
  return rootCode(failure) ?? `${code ?? message ?? 'unknown failure'}`.slice(0, 200);
}

function throttled(failure: SlackFailure, method: 'post' | 'edit' | 'file'): Outcome | null {
  const scope = method === 'post' ? 'channel' : 'method';
  if (failure.retryAfter !== undefined)
    return { kind: 'later', afterMs: Math.max(1, failure.retryAfter) * 1000, scope };
  const unnamed = /retry header did not contain/i.test(failure.message ?? '');
  const said = slackCode(failure);
  if (unnamed || said === 'ratelimited' || said === 'rate_limited') return { kind: 'later', afterMs: 30_000, scope };
  return null;
}

/** Judges a failed call (error lists of chat.postMessage and chat.update). */
export function outcomeOf(failure: unknown, method: 'post' | 'edit' | 'file'): Outcome {
  const later = throttled(read(failure), method);
  if (later) return later;
  const why = whyFailed(failure);
  const said = slackCode(failure);
  if (!said) {
    const again = method === 'edit' || neverSent.has(rootCode(failure) ?? '');
    return { kind: again ? 'failed' : 'ambiguous', why };
  }
  const kind = said.startsWith('restricted_action') ? 'wrong-channel' : kinds.get(said);
  if (kind === undefined) return { kind: 'refused', why };
  if (kind === 'gone' || kind === 'too-long') return { kind };
  if (kind === 'ambiguous' && method === 'edit') return { kind: 'failed', why };
  return { kind, why };
}
