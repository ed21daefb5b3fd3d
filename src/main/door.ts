import type { DoorDeps, ListCandidates, ReloadAnswer } from '../../commands/deps.ts';
import type { CatalogueHolder } from '../config/reload.ts';
import type { Catalogue } from '../domain/catalogue.ts';
import { listCandidates } from '../plan/candidates.ts';
import type { Clock } from '../ports/clock.ts';
import type { Directory } from '../ports/directory.ts';
import type { Doorbell } from '../ports/doorbell.ts';
import type { NamedProbe } from '../ports/probe.ts';
import { phaseTimes } from '../record/times.ts';
import type { Stores } from './stores.ts';
import { needsRelease } from './tables.ts';

/** What the front door is made of. */
export interface DoorParts {
  readonly stores: Stores;
  readonly directory: Directory;
  readonly doorbell: Doorbell;
  readonly clock: Clock;
  readonly probes: readonly NamedProbe[];
  readonly holder: CatalogueHolder | null;
  readonly file: string;
}

/** What a target could go back to, as far as it was seen: the door itself never looks at a target. */
function candidatesSeen({ stores, clock }: DoorParts): ListCandidates {
  return async ({ target }) => {
    const [releases, holds] = await Promise.all([stores.releases.list(target), stores.releases.holds(target)]);
    const live = releases.find(release => release.spans.some(span => span.until === null)) ?? null;
    const question = { releases, observed: null, holds, suspect: null, automatic: false, now: clock.now() };
    return { current: live?.version ?? null, candidates: listCandidates(question) };
  };
}

function summary(catalogue: Catalogue, changed: boolean): ReloadAnswer {
  const services = Object.values(catalogue.services);
  const targets = services.flatMap(service => Object.values(service.environments)).length;
  return { kind: 'reloaded', data: { hash: catalogue.hash, services: services.length, targets, changed } };
}

function reloadBy({ holder, file }: DoorParts): DoorDeps['reload'] {
  return async (): Promise<ReloadAnswer> => {
    if (!holder) return { kind: 'refused', data: { file, problems: [], kept: true } };
    const reloaded = await holder.reload();
    if (reloaded.kind === 'kept') {
      const errors = reloaded.problems.filter(({ severity }) => severity === 'error');
      const problems = errors.map(problem => ({ ...problem, suggestion: null }));
      return { kind: 'refused', data: { file, problems, kept: true } };
    }
    return summary(reloaded.catalogue, reloaded.kind === 'changed');
  };
}

/** Makes what the commands work with, for Slack and the command line alike. */
export function doorDeps(parts: DoorParts): DoorDeps {
  const { stores, directory, doorbell, clock, probes } = parts;
  return {
    runs: stores.runs,
    releases: stores.releases,
    alerts: stores.alerts,
    outbox: stores.outbox,
    catalogues: stores.catalogues,
    directory,
    doorbell,
    clock,
    candidates: candidatesSeen(parts),
    needsRelease,
    phaseTimes,
    probes,
    reload: reloadBy(parts),
  };
}
