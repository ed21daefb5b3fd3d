import type { AppDeps, SlackApp } from '../adapters/slack/app.ts';
import type { SlackClients } from '../adapters/slack/clients.ts';
import type { Identity } from '../adapters/slack/identity.ts';
import type { Environment } from '../config/env.ts';
import { Refusal, reason } from '../domain/reason.ts';
import type { Clock } from '../ports/clock.ts';
import type { Directory } from '../ports/directory.ts';
import type { Log } from '../ports/log.ts';
import type { Notifier } from '../ports/notifier.ts';

/** How Slack is reached, where a token is set. */
export interface SlackSide {
  readonly clients: SlackClients;
  readonly identity: Identity;
  readonly directory: Directory;
  readonly notifier: Notifier;
}

const unknown = async (): Promise<never> => {
  throw new Refusal(reason('membership-unknown'));
};

/** Without Slack only listed people are known; what only Slack could tell is refused. */
export const nobodyInSlack: Directory = { user: async () => null, groupMembers: unknown };

/** For a worker or a terminal that has no token of its own: the bot beside it may have one, so nobody is taken for unknown to Slack. */
export const slackUnasked: Directory = { user: unknown, groupMembers: unknown };

/** Opens the clients; null where no token is set. Slack's library is loaded only then. */
export async function openSlack(env: Environment, clock: Clock, log: Log): Promise<SlackSide | null> {
  if (env.SLACK_BOT_TOKEN === null) return null;
  const [{ createClients }, { createIdentity }, { createDirectory }, { createNotifier }] = await Promise.all([
    import('../adapters/slack/clients.ts'),
    import('../adapters/slack/identity.ts'),
    import('../adapters/slack/directory.ts'),
    import('../adapters/slack/notifier.ts'),
  ]);
  const clients = await createClients({ botToken: env.SLACK_BOT_TOKEN, apiUrl: env.SLACK_API_URL }, log);
  const identity = createIdentity(clients.interactive, log);
  return {
    clients,
    identity,
    directory: createDirectory({ client: clients.interactive, identity, clock, log }),
    notifier: createNotifier({ clients, log }),
  };
}

/** Said where not even the sentence for a failure can be had in time. */
const lastWords = {
  text: 'Not confirmed: Backout could not answer in time. Nothing was started by this; try again.',
  blocks: [],
};

/** Opens the front door in Slack on the routes. */
export async function openSlackDoor(
  env: Environment,
  slack: SlackSide,
  deps: Pick<AppDeps, 'routes' | 'once' | 'answering' | 'clock' | 'log'>,
): Promise<SlackApp> {
  const { createSlackApp } = await import('../adapters/slack/app.ts');
  const door = {
    botToken: env.SLACK_BOT_TOKEN ?? '',
    apiUrl: env.SLACK_API_URL,
    signingSecret: env.SLACK_SIGNING_SECRET,
    appToken: env.SLACK_APP_TOKEN,
  };
  return await createSlackApp(door, { ...deps, clients: slack.clients, identity: slack.identity, lastWords });
}
