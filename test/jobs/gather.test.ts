import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { gather, lookAt } from '../../jobs/gather.ts';
import type { ObservedReleases } from '../../src/domain/release.ts';
import type { BoundReleaseSource, ReleaseSource } from '../../src/ports/release-source.ts';
import { jobsCatalogue } from './catalogue.ts';
import { useJobs } from './rig.ts';

const rig = useJobs();

/** A target with a source of releases that looks so. */
function seenBy(look: ReleaseSource['look']) {
  const kind = 'made-up';
  const source: BoundReleaseSource = {
    kind,
    input: undefined as never,
    summary: '',
    hostLocal: false,
    load: async () => ({ kind, look }),
  };
  const target = jobsCatalogue().services.shop?.environments.production;
  if (!target) throw new Error('no target');
  return { releaseSources: new Map([[kind, source]]), spec: { ...target, releaseSource: { kind, input: {} } } };
}

function lookWith(look: ReleaseSource['look'], signal: AbortSignal) {
  const { releaseSources, spec } = seenBy(look);
  return lookAt({ releaseSources }, spec, signal);
}

it('a release source that hangs and hears no signal holds nobody up', async () => {
  const stop = new AbortController();
  const looking = lookWith(() => new Promise<never>(() => undefined), stop.signal);
  setImmediate(() => stop.abort(new Error('over')));
  await expect(looking).rejects.toThrow('over');
});

it('a look that is begun as its time is over, and fails for that, is no failure of its own', async () => {
  const unheard: unknown[] = [];
  const note = (failure: unknown) => void unheard.push(failure);
  process.on('unhandledRejection', note);
  const over = AbortSignal.abort(new Error('over'));
  const look: ReleaseSource['look'] = async ({ signal }) => {
    signal.throwIfAborted();
    throw new Error('went on');
  };
  await expect(lookWith(look, over)).rejects.toThrow('over');
  await turn();
  process.off('unhandledRejection', note);
  expect(unheard).toEqual([]);
});

it('what a plan looks at counts though a watcher looked at the release before while it did', async () => {
  const shown = (version: string): ObservedReleases => ({
    current: { key: version, version, identity: {}, createdAt: null, missing: null },
    settled: true,
    history: [],
  });
  const { releases } = rig.deps;
  const { releaseSources, spec } = seenBy(async () => {
    await rig.pass(1_000);
    await releases.learn(spec.target, [{ kind: 'seen', releases: shown('1.0.0'), at: await rig.store.now() }]);
    await rig.pass(1_000);
    return shown('2.0.0');
  });
  const gathered = await gather({ releases, releaseSources, log: rig.deps.log }, spec, {
    suspect: null,
    automatic: false,
    now: () => rig.store.now(),
    signal: new AbortController().signal,
  });
  expect(gathered.current?.version).toBe('2.0.0');
});
