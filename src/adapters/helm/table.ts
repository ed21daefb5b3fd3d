import type { ExecutorEntry } from '../../ports/executor.ts';
import type { ReleaseSourceEntry } from '../../ports/release-source.ts';
import { type HelmDeps, placeInput, rollbackInput } from './input.ts';

/** Steps on Helm releases. Helm refuses no stale writer, so a takeover waits the lease out. */
export const executors: readonly ExecutorEntry<HelmDeps>[] = [
  {
    kind: 'helm.rollback',
    input: rollbackInput,
    summary: 'Takes a Helm release back to the revision that holds the chosen release, and waits until it is ready.',
    fenced: false,
    hostLocal: false,
    needsRelease: true,
    load: async deps => {
      const [{ createRollback }, owners] = await Promise.all([import('./executor.ts'), deps.openOwners()]);
      return owners.around(createRollback(deps));
    },
  },
];

/** Release sources of Helm. */
export const releaseSources: readonly ReleaseSourceEntry<HelmDeps>[] = [
  {
    kind: 'helm.release',
    input: placeInput,
    summary: 'Which chart and values of a Helm release are live, and which its revisions still hold.',
    hostLocal: false,
    load: async deps => (await import('./release-source.ts')).createReleaseSource(deps),
  },
];
