import { setTimeout as delay } from 'node:timers/promises';
import { ulid } from 'ulid';
import { describe, expect, it } from 'vitest';
import { decideEmergency, decideNextLevel, decideOperator } from '../../src/approve/operator.ts';
import type { RunId } from '../../src/domain/ids.ts';
import type { EndedRun, StoppedRun } from '../../src/domain/run.ts';
import { asker, check, jobsCatalogue, runbook, step } from './catalogue.ts';
import { useJobs } from './rig.ts';

const rig = useJobs();

/** Two operations, then a level above; the second comes a little late so that a person can speak up in between. */
const books = [runbook([step('flag', { slowMs: 300 }), step('pool')]), runbook([step('code')], { level: 3 })];

async function approved(): Promise<RunId> {
  const id = await rig.request();
  await rig.until(id, 'awaiting-approval');
  await rig.vote(id, 'jon');
  return id;
}

async function stopped(served: boolean): Promise<StoppedRun> {
  await rig.publish(jobsCatalogue({ runbooks: books }));
  rig.target.set('pool', { broken: { at: 'good', served } });
  return (await rig.until(await approved(), 'needs-operator')) as StoppedRun;
}

async function decide(run: StoppedRun, action: 'continue' | 'mark-done' | 'put-back' | 'close-partial'): Promise<void> {
  const decided = decideOperator(await rig.read(run.id), { action, by: asker, reason: 'seen' });
  if (decided.kind === 'refused') throw new Error(decided.reason.code);
  await rig.change(run.id, decided.change);
}

const values = () => ['flag', 'pool'].map(name => rig.target.object(name).value);

describe('a box that a person answered with no', () => {
  it('is asked anew once somebody has had it looked at again', async () => {
    await rig.publish(
      jobsCatalogue({ checks: ['look', 'sound'].map(id => check('manual', { id, timeoutMs: 600_000 })) }),
    );
    const id = await approved();
    const tick = async (box: string, passed: boolean) => {
      await rig.until(id, 'verifying');
      await rig.change(id, { events: [{ kind: 'check-ticked', check: box, by: asker, passed }] });
    };
    await tick('sound', true);
    await tick('look', false);
    await decide((await rig.until(id, 'needs-operator')) as StoppedRun, 'continue');
    expect((await rig.until(id, 'verifying')).ticks).toEqual({ sound: true });
    await tick('look', true);
    expect((await rig.recorded(id)).status).toBe('succeeded');
  });
});

describe('an operation that fails', () => {
  it('is put back by itself where nothing of the target release served', async () => {
    await rig.publish(jobsCatalogue({ runbooks: [runbook([step('pool')])] }));
    rig.target.set('pool', { broken: { at: 'good', served: false } });
    const run = (await rig.recorded(await approved())) as EndedRun;
    expect([run.status, run.reason?.code]).toEqual(['compensated', 'not-settled']);
    expect(rig.target.object('pool').value).toBe('bad');
    expect(rig.target.effects.map(({ key }) => key.split('/').slice(1))).toEqual([
      ['apply', '0'],
      ['revert', '0'],
    ]);
  });

  it('stops for a person where something served, with what is so now and the commands by hand', async () => {
    const run = await stopped(true);
    expect(run.stop.reason.code).toBe('not-settled');
    expect(run.stop.now.map(({ facts }) => [facts?.object, facts?.value])).toEqual([
      ['flag', 'good'],
      ['pool', 'good'],
    ]);
    expect(run.stop.byHand).toEqual(['set pool good']);
    expect(values()).toEqual(['good', 'good']);
    expect(await rig.store.openRun(run.request.target)).toBe(run.id);
  });

  it('has nothing to put back where the target moved before it was written', async () => {
    const crashPoint = async (name: string) => {
      if (name === 'operation-applying') rig.target.set('flag', { value: 'by hand' });
    };
    Object.assign(rig, { deps: { ...rig.deps, crashPoint } });
    const run = (await rig.recorded(await approved())) as EndedRun;
    expect([run.status, run.reason?.code]).toEqual(['compensated', 'target-changed']);
    expect([rig.target.object('flag').value, rig.target.effects]).toEqual(['by hand', []]);
  });

  it('needs a person where what was done cannot be put back', async () => {
    await rig.publish(jobsCatalogue({ runbooks: [runbook([step('pool', { final: true })])] }));
    rig.target.set('pool', { broken: { at: 'good', served: false } });
    const run = (await rig.until(await approved(), 'needs-operator')) as StoppedRun;
    expect(run.stop.reason.code).toBe('not-settled');
    const decided = decideOperator(await rig.read(run.id), { action: 'put-back', by: asker, reason: '' });
    expect(decided).toMatchObject({ kind: 'refused', reason: { code: 'cannot-revert' } });
  });
});

