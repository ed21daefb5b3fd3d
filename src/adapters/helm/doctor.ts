import { Refusal } from '../../domain/reason.ts';
import type { Finding, Probe } from '../../ports/probe.ts';
import { majorOf, requireBinary } from './binary.ts';
import { createHistory } from './history.ts';
import { type HelmDeps, objectOf, type Place } from './input.ts';
import { isPending, wasDeployed } from './revision.ts';

/** A Helm release that the catalogue names; `binary` is null where only its releases are looked at. */
export type Named = Place & { readonly binary: string | null };

/** What `doctor` says of each Helm release that the catalogue names: its program is there, its history can be read and holds something to go back to. */
export function createHelmProbe(deps: Omit<HelmDeps, 'openOwners'>, releases: readonly Named[]): Probe {
  return async ({ signal }) => {
    const answers = releases.map(async (release): Promise<readonly Finding[]> => {
      const subject = objectOf(release);
      try {
        return await examine(deps, release, signal);
      } catch (thrown) {
        if (thrown instanceof Refusal) {
          const { detail, code } = thrown.reason;
          return [{ subject, state: 'broken', message: detail ?? code, remedy: null }];
        }
        if (!signal.aborted) throw thrown;
        return [{ subject, state: 'unknown', message: 'the API server did not answer in time', remedy: null }];
      }
    });
    return (await Promise.all(answers)).flat();
  };
}

async function examine(
  deps: Omit<HelmDeps, 'openOwners'>,
  release: Named,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const subject = objectOf(release);
  const { binary } = release;
  if (binary !== null) {
    requireBinary(deps, binary);
    await majorOf(deps, binary, signal);
  }
  const { revisions } = await createHistory().read(await deps.openCluster(release), release, signal);
  const [latest] = revisions;
  if (!latest) {
    const remedy = 'look at the release’s name, its namespace and the context';
    return [{ subject, state: 'broken', message: 'helm knows no such release there', remedy }];
  }
  if (isPending(latest)) {
    const message = `revision ${latest.number} is ${latest.status}: helm is at work, or was cut off`;
    return [{ subject, state: 'warning', message, remedy: null }];
  }
  if (!revisions.some(one => one.key !== latest.key && wasDeployed(one))) {
    const remedy = 'keep more of it: helm upgrade --history-max';
    return [{ subject, state: 'warning', message: 'its history holds nothing to go back to', remedy }];
  }
  const message = `can be read: revision ${latest.number} of ${revisions.length} kept is ${latest.status}`;
  return [{ subject, state: 'ok', message, remedy: null }];
}
