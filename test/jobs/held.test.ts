import { describe, expect, it } from 'vitest';
import type { DoorDeps } from '../../commands/deps.ts';
import type { Ask } from '../../commands/parse/reading.ts';
import { releaseHold } from '../../commands/releases.ts';
import type { Visit } from '../../commands/visit.ts';
import { reconcile } from '../../jobs/reconcile.ts';
import type { RunId } from '../../src/domain/ids.ts';
import { shortRunId } from '../../src/domain/ids.ts';
import type { EndedRun } from '../../src/domain/run.ts';
import { asker, jobsCatalogue, runbook, service, step } from './catalogue.ts';
import { useJobs } from './rig.ts';

const rig = useJobs();
const day = 24 * 3_600_000;

async function through(id: RunId): Promise<EndedRun> {
  await rig.until(id, 'awaiting-approval');
  await rig.vote(id, 'jon');
  return (await rig.recorded(id)) as EndedRun;
}

/** A run that suspended something and set a flag. */
async function suspended(): Promise<EndedRun> {
  const steps = [step('reconciler', { held: true, to: 'suspended' }), step('flag', { to: 'off' })];
  await rig.publish(jobsCatalogue({ runbooks: [runbook(steps)] }));
  rig.target.set('reconciler', { value: 'at work' });
  rig.target.set('flag', { value: 'on' });
  return through(await rig.request());
}

/** Slots of a thread that are ready to be posted. */
async function slots(thread: RunId): Promise<string[]> {
  const found: string[] = [];
  for (;;) {
    const rows = await rig.outbox.claim(10, 1_000);
    if (rows.length === 0) return found;
    for (const row of rows) {
      if (row.post.thread === thread) found.push(row.post.slot);
      await rig.outbox.sent(row, row.ts ?? row.id);
    }
  }
}

describe('what a run leaves suspended', () => {
  it('is on hold with the run though no release was replaced, until an undo of it alone has succeeded', async () => {
    const run = await suspended();
    expect(run.status).toBe('succeeded');
    expect(await rig.deps.releases.holds(service)).toMatchObject([{ run: run.id, version: shortRunId(run.id) }]);
    const resuming = await rig.request({ undoOf: run.id, onlyHeld: true, reason: 'Git has it' });
    const asked = await rig.until(resuming, 'awaiting-approval');
    expect(asked.plan?.operations.map(({ object }) => object)).toEqual(['reconciler']);
    expect(asked.plan?.warnings.map(({ code }) => code)).toEqual(['renders-again', 'counter-value']);
    expect(asked.plan?.to).toBeNull();
    expect(await rig.deps.releases.holds(service)).toHaveLength(1);
    await rig.vote(resuming, 'lee');
    expect((await rig.recorded(resuming)).status).toBe('succeeded');
    expect(rig.target.object('reconciler').value).toBe('at work');
    expect(rig.target.object('flag').value).toBe('off');
    expect(await rig.deps.releases.holds(service)).toEqual([]);
  });

  it('loses its hold where somebody has let it go by hand, before it is asked for or while people vote', async () => {
    const early = await suspended();
    rig.target.set('reconciler', { value: 'at work' });
    const found = (await rig.recorded(await rig.request({ undoOf: early.id, onlyHeld: true }))) as EndedRun;
    expect(found).toMatchObject({ status: 'noop', reason: { code: 'nothing-held' } });
    expect(await rig.deps.releases.holds(service)).toEqual([]);
    const late = await suspended();
    const resuming = await rig.request({ undoOf: late.id, onlyHeld: true });
    await rig.until(resuming, 'awaiting-approval');
    expect(await rig.deps.releases.holds(service)).toMatchObject([{ run: late.id }]);
    rig.target.set('reconciler', { value: 'at work' });
    await rig.vote(resuming, 'lee');
    expect(await rig.recorded(resuming)).toMatchObject({ status: 'noop', reason: { code: 'nothing-held' } });
    expect(await rig.deps.releases.holds(service)).toEqual([]);
  });

  it('keeps its hold where it was only looked at what releasing it would do', async () => {
    const run = await suspended();
    const looked = await rig.recorded(await rig.request({ undoOf: run.id, onlyHeld: true, mode: 'observe' }));
    expect(looked).toMatchObject({ status: 'noop', reason: { code: 'observe-only' } });
    expect(await rig.deps.releases.holds(service)).toMatchObject([{ run: run.id }]);
  });

  it('goes on, and its hold falls, with an undo of the whole run', async () => {
    const run = await suspended();
    expect((await through(await rig.request({ undoOf: run.id }))).status).toBe('succeeded');
    expect(rig.target.object('reconciler').value).toBe('at work');
    expect(await rig.deps.releases.holds(service)).toEqual([]);
  });

  it('is reminded of each day in the thread while the hold stands', async () => {
    const run = await suspended();
    await slots(run.id);
    for (const nth of [1, 2]) {
      await rig.pass(day + 60_000);
      await reconcile(rig.deps);
      expect(await slots(run.id), `day ${nth}`).toEqual([expect.stringMatching(/^held-\d+$/)]);
      await reconcile(rig.deps);
      expect(await slots(run.id)).toEqual([]);
    }
    const [hold] = await rig.deps.releases.holds(service);
    await rig.deps.releases.releaseHold(service, hold?.releaseKey ?? '');
    await rig.pass(day + 60_000);
    await reconcile(rig.deps);
    expect(await slots(run.id)).toEqual([]);
  });

  it('is asked to go on where somebody releases its hold, which stands until that has succeeded', async () => {
    const run = await suspended();
    const catalogue = await rig.deps.catalogues.current();
    const target = catalogue?.services.shop?.environments.production;
    const deps = { ...rig.deps, runs: rig.store, clock: { now: () => Date.now() } } as unknown as DoorDeps;
    const answerBy = (await rig.store.now()) + 60_000;
    const visit = {
      visitor: { via: 'cli' },
      actor: asker,
      catalogue,
      requestId: 'release',
      answerBy,
    } as unknown as Visit;
    const ask = { target, release: null, reason: 'Git has it' } as unknown as Ask;
    const released = await releaseHold(deps, visit, ask);
    if (released.kind !== 'asked') throw new Error(released.kind);
    expect(released).toMatchObject({ started: { kind: 'created' }, of: { id: run.id } });
    expect(await releaseHold(deps, { ...visit, requestId: 'again' }, ask)).toMatchObject({ started: { kind: 'busy' } });
    expect(await rig.deps.releases.holds(service)).toHaveLength(1);
    await rig.until(released.started.id, 'awaiting-approval');
    await rig.vote(released.started.id, 'lee');
    expect((await rig.recorded(released.started.id)).status).toBe('succeeded');
    expect(rig.target.object('reconciler').value).toBe('at work');
    expect(await rig.deps.releases.holds(service)).toEqual([]);
  });
});
