// The emulated Slack as a container: API on SLACK_PORT, and on CONTROL_PORT what people do in it. Everything on loopback.
import { createServer } from 'node:http';
import { startSlackRig } from '../../fakes/slack/rig.ts';
import type { RigMessage } from '../../fakes/slack/workspace.ts';

/** The names that the emulator gives to the first person and the first channel of every workspace. */
const [person, channel] = ['admin', 'general'] as const;

const { SLACK_PORT = '', CONTROL_PORT = '', BOT_URL = '' } = process.env;
const slack = await startSlackRig({ port: Number(SLACK_PORT) });
slack.inviteBot(channel);

const holds = (action: string) => (message: RigMessage) => JSON.stringify(message.blocks ?? []).includes(`"${action}"`);

/** What a request asks for: `/command?text=…`, `/click?action=…`, `/messages`. */
async function act(url: URL): Promise<unknown> {
  const said = (name: string) => url.searchParams.get(name) ?? '';
  if (url.pathname === '/messages') return slack.messages(channel);
  if (url.pathname === '/command') {
    const { status, json } = await slack.command(BOT_URL, person, channel, said('text'));
    return { status, json };
  }
  const message = (await slack.messages(channel)).findLast(holds(said('action')));
  if (!message) return { status: 404 };
  const { status, json } = await slack.click(BOT_URL, person, message, said('action'));
  return { status, json };
}

createServer((request, response) => {
  act(new URL(request.url ?? '/', 'http://127.0.0.1')).then(
    answer => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer)),
    cause => response.writeHead(500).end(String(cause)),
  );
}).listen(Number(CONTROL_PORT), '127.0.0.1');
for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => process.exit(0));
