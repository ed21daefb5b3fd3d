import { describe, expect, it } from 'vitest';
import { drive } from '../../jobs/index.ts';
import { decideOperator } from '../../src/approve/operator.ts';
import type { RunEvent } from '../../src/domain/event.ts';
import type { RunId } from '../../src/domain/ids.ts';
import type { EndedRun, StoppedRun } from '../../src/domain/run.ts';
import type { BoundExecutor, Executor } from '../../src/ports/executor.ts';
import { asker, jobsCatalogue, runbook, step } from './catalogue.ts';
import { useJobs } from './rig.ts';

const rig = useJobs();

const named = (count: number) => Array.from({ length: count }, (_, at) => `pool-${String(at).padStart(2, '0')}`);

/** A step that names so many objects; each effect comes a little late, so that they overlap. */
function many(count: number, more: Readonly<Record<string, string | number | boolean>> = {}) {
  const [object = '', ...also] = named(count);
  return step(object, { also, slowMs: 40, ...more });
}

async function approved(): Promise<RunId> {
  const id = await rig.request();
  await rig.until(id, 'awaiting-approval');
  await rig.vote(id, 'jon');
  return id;
}

/** Publishes a runbook of these steps and has a run of it approved. */
async function approve(...steps: Parameters<typeof runbook>[0]): Promise<RunId> {
  await rig.publish(jobsCatalogue({ runbooks: [runbook(steps)] }));
  return approved();
}

/** How many operations had begun and had no outcome at each moment; the most of it. */
function mostAtOnce(events: readonly RunEvent[], phase: 'apply' | 'revert'): number {
  const open = new Set<number>();
  let most = 0;
  for (const event of events) {
    if (!('phase' in event) || event.phase !== phase) continue;
    if (event.kind === 'operation-begun') open.add(event.index);
    if (event.kind === 'operation-ended' || event.kind === 'operation-failed') open.delete(event.index);
    most = Math.max(most, open.size);
  }
  return most;
}

const begun = (events: readonly RunEvent[]) => events.filter(({ kind }) => kind === 'operation-begun').length;

/** Changes what executors do for one object; `now` is called as its effect is asked for, or as it is seen to have come to rest. */
function whileAt(object: string, when: 'apply' | 'settle', now: () => Promise<void>): void {
  const wrap = (executor: Executor): Executor => ({
    ...executor,
    [when]: async (...args: Parameters<Executor['settle']>) => {
      if (args[1].object === object) await now();
      return executor[when](...args);
    },
  });
  const executors = new Map(
    [...rig.deps.executors].map(([kind, entry]): [string, BoundExecutor] => [
      kind,
      { ...entry, load: async () => wrap(await entry.load()) },
    ]),
  );
  Object.assign(rig, { deps: { ...rig.deps, executors } });
}

describe('a step that names several objects', () => {
  it('25 of them: all are done, never more than ten at once, and what comes behind them waits', async () => {
    const id = await approve(step('before'), many(25), step('behind'));
    expect((await rig.recorded(id)).status).toBe('succeeded');
    const { events, run } = await rig.read(id);
    expect(mostAtOnce(events, 'apply')).toBe(10);
    const applied = rig.target.effects.map(({ object }) => object);
    expect([applied[0], applied.at(-1)]).toEqual(['before', 'behind']);
    expect(applied.slice(1, -1).toSorted()).toEqual(named(25));
    expect(new Set(run.journal.map(({ outcome }) => outcome?.how))).toEqual(new Set(['applied']));
  });

  it('operations of different steps never run beside each other', async () => {
    const id = await approve(many(2), step('x', { also: ['y'], slowMs: 40 }));
    await rig.recorded(id);
    expect(mostAtOnce((await rig.read(id)).events, 'apply')).toBe(2);
  });

  it('tells how many are done, and not how far one of them is', async () => {
    const said: unknown[] = [];
    const progress: typeof rig.store.progress = async (_, __, note) => void said.push([note.code, note.facts]);
    Object.assign(rig, { deps: { ...rig.deps, store: { ...rig.deps.store, progress } } });
    const id = await approve(many(12));
    await rig.recorded(id);
    expect(said).toEqual(Array.from({ length: 13 }, (_, done) => ['operations-done', { done, all: 12 }]));
  });
});

