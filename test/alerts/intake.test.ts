import { describe, expect, it } from 'vitest';
import { workIntake } from '../../jobs/intake.ts';
import type { RunId } from '../../src/domain/ids.ts';
import { proposalPost } from '../../src/domain/post.ts';
import { aRequest, aRun } from '../engine/sample.ts';
import { deployment, firing, target, useAlerts } from './rig.ts';

const rig = useAlerts();
const minute = 60_000;
const day = 1_440 * minute;
const now = () => rig.store.now();

/** A good release six days ago and a new one twenty minutes ago. */
async function released(ago = 20 * minute): Promise<void> {
  const at = await now();
  await rig.tell('deployments', deployment('2.13.2', at - 6 * day));
  const [good] = await rig.releases.list(target);
  if (!good) throw new Error('no release');
  const note = { code: 'graded-by-person' };
  await rig.releases.learn(target, [
    { kind: 'graded', key: good.key, grade: 'verified', note, by: 'Mara', at: at - 5 * day },
  ]);
  await rig.tell('deployments', deployment('2.14.0', at - ago));
}

describe('a firing alert', () => {
  it('of a target brings one proposal with the suspect and the good release, posted once', async () => {
    await released();
    const at = await now();
    await rig.tell('alertmanager', firing(at - minute));
    const proposal = await rig.openProposal();
    expect(proposal).toMatchObject({
      target,
      status: 'open',
      suspect: { version: '2.14.0', liveSince: expect.any(Number) },
      good: { version: '2.13.2', grade: 'verified' },
      episode: { name: 'HighErrorRate', summary: '5xx 7.8 %', startedAt: at - minute, resolvedAt: null },
    });
    expect(proposal?.good?.liveMs).toBeGreaterThan(5 * day);
    expect(await rig.posts()).toEqual(['root proposal']);
    expect(rig.rings).toBe(1);
    expect((await rig.releases.list(target)).map(({ version, grade }) => [version, grade])).toEqual([
      ['2.14.0', 'suspect'],
      ['2.13.2', 'verified'],
    ]);
  });

  it('without a recent release brings the facts without a suspect', async () => {
    await released(3 * 60 * minute);
    await rig.tell('alertmanager', firing((await now()) - minute));
    expect(await rig.openProposal()).toMatchObject({ status: 'open', suspect: null });
  });

  it('that is repeated, or joined by others, brings no second proposal', async () => {
    await released();
    const at = await now();
    await rig.tell('alertmanager', firing(at - minute));
    const first = await rig.openProposal();
    await rig.tell('alertmanager', { ...firing(at - minute), repeat: 1 });
    await rig.tell('alertmanager', firing(at - minute, { labels: { alertname: 'Latency' } }));
    expect((await rig.openProposal())?.id).toBe(first?.id);
    expect(rig.rings).toBe(1);
  });

  it.each([
    ['in no environment', { labels: { environment: '' } }, 0],
    ['of an unknown service', { labels: { service: 'nothing' } }, 0],
    ['of an unknown environment', { labels: { environment: 'moon' } }, 0],
    ['that is a test', { groupKey: 'test-1' }, 0],
    ['that began eleven minutes ago', {}, 11 * minute],
  ])('%s brings none', async (_what, more, ago) => {
    await released();
    await rig.tell('alertmanager', firing((await now()) - ago, more));
    expect(await rig.openProposal()).toBeNull();
    expect(await rig.posts()).toEqual([]);
  });

  it('case 25: a storm of three hundred alerts brings one offer', async () => {
    await released();
    const at = await now();
    const storm = Array.from({ length: 300 }, (_, n) =>
      firing(at - minute, { labels: { alertname: `Alert${n % 60}`, instance: `pod-${n}` } }),
    );
    for (const body of storm) await rig.tell('alertmanager', body);
    expect(await rig.openProposal()).toMatchObject({ status: 'open', suspect: { version: '2.14.0' } });
    expect(await rig.posts()).toEqual(['root proposal']);
    expect(rig.rings).toBe(1);
  });

  it('brings none while a run is at it', async () => {
    await released();
    await rig.store.create(aRun({ request: aRequest({ target }) }));
    await rig.tell('alertmanager', firing(await now()));
    expect(await rig.openProposal()).toBeNull();
  });

  it('is offered also where the process died after it opened the episode', async () => {
    await released();
    const at = await now();
    const body = firing(at);
    await rig.alerts.take({
      id: 'x'.repeat(26),
      door: 'alertmanager',
      name: 'main',
      receivedAt: at,
      body: JSON.stringify(body),
    });
    const [alert] = rig.deps.readAlerts(body, 'main', at)?.alerts ?? [];
    if (alert) await rig.alerts.apply(alert, target, at);
    await workIntake(rig.deps);
    expect((await rig.openProposal())?.status).toBe('open');
  });
});

