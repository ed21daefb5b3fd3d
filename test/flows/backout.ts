import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type RunningBackout, startBackout } from '../fakes/running.ts';
import type { SlackRig } from '../fakes/slack/rig.ts';
import type { RigMessage } from '../fakes/slack/workspace.ts';

/** A whole Backout in this process, with a real Redis, on the Slack rig. */
export interface Flow extends RunningBackout {
  /** Whether the step of a service has had its effect. */
  done(service: string): boolean;
  /** Asks for a rollback of a service and answers its approval card. */
  card(service: string, by?: string): Promise<RigMessage>;
  /** Waits for a message of the service's channel. */
  shown(service: string, what: string, fits: (message: RigMessage) => boolean): Promise<RigMessage>;
}

/** Whether a message holds a button. */
export const hasButton = (action: string) => (message: RigMessage) =>
  JSON.stringify(message.blocks ?? []).includes(`"${action}"`);

const service = (name: string, folder: string) => `  ${name}:
    channel: ${name}
    environments:
      production: { mode: act, runsOn: worker }
    runbooks:
      switch:
        level: 1
        title: Switch the new basket off
        steps:
          - command: { argv: [touch, ${folder}/${name}], observe: [test, -e, ${folder}/${name}] }
        checks:
          - command: { argv: [test, -e, ${folder}/${name}] }
            title: The switch is off
`;

const catalogue = (slack: SlackRig, services: readonly string[], folder: string) => `locale: en
channels:
  ops: ${slack.channel('ops')}
${services.map(name => `  ${name}: ${slack.channel(name)}`).join('\n')}
people:
  mara: { name: Mara, slack: ${slack.user('mara')} }
  eve: { name: Eve, slack: ${slack.user('eve')} }
roles:
  developers: [mara, eve]
  oncall: [${slack.group('sre-oncall')}]
permissions:
  default: [oncall]
  request: [everyone]
approvals:
  - name: standard
    seats: { oncall: 1 }
    within: 10m
services:
${services.map(name => service(name, folder)).join('')}`;

/** Starts everything: one service and one channel for each name, and @sre-oncall (jon, lee) who decide. */
export async function startFlow(services: readonly string[]): Promise<Flow> {
  const users = ['mara', 'jon', 'lee', 'eve'];
  const running = await startBackout(
    { users, channels: ['ops', ...services], groups: { 'sre-oncall': ['jon', 'lee'] } },
    (slack, folder) => catalogue(slack, services, folder),
  );
  const { slack, folder, url } = running;
  const shown: Flow['shown'] = (name, what, fits) =>
    slack.eventually(what, async () => (await slack.messages(name)).find(fits), 20_000);
  return {
    ...running,
    shown,
    done: name => existsSync(join(folder, name)),
    async card(name, by = 'mara') {
      await slack.command(url, by, 'ops', `${name} in production because payments fail`);
      return shown(name, 'the card', hasButton('run-approve'));
    },
  };
}
