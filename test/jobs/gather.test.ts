import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { lookAt } from '../../jobs/gather.ts';
import type { BoundReleaseSource, ReleaseSource } from '../../src/ports/release-source.ts';
import { jobsCatalogue } from './catalogue.ts';

/** Looks at a target through a source that looks so. */
function lookWith(look: ReleaseSource['look'], signal: AbortSignal) {
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
  const spec = { ...target, releaseSource: { kind, input: {} } };
  return lookAt({ releaseSources: new Map([[kind, source]]) }, spec, signal);
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