describe('a resolution', () => {
  it('closes the proposal and edits its message', async () => {
    await released();
    const at = await now();
    await rig.tell('alertmanager', firing(at - minute));
    const id = (await rig.openProposal())?.id;
    await rig.tell('alertmanager', firing(at - minute, { endsAt: at }));
    expect(await rig.openProposal()).toBeNull();
    if (!id) throw new Error('no proposal');
    expect(await rig.alerts.proposal(id)).toMatchObject({ status: 'closed', version: 2, episode: { resolvedAt: at } });
    expect(rig.rings).toBe(2);
  });

  it('of one alert of two closes nothing', async () => {
    await released();
    const at = await now();
    await rig.tell('alertmanager', firing(at - minute));
    await rig.tell('alertmanager', firing(at - minute, { labels: { alertname: 'Latency' } }));
    await rig.tell('alertmanager', firing(at - minute, { endsAt: at }));
    expect((await rig.openProposal())?.status).toBe('open');
    await rig.tell('alertmanager', firing(at - minute, { endsAt: at, labels: { alertname: 'Latency' } }));
    expect(await rig.openProposal()).toBeNull();
  });

  it('leaves a release that recovered without a change unproven', async () => {
    await released();
    const at = await now();
    await rig.tell('alertmanager', firing(at - minute));
    await rig.tell('alertmanager', firing(at - minute, { endsAt: at }));
    expect((await rig.releases.list(target))[0]).toMatchObject({ version: '2.14.0', grade: 'unproven' });
  });
});

describe('a deployment', () => {
  it('of an older release elsewhere closes the proposal', async () => {
    await released();
    await rig.tell('alertmanager', firing((await now()) - minute));
    await rig.pass(minute);
    await rig.tell('deployments', { ...deployment('2.13.2', await now()), id: 'again' });
    expect(await rig.openProposal()).toBeNull();
    expect((await rig.releases.list(target)).map(({ version, grade }) => [version, grade])).toEqual([
      ['2.13.2', 'verified'],
      ['2.14.0', 'bad'],
    ]);
  });

  it('that failed makes no release live and is bad', async () => {
    await released();
    await rig.tell('deployments', deployment('2.15.0', await now(), 'failed'));
    const releases = await rig.releases.list(target);
    expect(releases.find(({ version }) => version === '2.15.0')?.grade).toBe('bad');
    expect(releases.find(({ spans }) => spans.at(-1)?.until === null)?.version).toBe('2.14.0');
  });
});

describe('the intake', () => {
  it('keeps the same body once for ten minutes', async () => {
    const intake = { id: 'a', door: 'alertmanager', name: 'main', receivedAt: 1, body: '{}' } as const;
    expect(await rig.alerts.take(intake)).toBe('taken');
    expect(await rig.alerts.take({ ...intake, id: 'b', receivedAt: 2 })).toBe('repeated');
    expect(await rig.alerts.take({ ...intake, id: 'c', name: 'other' })).toBe('taken');
  });

  it('hands a body out again when nobody worked it off, and puts it aside in the end', async () => {
    await rig.alerts.take({ id: 'a', door: 'alertmanager', name: 'main', receivedAt: 1, body: '{}' });
    for (let time = 0; time < 8; time += 1) {
      expect((await rig.alerts.claim(10, minute)).map(({ id }) => id)).toEqual(['a']);
      expect(await rig.alerts.claim(10, minute)).toEqual([]);
      await rig.pass(minute + 1);
    }
    expect(await rig.alerts.claim(10, minute)).toEqual([]);
    expect(await rig.connection.redis.llen('{backout}:intake-dead')).toBe(1);
  });

  it('says that a body has not the form of its door, and goes on', async () => {
    await rig.tell('alertmanager', { hello: 1 });
    expect(rig.said).toEqual(['A webhook body has not the form of its door']);
    expect(await rig.alerts.claim(10, 1)).toEqual([]);
  });
});

describe('a proposal', () => {
  it('is closed once, at the version that was seen', async () => {
    await released();
    await rig.tell('alertmanager', firing(await now()));
    const proposal = await rig.openProposal();
    if (!proposal) throw new Error('no proposal');
    const posts = [proposalPost(proposal.id)];
    expect(await rig.alerts.close(proposal.id, 7, 'dismissed', null, posts)).toBe(false);
    const answers = await Promise.all(
      ['dismissed', 'taken'].map(to => rig.alerts.close(proposal.id, 1, to as 'taken', 'R' as RunId, posts)),
    );
    expect(answers.filter(Boolean).length).toBe(1);
  });
});
