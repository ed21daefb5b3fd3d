import fc from 'fast-check';
import { keys } from '../../src/adapters/redis/keys.ts';
import type { RunEvent } from '../../src/domain/event.ts';
import { foldRun } from '../../src/domain/fold.ts';
import type { RunId } from '../../src/domain/ids.ts';
import type { Run } from '../../src/domain/run.ts';
import { histories, type Move } from './moves.ts';
import type { EngineRig } from './rig.ts';
import { type Driver, World } from './world.ts';

/** What one history left behind. */
export interface History {
  readonly world: World;
  readonly logs: ReadonlyMap<RunId, readonly RunEvent[]>;
  readonly runs: readonly Run[];
}

/** How many histories each invariant sees; a red one prints its seed and shrinks. */
const historiesEach = 20;

/** Plays random histories on an empty Redis and judges what each left. */
export async function everyHistory(
  rig: EngineRig,
  judge: (history: History) => Promise<void> | void,
  times = historiesEach,
  driver: Driver = 'careful',
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(histories, async rounds => {
      await rig.connection.redis.flushall();
      await judge(await play(rig, rounds, driver));
    }),
    { numRuns: times, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: false },
  );
}

/** Plays one history and reads what it left. */
export async function play(
  rig: EngineRig,
  rounds: readonly (readonly Move[])[],
  driver: Driver = 'careful',
  after?: (world: World) => Promise<void>,
): Promise<History> {
  const world = new World(rig.store, rig.pass, driver);
  await world.play(rounds, after && (() => after(world)));
  return { world, ...(await readAll(rig, world.runs)) };
}

/** Reads the logs as they are kept, and folds them. */
export async function readAll(rig: EngineRig, ids: readonly RunId[]): Promise<Omit<History, 'world'>> {
  const logs = new Map<RunId, readonly RunEvent[]>();
  for (const id of ids) {
    const lines = await rig.connection.redis.lrange(keys.log(id), 0, -1);
    logs.set(
      id,
      lines.map(line => JSON.parse(line)),
    );
  }
  return { logs, runs: [...logs].map(([id, events]) => foldRun(id, events)) };
}
