import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Redis } from 'ioredis';
import type { TestCluster } from '../../cluster/suite.ts';
import { startBackout } from '../../fakes/running.ts';
import type { SlackRig } from '../../fakes/slack/rig.ts';
import type { RigMessage } from '../../fakes/slack/workspace.ts';
import { hasButton } from '../../flows/backout.ts';

/** A whole Backout, every role in this process, on a real Redis and a workspace with mara who asks and @oncall (jon, lee) who decide. */
export interface WholeBackout {
  /** Types a command as mara, or whoever is named; answers what is said at once. */
  say(command: string, by?: string): Promise<string>;
  /** Types a command, has it approved, and answers the root message once the run is over. */
  roll(command: string, by?: string): Promise<{ readonly root: RigMessage; readonly approvals: number }>;
  /** Waits until a command answers what fits. */
  told(command: string, fits: RegExp): Promise<string>;
  /** Everything that stands in Redis, in the thread, in the records and in the log, as text. */
  everything(): Promise<string>;
  close(): Promise<void>;
}

const over = /VERIFIED|NEEDS YOU|NOT DONE|PUT BACK|NOTHING TO DO/;

/** Starts one on a catalogue's services, indented by two. */
export async function startWholeBackout(
  cluster: TestCluster,
  services: string,
  kubeconfig: string,
): Promise<WholeBackout> {
  const { slack, redis, log, folder, url, close } = await startBackout(
    { users: ['mara', 'jon', 'lee'], channels: ['ops'], groups: { oncall: ['jon', 'lee'] } },
    workspace => catalogue(workspace, services),
    { KUBECONFIG: kubeconfig },
    await cluster.folder('whole'),
  );
  const say: WholeBackout['say'] = async (command, by = 'mara') => {
    const reply = await slack.command(url, by, 'ops', command);
    const [later] = reply.json.text === undefined ? await slack.eventually('an answer', () => answered(reply)) : [];
    return JSON.stringify(later ?? reply.json);
  };
  return {
    say,
    told: (command, fits) =>
      slack.eventually(
        `${command} to say ${fits}`,
        async () => {
          const text = await say(command);
          return fits.test(text) && text;
        },
        60_000,
      ),
    roll: (command, by = 'mara') => roll(slack, url, { command, by }),
    everything: async () => {
      const records = await readdir(join(folder, 'records')).catch(() => []);
      const written = await Promise.all(records.map(name => readFile(join(folder, 'records', name), 'utf8')));
      const posted = JSON.stringify([await slack.messages('ops'), slack.calls(), log.lines]);
      return [await everythingIn(redis.url), posted, ...written].join('\n');
    },
    close,
  };
}

const answered = (reply: Awaited<ReturnType<SlackRig['command']>>) => {
  const responses = reply.responses();
  return responses.length > 0 && responses;
};

/** Clicks until the quorum is reached: the known-bad takes one approval more. */
async function roll(slack: SlackRig, url: string, { command, by }: { command: string; by: string }) {
  const before = new Set((await slack.messages('ops')).map(message => message.ts));
  const reply = await slack.command(url, by, 'ops', command);
  const fresh = async () => (await slack.messages('ops')).filter(message => !before.has(message.ts));
  const card = await slack.eventually(
    `the card of "${command}" (${JSON.stringify(reply.json)})`,
    async () => (await fresh()).find(hasButton('run-approve')),
    60_000,
  );
  let approvals = 0;
  for (const name of ['jon', 'lee']) {
    const open = (await slack.messages('ops')).find(
      message => message.ts === card.ts && hasButton('run-approve')(message),
    );
    if (!open || name === by) continue;
    const clicked = await slack.click(url, name, open, 'run-approve');
    await slack.eventually('an answer to the click', () => answered(clicked));
    approvals += 1;
    const decided = JSON.stringify(clicked.responses()[0] ?? '');
    if (!/one more|still needed|waiting for/i.test(decided)) break;
  }
  const root = await slack.eventually(
    `the end of "${command}"`,
    async () => (await slack.messages('ops')).find(message => message.ts === card.thread_ts && over.test(message.text)),
    120_000,
  );
  return { root, approvals };
}

const catalogue = (slack: SlackRig, services: string) => `locale: en
channels: { ops: ${slack.channel('ops')} }
people:
  mara: { name: Mara, slack: ${slack.user('mara')} }
  jon: { name: Jon, slack: ${slack.user('jon')} }
  lee: { name: Lee, slack: ${slack.user('lee')} }
roles:
  oncall: [jon, lee]
  developers: [mara]
permissions:
  default: [oncall]
  request: [everyone]
approvals:
  - { name: standard, seats: { oncall: 1 }, requester: allowed, within: 10m }
services:
${services}`;

/** Every value of a Redis, unpacked where it is packed. */
async function everythingIn(url: string): Promise<string> {
  const redis = new Redis(url.replace('unix://', ''));
  try {
    const names = await redis.keys('*');
    const values = await Promise.all(names.map(name => textOf(redis, name)));
    return names.map((name, at) => `${name}: ${values[at]}`).join('\n');
  } finally {
    redis.disconnect();
  }
}

async function textOf(redis: Redis, name: string): Promise<string> {
  const type = await redis.type(name);
  if (type === 'hash') return JSON.stringify(await redis.hgetall(name));
  if (type === 'list') return JSON.stringify(await redis.lrange(name, 0, -1));
  if (type === 'set') return JSON.stringify(await redis.smembers(name));
  if (type === 'zset') return JSON.stringify(await redis.zrange(name, '0', '-1'));
  if (type === 'stream') return JSON.stringify(await redis.xrange(name, '-', '+'));
  const bytes = await redis.getBuffer(name);
  const packed = bytes?.[0] === 0x1f && bytes[1] === 0x8b;
  return String(packed && bytes ? gunzipSync(bytes) : bytes);
}
