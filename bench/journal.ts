import type { DriveDeps } from '../jobs/deps.ts';
import { drive } from '../jobs/index.ts';
import type { RunEventBody } from '../src/domain/event.ts';
import { personId, type RunId } from '../src/domain/ids.ts';
import { startRedis } from '../test/fakes/redis.ts';
import { writeCatalogue } from './catalogue.ts';
import { type Engine, openEngine, requestFor } from './engine.ts';
import type { Bench, Figure } from './figure.ts';
import { withInstant } from './instant-executor.ts';
import { interleave, median, medianRange, times } from './measure.ts';
import { rivalQueue, stepJobWorker, steps } from './step-job.ts';

const repeats = 7;
const runsEach = 40;

/** Not stopped, not aborted. */
const turn = { stopping: new AbortController().signal, abort: new AbortController().signal };

/** What a run costs in ms: from its approval to its verdict, from there on to its record, and from its request to its record. */
interface Costs {
  readonly toVerdict: number;
  readonly toRecord: number;
  readonly whole: number;
}

/** A run of five steps with its journal, beside a BullMQ job that saves its step five times; one at a time. */
export const journal: Bench = {
  name: 'journal',
  async run(say) {
    const redis = await startRedis();
    const folder = await writeCatalogue({
      asker: 'U000000011',
      approver: 'U000000012',
      steps: Array.from({ length: steps }, (_, step) => `command: { argv: [step-${step}], idempotent: true }`),
    });
    const engine = await openEngine(redis.url, 'bench', folder, bound => withInstant(bound, () => undefined));
    try {
      await oneRound(engine);
      await rivalRound(redis.url);
      const found = await interleave(
        repeats,
        async repeat => {
          say(`round ${repeat + 1} of ${repeats}`);
          return oneRound(engine);
        },
        () => rivalRound(redis.url),
      );
      return figures(found.ours, found.rival);
    } finally {
      await engine.close();
      await redis.stop();
      await folder.remove();
    }
  },
};

function figures(ours: readonly Costs[], rival: readonly number[]): readonly Figure[] {
  const line = (what: string, costs: readonly number[], atMost: number | null): Figure => {
    const ratio = median(costs) / median(rival);
    return {
      what: `journal: ${what}`,
      ours: medianRange(costs),
      rival: `BullMQ, 5 × updateData ${medianRange(rival)}`,
      ratio: times(ratio),
      bar: atMost === null ? '' : `≤ ${atMost}×`,
      met: atMost === null ? null : ratio <= atMost,
    };
  };
  return [
    line(
      'approved 5-step run to its verdict',
      ours.map(costs => costs.toVerdict),
      4,
    ),
    line(
      '… to its record on disk',
      ours.map(costs => costs.toRecord),
      null,
    ),
    line(
      '… from its request',
      ours.map(costs => costs.whole),
      null,
    ),
  ];
}

async function oneRound(engine: Engine): Promise<Costs> {
  const approved: RunId[] = [];
  for (let lane = 0; lane < runsEach; lane += 1) {
    const id = await create(engine, lane, 'functional-defect');
    await drive(engine.deps, id, turn);
    await approve(engine, id);
    approved.push(id);
  }
  let toVerdict = 0;
  const toRecord = await timed(() =>
    inTurn(approved, async id => {
      const began = performance.now();
      const records: DriveDeps['records'] = {
        keep: (...told) => {
          toVerdict += performance.now() - began;
          return engine.deps.records.keep(...told);
        },
      };
      await drive({ ...engine.deps, records }, id, turn);
    }),
  );
  for (const id of approved) await expectSuccess(engine, id);
  const whole = await timed(() =>
    inTurn([...approved.keys()], async lane => drive(engine.deps, await create(engine, lane, 'drill'), turn)),
  );
  return { toVerdict: toVerdict / runsEach, toRecord: toRecord / runsEach, whole: whole / runsEach };
}

async function inTurn<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  for (const item of items) await act(item);
}

async function timed(act: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}

async function create({ stores, catalogue }: Engine, lane: number, scenario: string): Promise<RunId> {
  const run = requestFor(catalogue.hash, lane, scenario, await stores.runs.now());
  const created = await stores.runs.create(run);
  if (created.kind !== 'created') throw new Error(`a run was not created: ${created.kind}`);
  return run.id;
}

async function approve({ stores }: Engine, id: RunId): Promise<void> {
  const found = await stores.runs.read(id);
  if (found?.run.status !== 'awaiting-approval') throw new Error(`not asked: ${JSON.stringify(found?.events.at(-1))}`);
  const person = personId('jon');
  const events: RunEventBody[] = [
    {
      kind: 'voted',
      vote: { person, name: 'Jon', via: 'cli', decision: 'approve', reason: null, roles: ['oncall'] },
    },
    { kind: 'approved', status: 'approved' },
  ];
  await stores.runs.change(id, { version: found.run.version }, { events, clearTimers: ['remind', 'expire'] });
}

async function expectSuccess({ stores }: Engine, id: RunId): Promise<void> {
  const found = await stores.runs.read(id);
  if (found?.run.status !== 'succeeded') throw new Error(`${id} ended as ${found?.run.status}`);
}

/** Ms for each job, from the first one's start to the last one's end. */
async function rivalRound(redisUrl: string): Promise<number> {
  const queue = rivalQueue(redisUrl, 'rival', { removeOnComplete: true });
  for (let job = 0; job < runsEach; job += 1) await queue.add('steps', { step: 0 });
  const { promise: over, resolve } = Promise.withResolvers<number>();
  let began = 0;
  let done = 0;
  const worker = await stepJobWorker(redisUrl, 'rival', { concurrency: 1 }, async () => {
    began ||= performance.now();
  });
  worker.on('completed', () => {
    done += 1;
    if (done === runsEach) resolve(performance.now() - began);
  });
  const took = await over;
  await worker.close();
  await queue.close();
  return took / runsEach;
}