describe('one that fails among many', () => {
  it('the 7th: no new one is begun, those under way come to their outcomes, and all failures are told', async () => {
    for (const name of ['pool-06', 'pool-08']) rig.target.set(name, { broken: { at: 'good', served: true } });
    const id = await approve(many(25));
    const run = (await rig.until(id, 'needs-operator')) as StoppedRun;
    const { events } = await rig.read(id);
    const failed = events.findIndex(({ kind }) => kind === 'operation-failed');
    expect(events.slice(failed).filter(({ kind }) => kind === 'operation-begun')).toEqual([]);
    expect(events.filter(({ kind }) => kind === 'operation-failed')).toHaveLength(2);
    expect(run.journal.every(({ outcome, failure }) => outcome || failure)).toBe(true);
    expect(run.stop.reason).toMatchObject({
      code: 'several-failed',
      facts: { count: 2, objects: ['pool-06', 'pool-08'] },
    });
    expect(begun(events)).toBeLessThan(25);
    expect(rig.target.effects).toHaveLength(begun(events));
  });

  it('once somebody had it looked at again, those that failed come first, then the rest', async () => {
    rig.target.set('pool-03', { broken: { at: 'good', served: true } });
    const id = await approve(many(15));
    const run = (await rig.until(id, 'needs-operator')) as StoppedRun;
    rig.target.set('pool-03', { broken: null });
    const decided = decideOperator(await rig.read(run.id), { action: 'continue', by: asker, reason: 'seen' });
    if (decided.kind === 'refused') throw new Error(decided.reason.code);
    await rig.change(run.id, decided.change);
    const over = await rig.recorded(id);
    expect(over.status).toBe('succeeded');
    expect(rig.target.effects.map(({ object }) => object).toSorted()).toEqual(named(15));
    expect(over.journal.find(({ index }) => index === 3)?.outcome?.how).toBe('adopted');
  });

  it('is put back with the others, at most ten at once, and what came before them after them', async () => {
    rig.target.set('pool-12', { broken: { at: 'good', served: false } });
    await rig.publish(jobsCatalogue({ runbooks: [runbook([step('before'), many(13)], { onFailure: 'compensate' })] }));
    const over = (await rig.recorded(await approved())) as EndedRun;
    expect([over.status, over.reason?.code]).toEqual(['compensated', 'not-settled']);
    const { events } = await rig.read(over.id);
    expect(mostAtOnce(events, 'revert')).toBe(10);
    expect(rig.target.effects.at(-1)?.object).toBe('before');
    for (const name of ['before', ...named(13)]) expect(rig.target.object(name).value).toBe('bad');
    expect(rig.target.effects).toHaveLength(28);
  });

  it('is not put back in part: where one cannot be put back a person is asked, after the others ended', async () => {
    rig.target.set('pool-00', { broken: { at: 'good', served: false } });
    const id = await approve(many(4, { final: true }));
    const run = (await rig.until(id, 'needs-operator')) as StoppedRun;
    expect(run.journal.filter(({ phase }) => phase === 'revert')).toEqual([]);
  });
});

