import { describe, expect, it } from 'vitest';
import { outcomeOf, whyFailed } from '../../../src/adapters/slack/outcome.ts';

const platform = (error: string) =>
  Object.assign(new Error(error), { code: 'slack_webapi_platform_error', data: { ok: false, error } });
const request = (cause: unknown) =>
  Object.assign(new Error('failed'), { code: 'slack_webapi_request_error', original: cause, cause });
const http = (statusCode: number) => Object.assign(new Error('http'), { code: 'slack_webapi_http_error', statusCode });
const fetchFailed = (code: string) =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
const timeout = new DOMException('The operation was aborted due to timeout', 'TimeoutError');

describe('what a failed call means', () => {
  const rows: [string, unknown, 'post' | 'edit' | 'file', object][] = [
    ['429 on a post', { code: 'x', retryAfter: 7 }, 'post', { kind: 'later', afterMs: 7000, scope: 'channel' }],
    ['429 on an edit', { code: 'x', retryAfter: 0 }, 'edit', { kind: 'later', afterMs: 1000, scope: 'method' }],
    [
      '429 without a header',
      new Error('Retry header did not contain a valid timeout'),
      'post',
      { kind: 'later', afterMs: 30_000 },
    ],
    ['ratelimited in words', platform('ratelimited'), 'edit', { kind: 'later', afterMs: 30_000, scope: 'method' }],
    ['500 on a post', http(500), 'post', { kind: 'ambiguous', why: 'HTTP 500' }],
    ['500 on an edit, which may be repeated', http(500), 'edit', { kind: 'failed' }],
    ['time-out of a post', request(timeout), 'post', { kind: 'ambiguous', why: 'timeout' }],
    ['a cut connection', request(fetchFailed('UND_ERR_SOCKET')), 'post', { kind: 'ambiguous', why: 'UND_ERR_SOCKET' }],
    ['a refused connection', request(fetchFailed('ECONNREFUSED')), 'post', { kind: 'failed', why: 'ECONNREFUSED' }],
    ['no name resolution', request(fetchFailed('EAI_AGAIN')), 'post', { kind: 'failed' }],
    ['an HTML page', platform('<html><body>maintenance</body></html>'), 'post', { kind: 'ambiguous' }],
    ['fatal_error', platform('fatal_error'), 'post', { kind: 'ambiguous' }],
    ['a deleted message', platform('message_not_found'), 'edit', { kind: 'gone' }],
    ['another author', platform('cant_update_message'), 'edit', { kind: 'gone' }],
    ['a deleted thread', platform('thread_not_found'), 'post', { kind: 'gone' }],
    ['not a member', platform('not_in_channel'), 'post', { kind: 'wrong-channel', why: 'not_in_channel' }],
    ['an archived channel', platform('is_archived'), 'post', { kind: 'wrong-channel', why: 'is_archived' }],
    ['an archived channel on edit', platform('is_inactive'), 'edit', { kind: 'wrong-channel', why: 'is_inactive' }],
    ['read-only', platform('restricted_action_read_only_channel'), 'post', { kind: 'wrong-channel' }],
    ['thread-locked', platform('restricted_action_thread_locked'), 'post', { kind: 'wrong-channel' }],
    ['a deactivated person', platform('user_disabled'), 'post', { kind: 'wrong-channel' }],
    ['bad blocks', platform('invalid_blocks'), 'post', { kind: 'bad-blocks' }],
    ['too long', platform('msg_too_long'), 'edit', { kind: 'too-long' }],
    [
      'a revoked token, which somebody mends',
      platform('token_revoked'),
      'post',
      { kind: 'failed', why: 'token_revoked' },
    ],
    ['anything else', platform('as_user_not_supported'), 'post', { kind: 'refused', why: 'as_user_not_supported' }],
  ];
  it.each(rows)('%s', (_, failure, method, want) => {
    expect(outcomeOf(failure, method)).toMatchObject(want);
  });

  it.each([undefined, 'a string', 5, {}])('never throws, even for %o', failure => {
    expect(() => whyFailed(failure)).not.toThrow();
    expect(() => outcomeOf(failure, 'post')).not.toThrow();
  });
});
