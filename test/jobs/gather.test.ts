import { expect, it } from 'vitest';
import { lookAt } from '../../jobs/gather.ts';
import type { BoundReleaseSource } from '../../src/ports/release-source.ts';
import { jobsCatalogue } from './catalogue.ts';

it('a release source that hangs and hears no signal holds nobody up', async () => {
  const kind = 'deaf';
  const look = () => new Promise<never>(() => undefined);
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
  const stop = new AbortController();
  const looking = lookAt({ releaseSources: new Map([[kind, source]]) }, spec, stop.signal);
  setImmediate(() => stop.abort(new Error('over')));
  await expect(looking).rejects.toThrow('over');
});
