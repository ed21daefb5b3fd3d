import { describe, expect, it } from 'vitest';
import type { TargetSpec } from '../../src/domain/catalogue.ts';
import type { RunRequest } from '../../src/domain/event.ts';
import type { RunId } from '../../src/domain/ids.ts';
import type { ReasonCode } from '../../src/domain/reason.ts';
import type { EndedRun } from '../../src/domain/run.ts';
import type { RunStatus } from '../../src/domain/status.ts';
import { asker, firstRule, jobsCatalogue, runbook, service, step } from './catalogue.ts';
import { useJobs } from './rig.ts';

const rig = useJobs();

describe('a request that ends before anybody is asked', () => {
  const cases: readonly {
    readonly name: string;
    readonly target?: Partial<TargetSpec>;
    readonly request?: Partial<RunRequest>;
    readonly seats?: { role: string; count: number };
    readonly end: RunStatus;
    readonly reason: ReasonCode;
  }[] = [
    { name: 'no runbook of that level', request: { level: 3 }, end: 'failed', reason: 'no-runbook' },
    {
      name: 'no runbook for the scenario',
      target: { runbooks: [runbook([step('flag')], { scenarios: ['security'] })] },
      end: 'failed',
      reason: 'no-runbook',
    },
    {
      name: 'a quorum nobody can reach',
      seats: { role: 'oncall', count: 3 },
      end: 'failed',
      reason: 'quorum-unreachable',
    },
    { name: 'observe mode', request: { mode: 'observe' }, end: 'noop', reason: 'observe-only' },
    {
      name: 'nothing to change',
      target: { runbooks: [runbook([step('flag', { to: 'bad' })])] },
      end: 'noop',
      reason: 'nothing-to-change',
    },
    {
      name: 'no release known to go back to',
      target: { runbooks: [runbook([step('image', {}, 'counter.release')])] },
      end: 'failed',
      reason: 'no-good-release',
    },
    {
      name: 'a step that no worker knows',
      target: { runbooks: [runbook([step('flag', {}, 'counter.unheard-of')])] },
      end: 'failed',
      reason: 'plan-failed',
    },
  ];
  it.each(cases)('$name', async ({ target = {}, request = {}, seats, end, reason }) => {
    const base = jobsCatalogue(target);
    await rig.publish(seats ? { ...base, rules: [{ ...firstRule(base), seats: [seats] }] } : base);
    const run = (await rig.recorded(await rig.request(request))) as EndedRun;
    expect([run.status, run.reason?.code]).toEqual([end, reason]);
    expect(await rig.events(run.id)).not.toContain('approval-asked');
    expect(rig.target.effects).toEqual([]);
  });

  it('a frozen level is skipped, and the next one is taken', async () => {
    await rig.publish(jobsCatalogue({ runbooks: [runbook([step('flag')], { level: 1 }), runbook([step('pool')])] }));
    const freeze = { target: service, since: 0, until: null, by: 'Dana', reason: 'quarter close', levels: [1] };
    await rig.deps.releases.freeze(freeze);
    const run = await rig.until(await rig.request(), 'awaiting-approval');
    expect(run.plan?.level).toBe(2);
    expect(run.considered.map(({ level, outcome, why }) => [level, outcome, why?.code])).toEqual([
      [1, 'skipped', 'frozen'],
      [2, 'taken', undefined],
    ]);
  });
});

describe('an approval', () => {
  it('is reminded of once and expires by the store’s clock; the target is free again (I8)', async () => {
    const id = await rig.request();
    await rig.until(id, 'awaiting-approval');
    await rig.pass(421_000);
    await expect.poll(async () => (await rig.events(id)).includes('reminded') || (await look(id))).toBe(true);
    await rig.pass(180_000);
    const run = (await rig.recorded(id)) as EndedRun;
    expect([run.status, run.reason?.code]).toEqual(['expired', 'approval-expired']);
    expect((await rig.events(id)).filter(kind => kind === 'reminded')).toHaveLength(1);
    expect(await rig.store.openRun(service)).toBeNull();
    expect(rig.target.effects).toEqual([]);
  });

  it('is not needed where the rule asks nobody', async () => {
    const base = jobsCatalogue();
    await rig.publish({ ...base, rules: [{ ...firstRule(base), seats: [] }] });
    const run = await rig.recorded(await rig.request());
    expect(run.status).toBe('succeeded');
  });

  it('of nobody is refused to the system where the store keeps nothing', async () => {
    const base = jobsCatalogue();
    await rig.publish({ ...base, rules: [{ ...firstRule(base), seats: [] }] });
    const deps = { ...rig.deps, refuseAutomatic: () => ({ code: 'not-confirmed' }) as const };
    Object.assign(rig, { deps });
    const run = (await rig.recorded(await rig.request({ by: { kind: 'system', name: 'watch' } }))) as EndedRun;
    expect([run.status, run.reason?.code]).toEqual(['failed', 'not-confirmed']);
  });

  it('rejected changes nothing', async () => {
    const id = await rig.request();
    await rig.until(id, 'awaiting-approval');
    await rig.vote(id, 'jon', 'reject');
    expect((await rig.recorded(id)).status).toBe('rejected');
    expect(rig.target.effects).toEqual([]);
  });
});

