import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programEnv, type Running, root, start, until } from './programs.ts';

/** Who is in the demo's workspace. */
export const people = { mara: 'U0MARA', jon: 'U0JON', lee: 'U0LEE' } as const;

/** The demo's channel. */
export const channel = 'C0SHOP';

/** What Slack and the bot share in the demo; neither leaves this machine. */
export const tokens = { bot: 'xoxb-demo', signingSecret: 'demo-signing-secret' } as const;

const binary = join(root, 'node_modules', 'local-slack-linux-x64', 'bin', 'local-slack');

/** Whether the Slack look-alike page runs here: its program exists for Linux x64 only. */
export function hasSlackPage(): boolean {
  return process.platform === 'linux' && process.arch === 'x64' && existsSync(binary);
}

/** Starts the Slack look-alike page; it has no option to bind to one address and listens on all of them. */
export async function startSlackPage(port: number, botUrl: string, folder: string, log: number): Promise<Running> {
  const config = join(folder, 'slack.json');
  const user = (id: string, name: string, real: string): object => ({
    id,
    name,
    real_name: real,
    email: `${name}@shop.example`,
  });
  writeFileSync(
    config,
    JSON.stringify({
      workspace: { name: 'Shop', domain: 'shop', teamId: 'T0SHOP' },
      apps: [
        {
          appId: 'A0BACKOUT',
          botUserId: 'U0BACKOUT',
          botName: 'backout',
          botToken: tokens.bot,
          appToken: 'xapp-demo',
          signingSecret: tokens.signingSecret,
          mode: 'events',
          requestUrl: `${botUrl}/slack/events`,
        },
      ],
      users: [
        user(people.mara, 'mara', 'Mara Lind'),
        user(people.jon, 'jon', 'Jon Bell'),
        user(people.lee, 'lee', 'Lee Chen'),
      ],
      channels: [
        {
          id: channel,
          name: 'shop-incidents',
          topic: 'shop in production',
          members: [...Object.values(people), 'U0BACKOUT'],
        },
      ],
    }),
  );
  const args = [
    binary,
    '--config',
    config,
    '--port',
    String(port),
    '--base-host',
    '127.0.0.1',
    '--files-dir',
    join(folder, 'files'),
  ];
  const running = start('the Slack page', args, programEnv(), log);
  await until('the Slack page', 10_000, async () =>
    (await fetch(`http://127.0.0.1:${port}/_control/state`)).ok ? true : null,
  );
  return running;
}