describe('what a person decides about a stopped run', () => {
  it('look again and continue: what took effect meanwhile is adopted, nothing is done twice', async () => {
    const run = await stopped(true);
    rig.target.set('pool', { broken: null });
    await decide(run, 'continue');
    const over = await rig.recorded(run.id);
    expect(over.status).toBe('succeeded');
    expect(over.journal.map(({ outcome }) => outcome?.how)).toEqual(['applied', 'adopted']);
    expect(rig.target.effects).toHaveLength(2);
  });

  it('look again and continue: its time counts from then', async () => {
    const counted: unknown[] = [];
    const executors = [...rig.deps.executors].map(([kind, entry]) => {
      const load = async () => {
        const inner = await entry.load();
        const settle: typeof inner.settle = (context, operation) => {
          counted.push(context.countsFrom);
          return inner.settle(context, operation);
        };
        return { ...inner, settle };
      };
      return [kind, { ...entry, load }] as const;
    });
    Object.assign(rig, { deps: { ...rig.deps, executors: new Map(executors) } });
    const run = await stopped(true);
    expect(counted).toEqual([0, 0]);
    rig.target.set('pool', { broken: null });
    await decide(run, 'continue');
    expect((await rig.recorded(run.id)).status).toBe('succeeded');
    expect(Number(counted[2])).toBeGreaterThan(run.stop.at);
  });

  it('continue where it still fails: it stops again, with a new call', async () => {
    const run = await stopped(true);
    await decide(run, 'continue');
    await expect.poll(async () => (await rig.events(run.id)).filter(kind => kind === 'stopped').length).toBe(2);
  });

  it('mark step done: the run goes on to verification', async () => {
    const run = await stopped(true);
    await decide(run, 'mark-done');
    const over = await rig.recorded(run.id);
    expect(over.status).toBe('succeeded');
    expect(over.journal.at(-1)?.outcome?.how).toBe('by-operator');
  });

  it('put the old state back: newest first, and seen', async () => {
    const run = await stopped(true);
    await decide(run, 'put-back');
    const over = await rig.recorded(run.id);
    expect(over.status).toBe('compensated');
    expect(values()).toEqual(['bad', 'bad']);
    expect(rig.target.effects.slice(2).map(({ object }) => object)).toEqual(['pool', 'flag']);
  });

  it('close as partial: by name, with what is left; the target is free', async () => {
    const run = await stopped(true);
    await decide(run, 'close-partial');
    const over = (await rig.recorded(run.id)) as EndedRun;
    expect(over.status).toBe('partial');
    expect(await rig.store.openRun(run.request.target)).toBeNull();
  });

  it('next level: closes as partial and opens a linked run above, in one step', async () => {
    const run = await stopped(true);
    const id = ulid() as RunId;
    const next = { id, notAfter: (await rig.store.now()) + 10_000, catalogue: jobsCatalogue({ runbooks: books }) };
    const decided = decideNextLevel(await rig.read(run.id), asker, 'not enough', next);
    if (decided.kind === 'refused') throw new Error(decided.reason.code);
    expect((await rig.store.create(decided.change)).kind).toBe('created');
    await rig.deps.doorbell.ring(id, '1', null);
    const linked = await rig.until(id, 'awaiting-approval');
    expect([linked.plan?.level, linked.request.causedBy, linked.request.floor]).toEqual([3, run.id, 3]);
    const closed = (await rig.recorded(run.id)) as EndedRun;
    expect([closed.status, closed.next]).toEqual(['partial', id]);
  });

  it('emergency plan: the same with the plan of that name, which nothing else takes', async () => {
    const plan = runbook([step('code')], {
      id: 'last',
      level: 3,
      strategy: 'emergency',
      scenarios: ['rollback-failed'],
    });
    const catalogue = jobsCatalogue({ runbooks: [books[0] ?? plan, plan] });
    await rig.publish(catalogue);
    rig.target.set('pool', { broken: { at: 'good', served: true } });
    const run = (await rig.until(await approved(), 'needs-operator')) as StoppedRun;
    const next = { id: ulid() as RunId, notAfter: (await rig.store.now()) + 10_000, catalogue };
    const none = { ...next, catalogue: jobsCatalogue({ runbooks: books }) };
    const found = await rig.read(run.id);
    const refused = decideEmergency(found, asker, 'worse', none);
    expect(refused.kind === 'refused' && refused.reason.code).toBe('no-emergency-plan');
    const decided = decideEmergency(found, asker, 'worse', next);
    if (decided.kind === 'refused') throw new Error(decided.reason.code);
    expect((await rig.store.create(decided.change)).kind).toBe('created');
    await rig.deps.doorbell.ring(next.id, '1', null);
    const linked = await rig.until(next.id, 'awaiting-approval');
    const { causedBy, scenario } = linked.request;
    expect([linked.plan?.strategy, causedBy, scenario]).toEqual(['emergency', run.id, 'rollback-failed']);
    const closed = (await rig.recorded(run.id)) as EndedRun;
    expect([closed.status, closed.next]).toEqual(['partial', next.id]);
  });
});