describe('somebody who asked to be told when it is over', () => {
  const ends: readonly (readonly [RunStatus, (id: RunId) => Promise<unknown>])[] = [
    ['rejected', id => rig.vote(id, 'jon', 'reject')],
    ['expired', () => rig.pass(601_000)],
    ['cancelled', id => rig.change(id, { events: [{ kind: 'ended', status: 'cancelled', reason: null, by: asker }] })],
    [
      'superseded',
      id => {
        rig.target.set('flag', { value: 'changed by hand' });
        return rig.vote(id, 'jon');
      },
    ],
    ['succeeded', id => rig.vote(id, 'jon')],
  ];
  it.each(ends)('is told of %s by one message of its own', async (status, end) => {
    const id = await rig.request();
    await rig.until(id, 'awaiting-approval');
    await rig.change(id, { events: [{ kind: 'watch-asked', by: asker }] });
    await end(id);
    expect((await rig.recorded(id)).status).toBe(status);
    expect((await posted(id)).filter(slot => slot === 'verdict')).toEqual(['verdict']);
  });

  it('else only a verdict is told by itself', async () => {
    const id = await rig.request();
    await rig.until(id, 'awaiting-approval');
    await rig.vote(id, 'jon', 'reject');
    await rig.recorded(id);
    expect(await posted(id)).not.toContain('verdict');
  });
});

/** The slots of a run's thread, in the order they are posted. */
async function posted(id: RunId): Promise<readonly string[]> {
  const slots: string[] = [];
  for (;;) {
    const rows = await rig.outbox.claim(10, 1_000);
    if (rows.length === 0) return slots;
    for (const row of rows) {
      if (row.post.thread === id) slots.push(row.post.slot);
      await rig.outbox.sent(row, row.ts ?? row.id);
    }
  }
}

async function look(id: Awaited<ReturnType<typeof rig.request>>): Promise<boolean> {
  await rig.until(id, 'awaiting-approval', 'expired');
  const { reconcile } = await import('../../jobs/reconcile.ts');
  await reconcile(rig.deps);
  return (await rig.events(id)).includes('reminded');
}

describe('the world moves between consent and action', () => {
  it('ends the run as superseded; a linked one has a new plan and needs new votes', async () => {
    const id = await rig.request();
    const asked = await rig.until(id, 'awaiting-approval');
    rig.target.set('flag', { value: 'changed by hand' });
    await rig.vote(id, 'jon');
    const run = (await rig.recorded(id)) as EndedRun;
    expect([run.status, run.reason?.code]).toEqual(['superseded', 'target-changed']);
    const next = await rig.until(run.next ?? id, 'awaiting-approval');
    expect(next.request.causedBy).toBe(id);
    expect(next.approval?.votes).toEqual([]);
    expect(next.plan?.fingerprint).not.toBe(asked.plan?.fingerprint);
    expect(rig.target.effects).toEqual([]);
    await rig.vote(next.id, 'lee');
    expect((await rig.recorded(next.id)).status).toBe('succeeded');
  });

  it('is not tried for ever where nobody votes: the fourth run in a row gives up', async () => {
    const base = jobsCatalogue();
    await rig.publish({ ...base, rules: [{ ...firstRule(base), seats: [] }] });
    let moves = 0;
    const crashPoint = async (name: string) => {
      if (name === 'planned') rig.target.set('flag', { value: `moved ${++moves}` });
    };
    Object.assign(rig, { deps: { ...rig.deps, crashPoint } });
    const ends: string[] = [];
    for (let id: RunId | null = await rig.request(); id; ) {
      const run = (await rig.recorded(id)) as EndedRun;
      ends.push(run.status);
      id = run.next;
    }
    expect(ends).toEqual(['superseded', 'superseded', 'superseded', 'failed']);
    expect(rig.target.effects).toEqual([]);
  });

  it('ends as noop where somebody else did it already', async () => {
    const id = await rig.request();
    await rig.until(id, 'awaiting-approval');
    rig.target.set('flag', { value: 'good' });
    await rig.vote(id, 'jon');
    expect((await rig.recorded(id)).status).toBe('noop');
    expect(rig.target.effects).toEqual([]);
  });
});

describe('a worker', () => {
  it('leaves runs that live on another one alone', async () => {
    const id = await rig.request({ runsOn: 'w2' });
    await rig.deps.doorbell.ring(id, 'again', null);
    expect((await rig.read(id)).run.status).toBe('requested');
    Object.assign(rig, { deps: { ...rig.deps, worker: 'w2' } });
    await rig.until(id, 'awaiting-approval');
  });

  it('drives a target for one run only: a second request is shown the first (I5)', async () => {
    const id = await rig.request();
    await expect(rig.request()).rejects.toThrow('busy');
    expect(await rig.store.openRun(service)).toBe(id);
  });
});
