import { openRedis } from '../src/adapters/redis/connection.ts';
import { redisRunStore } from '../src/adapters/redis/run-store.ts';
import { startRedis } from '../test/fakes/redis.ts';
import { type Folder, writeCatalogue } from './catalogue.ts';
import type { Bench, Figure } from './figure.ts';
import { approve, ask, asked, openWorkspace, over } from './hands.ts';
import { interleave, median, percentile, sharedNow, spread, times } from './measure.ts';
import { startChild } from './processes.ts';
import { settingsFor } from './program.ts';
import { bareQueue, type Reached } from './reached.ts';
import { rivalQueue } from './step-job.ts';

const repeats = 5;
const clicks = 40;
/** Of both sides, so that compiled code is compared with compiled code: a process's first clicks and first jobs are slower. */
const warmUps = 20;

/** What one repeat works with: a fresh Redis and a fresh process in all roles. */
interface World {
  /** Ms from a click to its run's first operation. */
  click(lane: number): Promise<number>;
  /** Ms from adding a job to its processor. */
  add(): Promise<number>;
  close(): Promise<void>;
}

/** From the approve click to the first operation, beside a bare job from `add` to active in the same process. */
export const firstOperation: Bench = {
  name: 'first-operation',
  async run(say) {
    const slack = await openWorkspace();
    const folder = await writeCatalogue({
      asker: slack.user('mara'),
      approver: slack.user('jon'),
      steps: ['command: { argv: [step-LANE], idempotent: true }'],
      channel: slack.channel('ops'),
    });
    try {
      const ours: number[] = [];
      const rival: number[] = [];
      for (let repeat = 0; repeat < repeats; repeat += 1) {
        say(`round ${repeat + 1} of ${repeats}`);
        const world = await openWorld(slack, folder);
        try {
          await interleave(warmUps, world.click, world.add);
          const found = await interleave(clicks, at => world.click(warmUps + at), world.add);
          ours.push(...found.ours);
          rival.push(...found.rival);
        } finally {
          await world.close();
        }
      }
      return [figure(ours, rival)];
    } finally {
      await slack.close();
      await folder.remove();
    }
  },
};

function figure(ours: readonly number[], rival: readonly number[]): Figure {
  const ratio = median(ours) / median(rival);
  return {
    what: `approve click → first operation, ${ours.length} clicks`,
    ours: spread(ours),
    rival: `BullMQ add → active ${spread(rival)}`,
    ratio: times(ratio),
    bar: '≤ 3×, p99 < 100 ms',
    met: ratio <= 3 && percentile(ours, 99) < 100,
  };
}

async function openWorld(slack: Awaited<ReturnType<typeof openWorkspace>>, folder: Folder): Promise<World> {
  const redis = await startRedis();
  const settings = await settingsFor(redis.url, slack, folder);
  const child = await startChild('first-worker.ts', settings).catch(async failure => {
    await redis.stop();
    throw failure;
  });
  const connection = await openRedis({ trouble: () => undefined }, redis.url);
  const runs = redisRunStore(connection);
  const queue = rivalQueue(redis.url, bareQueue, { removeOnComplete: true });
  const waiting = new Map<string, (at: number) => void>();
  child.onTold(told => {
    const { what, at } = told as Reached;
    waiting.get(what)?.(at);
    waiting.delete(what);
  });
  const reached = (what: string) => new Promise<number>(resolve => waiting.set(what, resolve));
  const url = `http://127.0.0.1:${settings.PORT}`;
  let jobs = 0;
  return {
    async click(lane) {
      const answer = await ask(slack, url, lane);
      if (answer.status !== 200) throw new Error(`the command was answered ${answer.status}`);
      const run = await asked(runs, lane);
      const there = reached(run.id);
      const began = sharedNow();
      await approve(slack, url, run);
      const took = (await there) - began;
      await over(runs, run.id);
      return took;
    },
    async add() {
      jobs += 1;
      const there = reached(`bare-${jobs}`);
      const began = sharedNow();
      await queue.add('bare', {}, { jobId: `bare-${jobs}` });
      return (await there) - began;
    },
    async close() {
      await child.kill();
      await queue.close();
      await connection.close();
      await redis.stop();
    },
  };
}
