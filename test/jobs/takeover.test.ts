import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { drive } from '../../jobs/index.ts';
import { redisRunStore } from '../../src/adapters/redis/run-store.ts';
import type { RunId } from '../../src/domain/ids.ts';
import { jobsCatalogue, runbook, service, step } from './catalogue.ts';
import { newRun, useJobs } from './rig.ts';

const rig = useJobs();

/** A run whose worker died while a child process of its was at work: on this host, and on another. */
async function leftBehind(): Promise<RunId> {
  const today = await rig.deps.catalogues.current();
  const run = newRun({ catalogue: today?.hash ?? '' }, await rig.store.now());
  await rig.store.create(run);
  const other = await rig.another();
  const dead = redisRunStore(other);
  const taken = await dead.acquire(service, run.id, 'dead', 5_000, false);
  if (!taken.ok) throw new Error('not taken');
  await dead.child(service, taken.fence, { pid: 41, startTime: 'then', host: 'here' });
  await dead.child(service, taken.fence, { pid: 42, startTime: 'then', host: 'elsewhere' });
  await other.close();
  return run.id;
}

describe('a takeover', () => {
  it('first ends the processes that the dead worker left on this host', async () => {
    const ended: number[] = [];
    const endProcess = async ({ pid }: { pid: number }) => {
      ended.push(pid);
      return true;
    };
    Object.assign(rig, { deps: { ...rig.deps, endProcess } });
    const id = await leftBehind();
    await rig.until(id, 'awaiting-approval');
    expect(ended).toEqual([41]);
  });

  it('does nothing while such a process cannot be ended, and tries again', async () => {
    let asked = 0;
    const endProcess = async () => {
      asked += 1;
      return asked > 1;
    };
    const times = { leaseMs: 300, renewMs: 100, marginMs: 50 };
    Object.assign(rig, { deps: { ...rig.deps, endProcess, times } });
    const id = await leftBehind();
    const turn = { stopping: new AbortController().signal, abort: new AbortController().signal };
    const refused = async () => {
      await drive(rig.deps, id, turn);
      return asked === 1 && (await rig.read(id)).run.status === 'requested';
    };
    await expect.poll(refused).toBe(true);
    await rig.until(id, 'awaiting-approval');
    expect(asked).toBe(2);
  });
});

describe('a worker that is told to end', () => {
  it('holds nothing of the runs it is done with', async () => {
    const today = await rig.deps.catalogues.current();
    const run = newRun({ catalogue: today?.hash ?? '' }, await rig.store.now());
    await rig.store.create(run);
    const abort = new AbortController();
    await drive(rig.deps, run.id, { stopping: new AbortController().signal, abort: abort.signal });
    expect((await rig.read(run.id)).run.status).toBe('awaiting-approval');
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });

  it('finishes the operation it is in, gives the target back and rings for others', async () => {
    await rig.publish(jobsCatalogue({ runbooks: [runbook([step('flag', { slowMs: 300 }), step('pool')])] }));
    const id = await rig.request();
    await rig.until(id, 'awaiting-approval');
    const stopping = new AbortController();
    const rings: string[] = [];
    const { ring } = rig.deps.doorbell;
    const doorbell = {
      ...rig.deps.doorbell,
      ring: async (run: RunId, key: string) => void rings.push(`${run}.${key}`),
    };
    Object.assign(rig, { deps: { ...rig.deps, doorbell } });
    await rig.vote(id, 'jon');
    const turn = { stopping: stopping.signal, abort: new AbortController().signal };
    const driven = drive(rig.deps, id, turn);
    await expect.poll(() => rig.target.object('flag').pending).toBe('good');
    stopping.abort();
    await driven;
    const { run } = await rig.read(id);
    expect([run.status, run.journal.length, run.journal[0]?.outcome?.how]).toEqual(['executing', 1, 'applied']);
    expect(rings.at(-1)).toBe(`${id}.f${run.fence}.stop`);
    Object.assign(rig, { deps: { ...rig.deps, doorbell: { ...doorbell, ring } } });
    await ring(id, 'next', null);
    expect((await rig.recorded(id)).status).toBe('succeeded');
    expect(rig.target.effects).toHaveLength(2);
  });

  it('cut off in the middle writes nothing, and the next one looks before it acts', async () => {
    await rig.publish(jobsCatalogue({ runbooks: [runbook([step('flag', { slowMs: 400 })])] }));
    const id = await rig.request();
    await rig.until(id, 'awaiting-approval');
    const abort = new AbortController();
    const { ring } = rig.deps.doorbell;
    Object.assign(rig, { deps: { ...rig.deps, doorbell: { ...rig.deps.doorbell, ring: async () => undefined } } });
    await rig.vote(id, 'jon');
    const driven = drive(rig.deps, id, { stopping: new AbortController().signal, abort: abort.signal });
    await expect.poll(() => rig.target.object('flag').pending).toBe('good');
    abort.abort();
    await driven;
    expect((await rig.read(id)).run.journal[0]?.outcome).toBeNull();
    Object.assign(rig, { deps: { ...rig.deps, doorbell: { ...rig.deps.doorbell, ring } } });
    await ring(id, 'next', null);
    const over = await rig.recorded(id);
    expect([over.status, rig.target.effects.length]).toEqual(['succeeded', 1]);
  });
});
