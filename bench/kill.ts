import { setTimeout as delay } from 'node:timers/promises';
import type { RunId } from '../src/domain/ids.ts';
import type { RunWithLog } from '../src/domain/run.ts';
import { startRedis } from '../test/fakes/redis.ts';
import { startTarget } from '../test/fakes/target.ts';
import { lanes, writeCatalogue } from './catalogue.ts';
import { withCounter } from './counter.ts';
import { type Engine, openEngine, requestFor } from './engine.ts';
import type { Bench, Figure } from './figure.ts';
import { type KillPlace, repeatedEffects, until } from './kill-place.ts';
import { median, medianRange, percentile, times } from './measure.ts';
import { type Child, startChild } from './processes.ts';
import { steps } from './step-job.ts';
import { naiveSeries, rivalSeries } from './step-kills.ts';

const kills = 50;
const rivalKills = 10;

/** From `kill -9` to the next step, and whether anything took effect twice. */
export const kill: Bench = {
  name: 'kill',
  async run(say) {
    const redis = await startRedis();
    const target = await startTarget();
    const folder = await writeCatalogue({
      asker: 'U000000011',
      approver: 'U000000012',
      steps: Array.from({ length: steps }, (_, at) => `counter: { object: o-LANE-${at}, slowMs: 50 }`),
    });
    const children: Child[] = [];
    const start: KillPlace['start'] = async (file, orders) => {
      const child = await startChild(file, orders);
      children.push(child);
      return child;
    };
    const place: KillPlace = { redis, target, folder, start };
    try {
      // The rival's wait is a minute of doing nothing: our own series runs meanwhile.
      const rival = await rivalSeries(place, rivalKills);
      const ours = await ourSeries(place, say);
      say(`${rivalKills} jobs wait for BullMQ's defaults`);
      const theirs = await rival.resumedAfter();
      const naive = await naiveSeries(place, kills, say);
      return figures(ours, theirs, naive);
    } finally {
      await Promise.all(children.map(child => child.kill()));
      await redis.stop();
      await target.close();
      await folder.remove();
    }
  },
};

interface Series {
  /** Ms from each kill to the next worker's first step. */
  readonly after: readonly number[];
  readonly repeated: number;
}

function figures(ours: Series, theirs: readonly number[], naive: number): readonly Figure[] {
  const p99 = percentile(ours.after, 99);
  return [
    {
      what: `kill: kill -9 → next step, ${kills} kills`,
      ours: `p99 ${(p99 / 1000).toFixed(2)} s, ${medianRange(
        ours.after.map(ms => ms / 1000),
        's',
      )}`,
      rival: `BullMQ defaults, ${theirs.length} kills ${medianRange(
        theirs.map(ms => ms / 1000),
        's',
      )}`,
      ratio: `1/${times(median(theirs) / median(ours.after))}`,
      bar: 'p99 ≤ 1 s',
      met: p99 <= 1_000,
    },
    {
      what: `kill: effects repeated in ${kills} kills`,
      ours: String(ours.repeated),
      rival: `naive step job, 5 s lock: ${naive}`,
      ratio: '',
      bar: '0, naive > 10',
      met: ours.repeated === 0 && naive > 10,
    },
  ];
}

/** Two workers, one run after another, the worker that drives it killed at a random moment of its first four steps. */
async function ourSeries(place: KillPlace, say: (progress: string) => void): Promise<Series> {
  const { redis, target, folder } = place;
  const engine = await openEngine(redis.url, 'watcher', folder, bound => withCounter(bound, target.url));
  const workers = new Map<string, Child>();
  const begin = async (name: string) => {
    const orders = { redisUrl: redis.url, targetUrl: target.url, name, folder };
    workers.set(name, await place.start('kill-worker.ts', orders));
  };
  try {
    await Promise.all([begin('a'), begin('b')]);
    const after: number[] = [];
    for (let at = 0; at < kills; at += 1) {
      after.push(await killOnce(place, engine, workers, at));
      await begin(`k${at}`);
      if (at % 10 === 9) say(`${at + 1} of ${kills} kills`);
    }
    return { after, repeated: repeatedEffects(target, key => key.includes('/apply/')) };
  } finally {
    await engine.close();
  }
}

async function killOnce(
  { target }: KillPlace,
  engine: Engine,
  workers: Map<string, Child>,
  at: number,
): Promise<number> {
  const { stores, catalogue, doorbell } = engine;
  const lane = at % lanes;
  for (let step = 0; step < steps; step += 1) target.set(`o-${lane}-${step}`, { value: 'bad', fence: 0 });
  const run = requestFor(catalogue.hash, lane, 'drill', await stores.runs.now());
  await stores.runs.create(run);
  await doorbell.ring(run.id, '1', null);
  const wanted = Math.floor(Math.random() * (steps - 1));
  const begun = await until('the step begins', () =>
    readWhere(engine, run.id, found => found.run.journal.length > wanted),
  );
  await delay(Math.random() * 60);
  const { fence, worker } = driverOf(begun);
  const killedAt = Date.now();
  await workers.get(worker)?.kill();
  workers.delete(worker);
  const over = await until('the run ends', () => readWhere(engine, run.id, found => found.run.status === 'succeeded'));
  const next = over.events.find(
    event => event.kind.startsWith('operation-') && 'fence' in event && event.fence > fence,
  );
  if (!next) throw new Error(`${run.id} was over before its worker was killed`);
  return next.at - killedAt;
}

/** Who drives a run, with which fence. */
function driverOf({ events }: RunWithLog): { readonly fence: number; readonly worker: string } {
  const begun = events.findLast(event => event.kind === 'operation-begun');
  if (!begun) throw new Error('nobody drives the run');
  return begun;
}

async function readWhere(
  { stores }: Engine,
  id: RunId,
  there: (found: RunWithLog) => boolean,
): Promise<RunWithLog | null> {
  const found = await stores.runs.read(id);
  return found && there(found) ? found : null;
}
