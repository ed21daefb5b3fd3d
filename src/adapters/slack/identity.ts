import type { WebClient } from '@slack/web-api';
import type { Log } from '../../ports/log.ts';
import { whyFailed } from './outcome.ts';

/** Who our bot is, as Slack says. */
export interface BotIdentity {
  readonly botId: string;
  readonly botUserId: string;
  readonly teamId: string;
}

/** Learns who our bot is, when Slack can be asked: the process starts and serves without it. */
export interface Identity {
  /** What is known now; null until Slack answered once. */
  current(): BotIdentity | null;
  /** Asks Slack unless it is known; null where Slack cannot be asked. */
  learn(): Promise<BotIdentity | null>;
}

/** How long a failed question is not repeated, in ms. */
const pauseMs = 5000;

/** Makes the identity of the client's token. */
export function createIdentity(client: WebClient, log: Log): Identity {
  let known: BotIdentity | null = null;
  let asking: Promise<BotIdentity | null> | null = null;
  let notBefore = 0;

  async function ask(): Promise<BotIdentity | null> {
    try {
      const { bot_id: botId, user_id: botUserId, team_id: teamId } = await client.auth.test();
      if (botId && botUserId && teamId) known = { botId, botUserId, teamId };
    } catch (failure) {
      notBefore = performance.now() + pauseMs;
      log.warn({ why: whyFailed(failure) }, 'Slack did not say who the bot is; asking again later');
    }
    asking = null;
    return known;
  }

  return {
    current: () => known,
    learn() {
      if (known || (!asking && performance.now() < notBefore)) return Promise.resolve(known);
      asking ??= ask();
      return asking;
    },
  };
}