describe('many that are interrupted', () => {
  it('told to stop: no new one, those under way end, then all is put back', async () => {
    await rig.publish(jobsCatalogue({ runbooks: [runbook([many(25, { slowMs: 300 })])] }));
    const id = await rig.request();
    await rig.until(id, 'awaiting-approval');
    whileAt('pool-09', 'apply', () =>
      rig.change(id, { events: [{ kind: 'stop-asked', by: asker, reason: 'wrong service' }] }),
    );
    await rig.vote(id, 'jon');
    const run = (await rig.recorded(id)) as EndedRun;
    expect(run.status).toBe('compensated');
    const { events } = await rig.read(id);
    const behind = events.slice(events.findIndex(({ kind }) => kind === 'stop-asked'));
    expect(behind.filter(event => event.kind === 'operation-begun' && event.phase === 'apply')).toEqual([]);
    const applied = run.journal.filter(({ phase }) => phase === 'apply');
    expect(applied.length).toBeLessThan(25);
    expect(applied.every(({ outcome }) => outcome)).toBe(true);
    expect(rig.target.effects).toHaveLength(2 * applied.length);
  });

  it('the process is to end: no new one, those under way get their outcomes, the next worker does the rest', async () => {
    const { ring } = rig.deps.doorbell;
    const stopping = new AbortController();
    await rig.publish(jobsCatalogue({ runbooks: [runbook([many(15, { slowMs: 300 })])] }));
    const id = await rig.request();
    await rig.until(id, 'awaiting-approval');
    const deaf = { ...rig.deps.doorbell, ring: async () => undefined };
    Object.assign(rig, { deps: { ...rig.deps, doorbell: deaf } });
    whileAt('pool-09', 'apply', async () => stopping.abort());
    await rig.vote(id, 'jon');
    await drive(rig.deps, id, { stopping: stopping.signal, abort: new AbortController().signal });
    const { run } = await rig.read(id);
    expect([run.status, run.journal.every(({ outcome }) => outcome)]).toEqual(['executing', true]);
    expect(run.journal.length).toBeLessThan(15);
    Object.assign(rig, { deps: { ...rig.deps, doorbell: { ...deaf, ring } } });
    await ring(id, 'next', null);
    expect((await rig.recorded(id)).status).toBe('succeeded');
    expect(rig.target.effects).toHaveLength(15);
  });

  it('the worker is cut off: all stop, and the next one looks at each before it acts', async () => {
    const { ring } = rig.deps.doorbell;
    const abort = new AbortController();
    await rig.publish(jobsCatalogue({ runbooks: [runbook([many(15, { slowMs: 400 })])] }));
    const id = await rig.request();
    await rig.until(id, 'awaiting-approval');
    const deaf = { ...rig.deps.doorbell, ring: async () => undefined };
    Object.assign(rig, { deps: { ...rig.deps, doorbell: deaf } });
    whileAt('pool-09', 'settle', async () => abort.abort());
    await rig.vote(id, 'jon');
    await drive(rig.deps, id, { stopping: new AbortController().signal, abort: abort.signal });
    const open = (await rig.read(id)).run.journal.filter(({ outcome }) => !outcome);
    expect(open.length).toBeGreaterThan(1);
    Object.assign(rig, { deps: { ...rig.deps, doorbell: { ...deaf, ring } } });
    await ring(id, 'next', null);
    const over = await rig.recorded(id);
    expect([over.status, rig.target.effects.length]).toEqual(['succeeded', 15]);
    expect(mostAtOnce((await rig.read(id)).events, 'apply')).toBe(10);
  });

  it('cut off after a failure: the next one brings the rest to their outcomes, begins nothing new, and turns', async () => {
    const { ring } = rig.deps.doorbell;
    const abort = new AbortController();
    rig.target.set('pool-00', { broken: { at: 'good', served: true } });
    await rig.publish(jobsCatalogue({ runbooks: [runbook([many(15, { slowMs: 200 })])] }));
    const id = await rig.request();
    await rig.until(id, 'awaiting-approval');
    const deaf = { ...rig.deps.doorbell, ring: async () => undefined };
    Object.assign(rig, { deps: { ...rig.deps, doorbell: deaf } });
    whileAt('pool-05', 'settle', async () => {
      const failed = async () => (await rig.events(id)).includes('operation-failed');
      await expect.poll(failed).toBe(true);
      abort.abort();
    });
    await rig.vote(id, 'jon');
    await drive(rig.deps, id, { stopping: new AbortController().signal, abort: abort.signal });
    expect((await rig.read(id)).run.status).toBe('executing');
    Object.assign(rig, { deps: { ...rig.deps, doorbell: { ...deaf, ring } } });
    await ring(id, 'next', null);
    const run = (await rig.until(id, 'needs-operator')) as StoppedRun;
    expect([run.stop.reason.code, run.journal.length]).toEqual(['not-settled', 10]);
    expect(run.journal.every(({ outcome, failure }) => outcome || failure)).toBe(true);
  });
});
