import type { WebClient } from '@slack/web-api';
import type { Log } from '../../ports/log.ts';
import { slackLogger } from './logger.ts';

/** How Slack is reached: the bot's token, and another API address in tests and the demo. */
export interface SlackAccess {
  readonly botToken: string;
  /** Null for Slack itself. */
  readonly apiUrl: string | null;
}

/** Two clients, so that a throttled timeline never makes a person wait. */
export interface SlackClients {
  /** For what somebody waits for: forms, ephemerals, look-ups at a click. */
  readonly interactive: WebClient;
  /** For the outbox: the relay retries, not the client. */
  readonly timeline: WebClient;
}

/** Time limits in ms: a trigger lives 3 s, a post may be slow but must not hold its claim. */
const timeouts = { interactive: 2000, timeline: 5000 } as const;

/** Makes both clients; loads Slack's library only now. */
export async function createClients(access: SlackAccess, log: Log): Promise<SlackClients> {
  const { WebClient } = await import('@slack/web-api');
  const make = (timeout: number): WebClient =>
    new WebClient(access.botToken, {
      timeout,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      allowAbsoluteUrls: false,
      logger: slackLogger(log),
      ...(access.apiUrl && { slackApiUrl: access.apiUrl }),
    });
  return { interactive: make(timeouts.interactive), timeline: make(timeouts.timeline) };
}
