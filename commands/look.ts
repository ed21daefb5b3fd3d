import type { Catalogue, TargetSpec } from '../src/domain/catalogue.ts';
import type { Run } from '../src/domain/run.ts';
import { isFinal } from '../src/domain/status.ts';
import type { CandidatesData, HistoryData, HistoryRow, ReleaseData, StatusData } from '../templates/data.ts';
import type { DoorDeps } from './deps.ts';
import { releaseOf, targetOf } from './find.ts';
import { way } from './order.ts';
import type { Ask } from './parse/reading.ts';
import type { Visit } from './visit.ts';

/** How many runs a list shows. */
const shown = 20;

/** Gathers what is going on: open runs, proposals, holds and freezes, of everything or of what was named. */
export async function statusData(deps: DoorDeps, visit: Visit, ask: Ask): Promise<StatusData> {
  const targets = targetsOf(visit.catalogue, ask);
  const mine = new Set(targets.map(({ target }) => target));
  const runs = await deps.runs.list({ open: true, limit: 200 });
  const each = <T>(look: (target: TargetSpec) => Promise<T>) => Promise.all(targets.map(look));
  const [proposals, holds, freezes, now] = await Promise.all([
    each(({ target }) => deps.alerts.openProposal(target)),
    each(({ target }) => deps.releases.holds(target)),
    each(({ target }) => deps.releases.frozen(target)),
    deps.runs.now(),
  ]);
  return {
    service: ask.service?.name ?? null,
    runs: runs.filter(run => !ask.service || mine.has(run.request.target)).slice(0, shown),
    proposals: proposals.filter(proposal => proposal !== null),
    holds: holds.flat(),
    freezes: freezes.filter(freeze => freeze !== null),
    now,
  };
}

function targetsOf(catalogue: Catalogue, ask: Ask): readonly TargetSpec[] {
  if (ask.target) return [ask.target];
  const services = ask.service ? [ask.service] : Object.values(catalogue.services);
  return services.flatMap(service => Object.values(service.environments));
}

/** Gathers ended runs, newest first, with how long each part took. */
export async function historyData(deps: DoorDeps, ask: Ask): Promise<HistoryData> {
  const which = ask.target ? { target: ask.target.target } : ask.service ? { service: ask.service.name } : {};
  const runs = await deps.runs.list({ ...which, open: false, limit: 200 });
  const rows = runs.slice(0, shown).map(run => rowOf(run, deps.phaseTimes(run)));
  const recovered = runs.filter(run => run.status === 'succeeded');
  const times = recovered.flatMap(run =>
    'endedAt' in run ? [run.endedAt - (run.request.detectedAt ?? run.createdAt)] : [],
  );
  const mttrMs = times.length > 0 ? times.reduce((sum, ms) => sum + ms, 0) / times.length : null;
  return {
    service: ask.service?.name ?? null,
    rows,
    summary: { runs: runs.length, succeeded: recovered.length, mttrMs },
    now: await deps.runs.now(),
  };
}

function rowOf(run: Run, times: HistoryRow['times']): HistoryRow {
  const { id, request, plan, status, createdAt } = run;
  const from = plan?.from?.version ?? null;
  const to = plan?.to?.version ?? null;
  return { run: id, target: request.target, from, to, status, at: createdAt, by: request.by.name, times };
}

/** Gathers what a target could go back to; a release that may be taken is one click away from the form. */
export async function candidatesData(deps: DoorDeps, ask: Ask): Promise<CandidatesData> {
  const target = targetOf(ask);
  const { current, candidates } = await deps.candidates(target);
  const choices = candidates.filter(({ verdict }) => verdict !== 'no').slice(0, 5);
  const { service, environment } = target;
  return {
    target: target.target,
    current,
    candidates,
    next: choices.map(({ release: { version, key } }) => ({
      kind: 'choose-release',
      version,
      ...way({ service, environment, release: key }),
    })),
    now: await deps.runs.now(),
  };
}

/** Gathers all that is known of one release: what it is, how good, since when, and whether it may be taken. */
export async function releaseData(deps: DoorDeps, ask: Ask): Promise<ReleaseData> {
  const { target, release } = await releaseOf(deps, ask);
  const { candidates } = await deps.candidates(target);
  const { verdict, why } = candidates.find(one => one.release.key === release.key) ?? { verdict: 'no', why: null };
  const { service, environment } = target;
  const choose = { kind: 'choose-release', version: release.version } as const;
  return {
    release,
    verdict,
    why,
    next: verdict === 'no' ? [] : [{ ...choose, ...way({ service, environment, release: release.key }) }],
    now: await deps.runs.now(),
  };
}

/** The latest run of a target that changed something or still may; only that one can be undone. */
export async function latestRun(deps: DoorDeps, run: Run): Promise<Run | null> {
  const runs = await deps.runs.list({ target: run.request.target, limit: 50 });
  return (
    runs.find(other => !isFinal(other.status) || other.status === 'succeeded' || other.status === 'partial') ?? null
  );
}
