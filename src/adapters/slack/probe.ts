import type { WebClient } from '@slack/web-api';
import type { Finding, Probe } from '../../ports/probe.ts';
import { slackCode, whyFailed } from './outcome.ts';
import { type Scope, scopeReasons, scopes } from './scopes.ts';

/** What the probe needs: a client, the channel ids that the catalogue names, and how requests come in. */
export interface ProbeDeps {
  readonly client: WebClient;
  readonly channels: () => Promise<readonly string[]>;
  /** Answers what is wrong with Socket Mode, null where nothing is or it is not used. */
  readonly socketTrouble: () => string | null;
}

const finding = (subject: string, state: Finding['state'], message: string, remedy: string | null = null): Finding => ({
  subject,
  state,
  message,
  remedy,
});

async function probeToken({ client }: ProbeDeps): Promise<Finding[]> {
  try {
    const answer = await client.auth.test();
    const granted = new Set(answer.response_metadata?.scopes ?? []);
    const missing = scopes.filter(scope => !granted.has(scope));
    const found = finding('Slack token', 'ok', `bot ${answer.user} in workspace ${answer.team}`);
    return [found, ...missing.map(missingScope)];
  } catch (failure) {
    const said = slackCode(failure);
    const remedy = said
      ? 'Check SLACK_BOT_TOKEN; reinstall the app if the token was revoked.'
      : 'Check the network to slack.com.';
    return [finding('Slack token', 'broken', `Slack answered: ${whyFailed(failure)}`, remedy)];
  }
}

const missingScope = (scope: Scope): Finding =>
  finding(
    `Slack scope ${scope}`,
    'broken',
    `not granted; needed: ${scopeReasons[scope]}`,
    'Add it under OAuth & Permissions (or update the manifest) and reinstall the app.',
  );

async function probeChannel({ client }: ProbeDeps, channel: string): Promise<Finding> {
  const subject = `Slack channel ${channel}`;
  const invite = `Invite the bot: /invite @backout in <#${channel}>.`;
  try {
    const { channel: said } = await client.conversations.info({ channel });
    const name = `#${said?.name ?? channel}`;
    if (said?.is_archived)
      return finding(subject, 'broken', `${name} is archived`, 'Name another channel in the catalogue.');
    if (!said?.is_member) return finding(subject, 'broken', `the bot is not a member of ${name}`, invite);
    if (said.is_ext_shared) {
      return finding(subject, 'warning', `${name} is shared with another organisation`, 'Name an internal channel.');
    }
    return finding(subject, 'ok', `member of ${name}`);
  } catch (failure) {
    const unseen = ['channel_not_found', 'not_in_channel'].includes(slackCode(failure) ?? '');
    const message = unseen ? 'it does not exist, or it is private and the bot is not a member' : whyFailed(failure);
    return finding(subject, 'broken', message, unseen ? invite : null);
  }
}

/** Makes the part of `doctor` that looks at Slack: token, scopes, channels, Socket Mode. */
export function createSlackProbe(deps: ProbeDeps): Probe {
  return async () => {
    const findings = await probeToken(deps);
    for (const channel of new Set(await deps.channels())) findings.push(await probeChannel(deps, channel));
    const trouble = deps.socketTrouble();
    if (trouble) {
      findings.push(
        finding('Slack Socket Mode', 'broken', trouble, 'Check SLACK_APP_TOKEN and its scope connections:write.'),
      );
    }
    return findings;
  };
}