describe('a run that is told to stop', () => {
  it('finishes the operation it is in, puts back what it did, and starts nothing more', async () => {
    await rig.publish(jobsCatalogue({ runbooks: books }));
    const id = await approved();
    await rig.until(id, 'executing');
    await expect.poll(() => rig.target.object('flag').pending).toBe('good');
    await rig.change(id, { events: [{ kind: 'stop-asked', by: asker, reason: 'wrong service' }] });
    const run = (await rig.recorded(id)) as EndedRun;
    expect([run.status, run.reason?.code]).toEqual(['compensated', 'cancelled-by-person']);
    expect(values()).toEqual(['bad', 'bad']);
    expect(rig.target.effects.map(({ object }) => object)).toEqual(['flag', 'flag']);
  });
});

describe('verification', () => {
  it('that fails stops for a person, and passes after looking again', async () => {
    rig.answers.set('all', 'failed');
    const run = (await rig.until(await approved(), 'needs-operator')) as StoppedRun;
    expect(run.stop.reason.code).toBe('verification-failed');
    rig.answers.set('all', 'passed');
    await decide(run, 'continue');
    const over = (await rig.recorded(run.id)) as EndedRun;
    expect([over.status, over.verdict?.passed]).toEqual(['succeeded', true]);
    expect(rig.target.effects).toHaveLength(1);
  });

  it('that fails puts back by itself where the runbook says so', async () => {
    await rig.publish(jobsCatalogue({ runbooks: [runbook([step('pool')], { onFailure: 'compensate' })] }));
    rig.answers.set('all', 'failed');
    const run = (await rig.recorded(await approved())) as EndedRun;
    expect([run.status, run.reason?.code]).toEqual(['compensated', 'verification-failed']);
    expect(rig.target.object('pool').value).toBe('bad');
  });

  it('that gets no answer does not pass', async () => {
    rig.answers.set('all', 'waiting');
    const run = (await rig.until(await approved(), 'needs-operator')) as StoppedRun;
    expect(run.checks.map(({ status }) => status)).toEqual(['unknown']);
  });
});

describe('a target that cannot be seen', () => {
  it('fails before anything is touched', async () => {
    const id = await rig.request();
    await rig.until(id, 'awaiting-approval');
    rig.target.set('flag', { hidden: true });
    await rig.vote(id, 'jon');
    await rig.until(id, 'preflight');
    await delay(200);
    expect(rig.target.effects).toEqual([]);
    rig.target.set('flag', { hidden: false });
    expect((await rig.recorded(id)).status).toBe('succeeded');
  });
});
