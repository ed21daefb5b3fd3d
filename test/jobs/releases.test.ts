import { ulid } from 'ulid';
import { describe, expect, it } from 'vitest';
import { redisAlertStore } from '../../src/adapters/redis/alert-store.ts';
import { decideEmergency, decideNextLevel, decideOperator } from '../../src/approve/operator.ts';
import { applyAlert } from '../../src/detect/episode.ts';
import type { RunId } from '../../src/domain/ids.ts';
import { note } from '../../src/domain/note.ts';
import { recordPost } from '../../src/domain/post.ts';
import type { EndedRun } from '../../src/domain/run.ts';
import { drawPosts } from '../../src/main/draw.ts';
import { asker, check, jobsCatalogue, runbook, service, step } from './catalogue.ts';
import { useJobs } from './rig.ts';

const rig = useJobs();
const hour = 3_600_000;

/** Two releases of the target: one that a person knows to be good, and the one that is live. */
async function twoReleases(): Promise<void> {
  const now = await rig.store.now();
  const deployed = (key: string, version: string, at: number) =>
    ({
      kind: 'deployed',
      key,
      version,
      identity: { commit: key },
      status: 'succeeded',
      by: null,
      at,
      url: null,
    }) as const;
  await rig.deps.releases.learn(service, [
    deployed('aaa', '1.0.0', now - 40 * hour),
    {
      kind: 'graded',
      key: 'aaa',
      grade: 'verified',
      note: note('verdict-passed', { run: 'TEST' }),
      by: null,
      at: now - 39 * hour,
    },
    deployed('bbb', '2.0.0', now - hour),
  ]);
  await rig.publish(
    jobsCatalogue({
      runbooks: [runbook([step('image', {}, 'counter.release')], { level: 3 })],
      checks: [check('switch')],
    }),
  );
  rig.target.set('image', { value: '2.0.0' });
}

async function through(id: RunId): Promise<EndedRun> {
  await rig.until(id, 'awaiting-approval');
  await rig.vote(id, 'jon');
  return (await rig.recorded(id)) as EndedRun;
}

describe('a rollback from one release to another', () => {
  it('takes the good one, grades it verified, and holds the bad one', async () => {
    await twoReleases();
    const run = await through(await rig.request());
    expect([run.status, run.plan?.from?.version, run.plan?.to?.version]).toEqual(['succeeded', '2.0.0', '1.0.0']);
    expect(rig.target.object('image').value).toBe('1.0.0');
    const grades = (await rig.deps.releases.list(service)).map(({ version, grade }) => [version, grade]);
    expect(Object.fromEntries(grades)).toEqual({ '1.0.0': 'verified', '2.0.0': 'bad' });
    expect((await rig.deps.releases.holds(service)).map(({ version, run: by }) => [version, by])).toEqual([
      ['2.0.0', run.id],
    ]);
    const alerts = redisAlertStore(rig.connection, { apply: applyAlert });
    const { releases, catalogues, kept } = rig.deps;
    const draw = drawPosts({ runs: rig.store, releases, catalogues, alerts, kept });
    expect((await draw(recordPost(run.id)))?.text).toMatch(/\d\d:\d\d live · /);
  });

  it('is undone by a run that restores what it replaced, with a warning and through the same approval', async () => {
    await twoReleases();
    const first = await through(await rig.request());
    const undo = await rig.request({ undoOf: first.id, reason: 'it was not the release' });
    const asked = await rig.until(undo, 'awaiting-approval');
    expect(asked.plan?.warnings.map(({ code }) => code)).toEqual(['restores-known-bad']);
    expect(asked.approval?.rule.seats).toEqual([{ role: 'oncall', count: 1 }]);
    await rig.vote(undo, 'lee');
    const run = (await rig.recorded(undo)) as EndedRun;
    expect(run.status).toBe('succeeded');
    expect(rig.target.object('image').value).toBe('2.0.0');
    expect(await rig.deps.releases.holds(service)).toEqual([]);
  });

  it('to an unproven release needs its name and one approval more', async () => {
    const now = await rig.store.now();
    await twoReleases();
    const identity = { commit: 'ccc' };
    const deployed = {
      kind: 'deployed',
      key: 'ccc',
      version: '1.5.0',
      identity,
      status: 'succeeded',
      by: null,
      at: now - 20 * hour,
      url: null,
    } as const;
    await rig.deps.releases.learn(service, [deployed]);
    const run = await rig.until(await rig.request({ release: 'ccc' }), 'awaiting-approval', 'failed');
    expect(run.status).toBe('awaiting-approval');
    expect(run.approval?.rule.seats).toEqual([{ role: 'oncall', count: 2 }]);
    expect(run.plan?.warnings.map(({ code }) => code)).toEqual(['release-not-proven']);
  });
});

