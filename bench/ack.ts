import { openRedis } from '../src/adapters/redis/connection.ts';
import { redisRunStore } from '../src/adapters/redis/run-store.ts';
import { freePort, startRedis } from '../test/fakes/redis.ts';
import type { Reply } from '../test/fakes/slack/requests.ts';
import type { SlackRig } from '../test/fakes/slack/rig.ts';
import type { BoltOrders } from './bolt-worker.ts';
import { type Folder, writeCatalogue } from './catalogue.ts';
import type { Bench, Figure } from './figure.ts';
import { approve, ask, asked, openWorkspace, over } from './hands.ts';
import { median, percentile, spread, times } from './measure.ts';
import { startChild } from './processes.ts';
import { settingsFor, startProgram } from './program.ts';

const repeats = 5;
const oneByOne = 40;
const atOnce = 50;
const warmUps = 5;

/** Answers of one kind, in ms, and how many were no 2xx. */
interface Answers {
  readonly command: number[];
  readonly click: number[];
  refused: number;
}

interface Round {
  readonly sequential: Answers;
  readonly concurrent: Answers;
}

/** From a signed slash command or approve click to its HTTP answer, beside an app that only acknowledges. */
export const ack: Bench = {
  name: 'ack',
  async run(say) {
    const slack = await openWorkspace();
    const folder = await writeCatalogue({
      asker: slack.user('mara'),
      approver: slack.user('jon'),
      steps: ['command: { argv: [/bin/true, lane-LANE], idempotent: true }'],
      channel: slack.channel('ops'),
    });
    const ours: Round = { sequential: none(), concurrent: none() };
    const rival: Round = { sequential: none(), concurrent: none() };
    try {
      for (let repeat = 0; repeat < repeats; repeat += 1) {
        say(`round ${repeat + 1} of ${repeats}`);
        await ourRound(slack, folder, ours);
        await rivalRound(slack, rival);
      }
      return [
        figure(`one by one, ${repeats * oneByOne} each`, 50, ours.sequential, rival.sequential),
        figure(`${atOnce} at once, ${repeats * atOnce} each`, 250, ours.concurrent, rival.concurrent),
      ].flat();
    } finally {
      await slack.close();
      await folder.remove();
    }
  },
};

const none = (): Answers => ({ command: [], click: [], refused: 0 });

function figure(how: string, atMostMs: number, ours: Answers, rival: Answers): readonly Figure[] {
  return (['command', 'click'] as const).map(kind => {
    const what = kind === 'command' ? 'slash command' : 'approve click';
    return {
      what: `ack: ${what} → answer, ${how}`,
      ours: `${spread(ours[kind])}, ${ours.refused} non-2xx`,
      rival: `trivial Bolt ${spread(rival[kind])}`,
      ratio: times(median(ours[kind]) / median(rival[kind])),
      bar: `p99 < ${atMostMs} ms, 0 non-2xx`,
      met: percentile(ours[kind], 99) < atMostMs && ours.refused === 0,
    };
  });
}

function keep(answers: Answers, kind: 'command' | 'click', reply: Reply): void {
  answers[kind].push(reply.ms);
  if (reply.status < 200 || reply.status > 299) answers.refused += 1;
}

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at);

/** A fresh Redis and a fresh `backout start`: each command makes a run, each click approves one, and the runs run. */
async function ourRound(slack: SlackRig, folder: Folder, round: Round): Promise<void> {
  const redis = await startRedis();
  const program = await startProgram(await settingsFor(redis.url, slack, folder)).catch(async failure => {
    await redis.stop();
    throw failure;
  });
  const connection = await openRedis({ trouble: () => undefined }, redis.url);
  const runs = redisRunStore(connection);
  const { url } = program;
  const single = async (lane: number, answers: Answers) => {
    keep(answers, 'command', await ask(slack, url, lane));
    const run = await asked(runs, lane);
    keep(answers, 'click', await approve(slack, url, run));
    await over(runs, run.id);
  };
  try {
    for (const lane of numbers(warmUps)) await single(lane, none());
    for (const lane of numbers(oneByOne)) await single(lane, round.sequential);
    const lanes = numbers(atOnce);
    for (const reply of await Promise.all(lanes.map(lane => ask(slack, url, lane))))
      keep(round.concurrent, 'command', reply);
    const waiting = await Promise.all(lanes.map(lane => asked(runs, lane)));
    for (const reply of await Promise.all(waiting.map(run => approve(slack, url, run))))
      keep(round.concurrent, 'click', reply);
    for (const run of waiting) await over(runs, run.id);
  } finally {
    await connection.close();
    await program.stop();
    await redis.stop();
  }
}

async function rivalRound(slack: SlackRig, round: Round): Promise<void> {
  const port = await freePort();
  const { signingSecret, apiUrl, bot } = slack;
  const orders: BoltOrders = { signingSecret, apiUrl, botToken: bot.token, port };
  const child = await startChild('bolt-worker.ts', orders);
  const url = `http://127.0.0.1:${port}`;
  const run = { id: '01ARZ3NDEKTSV4RRFFQ69G5FAV' as Parameters<typeof approve>[2]['id'], version: 3 };
  try {
    for (const lane of numbers(warmUps)) await ask(slack, url, lane);
    for (const lane of numbers(oneByOne)) {
      keep(round.sequential, 'command', await ask(slack, url, lane));
      keep(round.sequential, 'click', await approve(slack, url, run));
    }
    const lanes = numbers(atOnce);
    for (const reply of await Promise.all(lanes.map(lane => ask(slack, url, lane))))
      keep(round.concurrent, 'command', reply);
    for (const reply of await Promise.all(lanes.map(() => approve(slack, url, run))))
      keep(round.concurrent, 'click', reply);
  } finally {
    await child.kill();
  }
}
