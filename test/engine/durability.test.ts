import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { keys } from '../../src/adapters/redis/keys.ts';
import type { RunId } from '../../src/domain/ids.ts';
import { play, readAll } from './history.ts';
import { histories } from './moves.ts';
import { useRig } from './rig.ts';

const rig = useRig();
const timeout = 120_000;

/** A handful of histories, the same for one seed; the seed is printed where a test is red. */
function some(count: number) {
  const seed = Date.now() % 2 ** 31;
  return { seed, samples: fc.sample(histories, { numRuns: count, seed }) };
}

async function backAgain(): Promise<void> {
  await rig.server.restart();
  await vi.waitFor(() => rig.connection.redis.ping(), { timeout: 10_000, interval: 20 });
  await vi.waitFor(() => expect(rig.connection.identity().server).not.toBe(''), { timeout: 5_000 });
}

/** Versions of all runs, as the logs have them. */
async function versions(ids: readonly RunId[]): Promise<Readonly<Record<string, number>>> {
  const lengths = await Promise.all(ids.map(id => rig.connection.redis.llen(keys.log(id))));
  return Object.fromEntries(ids.map((id, at) => [id, lengths[at] ?? 0]));
}

async function recordsFollowLogs(ids: readonly RunId[]): Promise<void> {
  const { runs } = await readAll(rig, ids);
  for (const run of runs) {
    const record = await rig.connection.redis.hgetall(keys.run(run.id));
    expect(record).toMatchObject({ status: run.status, version: String(run.version) });
  }
}

test('P1: what was answered survives a SIGKILL of Redis, in the middle of a history too', { timeout }, async () => {
  const { seed, samples } = some(4);
  for (const [at, rounds] of samples.entries()) {
    await rig.connection.redis.flushall();
    const half = Math.floor(rounds.length / 2);
    const first = await play(rig, rounds.slice(0, half));
    const before = await versions(first.world.runs);
    await rig.server.kill();
    await backAgain();
    expect(await versions(first.world.runs), `seed ${seed}, history ${at}`).toEqual(before);
    await first.world.play(rounds.slice(half));
    await recordsFollowLogs(first.world.runs);
    first.world.target.land();
    for (const [key, count] of first.world.target.counts) expect([key, count, seed]).toEqual([key, 1, seed]);
  }
});

test('P1: a power loss at any byte leaves whole scripts and all that was answered', { timeout }, async () => {
  const { seed, samples } = some(8);
  for (const [at, rounds] of samples.entries()) {
    await rig.connection.redis.flushall();
    const start = await rig.server.aofSize();
    const marks: { readonly bytes: number; readonly versions: Readonly<Record<string, number>> }[] = [];
    const oneByOne = rounds.flat().map(move => [move]);
    const history = await play(rig, oneByOne.slice(0, 60), 'careful', async world => {
      marks.push({ bytes: await rig.server.aofSize(), versions: await versions(world.runs) });
    });
    const end = marks.at(-1)?.bytes ?? start;
    const cut = start + Math.floor(((seed % 97) / 97) * (end - start));
    await rig.server.cutAof(cut);
    await backAgain();
    const known = marks.findLast(mark => mark.bytes <= cut)?.versions ?? {};
    const next = marks.find(mark => mark.bytes > cut)?.versions ?? known;
    const left = await versions(history.world.runs);
    const told = `seed ${seed}, history ${at}, cut at ${cut} of ${end}`;
    for (const id of history.world.runs) {
      expect(left[id], told).toBeGreaterThanOrEqual(known[id] ?? 0);
      expect(left[id], told).toBeLessThanOrEqual(next[id] ?? 0);
    }
    await recordsFollowLogs(history.world.runs.filter(id => (left[id] ?? 0) > 0));
  }
});