describe('an undo', () => {
  it('is refused before anybody is asked where somebody deployed since', async () => {
    await twoReleases();
    const first = await through(await rig.request());
    rig.target.set('image', { value: '3.0.0' });
    const run = (await rig.recorded(await rig.request({ undoOf: first.id }))) as EndedRun;
    expect([run.status, run.reason]).toMatchObject(['failed', { code: 'changed-since', facts: { object: 'image' } }]);
    expect(await rig.events(run.id)).not.toContain('approval-asked');
    expect(rig.target.object('image').value).toBe('3.0.0');
  });

  it('puts back what failed after it had acted, of a run closed as partial; what that left is on hold', async () => {
    await twoReleases();
    rig.target.set('image', { broken: { at: '1.0.0', served: true } });
    const first = await rig.request();
    await rig.until(first, 'awaiting-approval');
    await rig.vote(first, 'jon');
    await rig.until(first, 'needs-operator');
    const decided = decideOperator(await rig.read(first), { action: 'close-partial', by: asker, reason: 'seen' });
    if (decided.kind === 'refused') throw new Error(decided.reason.code);
    await rig.change(first, decided.change);
    expect((await rig.recorded(first)).status).toBe('partial');
    expect((await rig.deps.releases.holds(service)).map(({ version }) => version)).toEqual(['2.0.0']);
    expect((await through(await rig.request({ undoOf: first }))).status).toBe('succeeded');
    expect(rig.target.object('image').value).toBe('2.0.0');
  });
});

describe('a run that stopped on its way to a named release', () => {
  const plans = [
    ['next level', decideNextLevel, { id: 'restart', level: 4 }],
    ['emergency plan', decideEmergency, { id: 'last', level: 1, strategy: 'emergency' }],
  ] as const;
  it.each(plans)('%s: a plan that takes no release is not refused for it', async (_, decide, book) => {
    await twoReleases();
    const runbooks = [
      runbook([step('image', {}, 'counter.release')], { level: 3 }),
      runbook([step('pods', { to: 'new' })], book),
    ];
    const catalogue = jobsCatalogue({ runbooks, checks: [check('switch')] });
    await rig.publish(catalogue);
    rig.target.set('image', { broken: { at: '1.0.0', served: true } });
    const first = await rig.request({ release: 'aaa' });
    await rig.until(first, 'awaiting-approval');
    await rig.vote(first, 'jon');
    await rig.until(first, 'needs-operator');
    const next = { id: ulid() as RunId, notAfter: (await rig.store.now()) + 10_000, catalogue };
    const decided = decide(await rig.read(first), asker, 'worse', next);
    if (decided.kind === 'refused') throw new Error(decided.reason.code);
    expect((await rig.store.create(decided.change)).kind).toBe('created');
    await rig.deps.doorbell.ring(next.id, '1', null);
    const linked = await rig.until(next.id, 'awaiting-approval', 'failed');
    expect([linked.status, linked.plan?.runbook]).toEqual(['awaiting-approval', book.id]);
  });
});

describe('checks that wait for somebody', () => {
  it('a manual check waits in the log until a named person ticks it', async () => {
    const checks = [check('manual', { id: 'look', timeoutMs: 600_000 })];
    await rig.publish(jobsCatalogue({ runbooks: [runbook([step('flag')], { checks })] }));
    const id = await rig.request();
    await rig.until(id, 'awaiting-approval');
    await rig.vote(id, 'jon');
    await rig.until(id, 'verifying');
    const by = { kind: 'person', person: 'jon', name: 'Jon', via: 'cli' } as never;
    await rig.change(id, { events: [{ kind: 'check-ticked', check: 'look', by, passed: true }] });
    expect((await rig.recorded(id)).status).toBe('succeeded');
  });

  it('an alert that nobody hears of any more does not count as cleared', async () => {
    const checks = [check('alert-cleared', { timeoutMs: 1_500 })];
    await rig.publish(jobsCatalogue({ runbooks: [runbook([step('flag')], { checks })] }));
    const id = await rig.request({ episode: 'gone' });
    await rig.until(id, 'awaiting-approval');
    await rig.vote(id, 'jon');
    const run = await rig.until(id, 'needs-operator');
    expect(run.checks.map(({ status, note: said }) => [status, said.code])).toEqual([['unknown', 'alert-not-heard']]);
  });

  it('without an alert there is none to clear, and the plan says so', async () => {
    const checks = [check('alert-cleared'), check('switch')];
    await rig.publish(jobsCatalogue({ runbooks: [runbook([step('flag')], { checks })] }));
    const run = await rig.until(await rig.request(), 'awaiting-approval');
    expect(run.plan?.checks.map(({ kind }) => kind)).toEqual(['switch']);
    expect(run.plan?.notChecked.map(({ code }) => code)).toEqual(['no-alert-to-clear']);
  });
});
