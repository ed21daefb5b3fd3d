import { describe, expect, it } from 'vitest';
import { startWatch, watchOnce } from '../../jobs/watch.ts';
import { redisOnce } from '../../src/adapters/redis/once.ts';
import { redisReleaseStore } from '../../src/adapters/redis/release-store.ts';
import { learnReleases } from '../../src/detect/learn.ts';
import type { Catalogue } from '../../src/domain/catalogue.ts';
import type { ObservedReleases } from '../../src/domain/release.ts';
import type { BoundReleaseSource, Following, ReleaseSource } from '../../src/ports/release-source.ts';
import { target, useAlerts } from '../alerts/rig.ts';
import { eventually } from '../cluster/eventually.ts';
import { target as targetSpec, testCatalogue } from '../commands/catalogue.ts';

const rig = useAlerts();

function shown(key: string): ObservedReleases {
  return {
    current: { key, version: key, identity: { commit: key }, createdAt: null, missing: null },
    settled: true,
    history: [],
  };
}

describe('releases in Redis', () => {
  it('learnt by several processes at once lose nothing', async () => {
    const others = await Promise.all([rig.another(), rig.another(), rig.another()]);
    const learn = (
      of: typeof target,
      known: Parameters<typeof learnReleases>[1],
      facts: Parameters<typeof learnReleases>[2],
    ) => learnReleases(of, known, facts, 1_000);
    const stores = [rig.releases, ...others.map(connection => redisReleaseStore(connection, { learn }))];
    const deployed = (number: number) => ({
      kind: 'deployed' as const,
      key: `deployment:${number}`,
      version: `${number}`,
      identity: {},
      status: 'succeeded' as const,
      by: null,
      at: number,
      url: null,
    });
    await Promise.all(
      stores.flatMap((store, of) => [1, 2, 3, 4].map(one => store.learn(target, [deployed(of * 10 + one)]))),
    );
    expect((await rig.releases.list(target)).length).toBe(16);
  });

  it('keeps holds until they are released, once', async () => {
    const hold = { target, releaseKey: 'a', version: '1', since: 5, by: 'Mara', reason: 'it failed', run: null };
    await rig.releases.hold(hold);
    await rig.releases.hold({ ...hold, releaseKey: 'b', since: 9 });
    expect((await rig.releases.holds(target)).map(({ releaseKey }) => releaseKey)).toEqual(['b', 'a']);
    expect(await rig.releases.releaseHold(target, 'a')).toBe(true);
    expect(await rig.releases.releaseHold(target, 'a')).toBe(false);
    expect((await rig.releases.holds(target)).map(({ releaseKey }) => releaseKey)).toEqual(['b']);
  });

  it('a freeze ends by itself by the server’s clock', async () => {
    const now = await rig.store.now();
    const freeze = { target, since: now, until: now + 60_000, by: 'Mara', reason: 'fair', levels: [] };
    await rig.releases.freeze(freeze);
    expect(await rig.releases.frozen(target)).toEqual(freeze);
    await rig.pass(60_001);
    expect(await rig.releases.frozen(target)).toBeNull();
    await rig.releases.freeze({ ...freeze, until: null });
    expect(await rig.releases.unfreeze(target)).toBe(true);
    expect(await rig.releases.unfreeze(target)).toBe(false);
  });
});

describe('the watch', () => {
  function catalogue(): Catalogue {
    const source = { kind: 'here', input: {} };
    const of = (environment: string, runsOn: string | null, releaseSource: typeof source | null) =>
      [environment, targetSpec('checkout-api', environment, { runsOn, releaseSource })] as const;
    const environments = [
      of('production', null, source),
      of('host', 'w1', source),
      of('elsewhere', 'w2', source),
      of('blind', null, null),
    ];
    const service = { name: 'checkout-api', aliases: [], owners: null, environments: Object.fromEntries(environments) };
    return testCatalogue({ services: { 'checkout-api': service } });
  }

  function deps(look: ReleaseSource['look']) {
    const bound: BoundReleaseSource = {
      kind: 'here',
      summary: '',
      hostLocal: false,
      input: {} as never,
      load: async () => ({ kind: 'here', look }),
    };
    return {
      catalogue,
      releaseSources: new Map([['here', bound]]),
      releases: rig.releases,
      runs: rig.store,
      once: redisOnce(rig.connection),
      worker: 'w1',
      random: () => 0,
      log: rig.deps.log,
    };
  }
  const signal = new AbortController().signal;

  it('looks at the targets of its host and of none, each once for all workers', async () => {
    const watching = deps(async () => shown('a'));
    expect(await watchOnce(watching, signal)).toBe(2);
    expect(await watchOnce(watching, signal)).toBe(0);
    expect(await watchOnce({ ...watching, worker: 'w2' }, signal)).toBe(1);
    expect((await rig.releases.list(target)).map(({ key }) => key)).toEqual(['a']);
  });

  it('looks at once at a target of which its source hears something, and follows none after its end', async () => {
    const followed: Following[] = [];
    let release = 'a';
    const watching = deps(async ({ following }) => {
      if (following) followed.push(following);
      return shown(release);
    });
    const only = { ...watching, worker: 'elsewhere' };
    const stop = startWatch(only);
    await eventually('the first look', async () => followed.length === 1);
    release = 'b';
    followed[0]?.heard();
    const live = async () =>
      (await rig.releases.list(target)).find(({ spans }) => spans.some(span => span.until === null));
    await eventually('the other release', async () => (await live())?.key === 'b', 5_000);
    expect(followed[1]?.heard).toBe(followed[0]?.heard);
    expect(followed[0]?.until.aborted).toBe(false);
    await stop();
    expect(followed[0]?.until.aborted).toBe(true);
  });

  it('a target that cannot be seen is told, and the others are looked at', async () => {
    let first = true;
    const flaky = deps(async () => {
      if (!first) return shown('a');
      first = false;
      throw new Error('refused');
    });
    expect(await watchOnce(flaky, signal)).toBe(1);
    expect(rig.said).toEqual(['The releases of a target cannot be seen']);
  });
});
