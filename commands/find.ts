import type { TargetSpec } from '../src/domain/catalogue.ts';
import { parseRunId, type RunId, shortRunId } from '../src/domain/ids.ts';
import { Refusal, reason } from '../src/domain/reason.ts';
import type { Release } from '../src/domain/release.ts';
import type { DoorDeps } from './deps.ts';
import { nearest } from './parse/names.ts';
import type { Ask } from './parse/reading.ts';
import type { Visit } from './visit.ts';

/** How a run is typed: its whole id, or `R-` and as much of its end as tells it apart. */
const runPattern = /^(?:R-)?([0-9A-HJKMNP-TV-Z]{4,26})$/;

/** Finds the run a person named, or the one whose thread they are in. */
export async function findRun(deps: DoorDeps, visit: Visit, typed: string | null): Promise<RunId> {
  if (typed === null) return await runOfThread(deps, visit);
  const suffix = runPattern.exec(typed.toUpperCase())?.[1];
  const ids = suffix ? await deps.runs.find(suffix) : [];
  const [first] = ids;
  if (first && ids.length === 1) return first;
  if (first) {
    const runs = ids.map(id => `R-${id.slice(-Math.max(8, (suffix?.length ?? 0) + 2))}`);
    throw new Refusal(reason('ambiguous-run', { name: typed, runs }));
  }
  const recent = (await deps.runs.list({ limit: 50 })).map(run => shortRunId(run.id));
  throw new Refusal(reason('unknown-run', { name: typed, nearest: nearest(typed.toUpperCase(), recent) }));
}

async function runOfThread(deps: DoorDeps, visit: Visit): Promise<RunId> {
  const thread = visit.channel && visit.thread ? await deps.outbox.threadOf(visit.channel, visit.thread) : null;
  const run = thread === null ? null : parseRunId(thread);
  if (!run || !(await deps.runs.read(run))) throw new Refusal(reason('bad-argument', { missing: 'RUN' }));
  return run;
}

/** Finds a release of a target by its version, its key or a commit or digest of it; a name that fits several is refused. */
export async function findRelease(deps: DoorDeps, target: TargetSpec, typed: string): Promise<Release> {
  const known = await deps.releases.list(target.target);
  const exact = known.filter(release => release.key === typed || release.version === typed);
  const begins = (value: string) => typed.length >= 7 && (value.startsWith(typed) || value.endsWith(`:${typed}`));
  const alike = known.filter(release => [release.key, ...Object.values(release.identity)].some(begins));
  const found = exact.length > 0 ? exact : alike;
  const [first] = found;
  if (first && found.length === 1) return first;
  const names = first
    ? found.map(release => release.key)
    : nearest(
        typed,
        known.map(release => release.version),
      );
  const shown = names.length > 0 ? names : known.slice(0, 5).map(release => release.version);
  throw new Refusal(reason('unknown-release', { name: typed, target: target.target, nearest: shown }));
}

/** The target a command names; the parser has asked for it where the command cannot do without. */
export function targetOf(ask: Ask): TargetSpec {
  if (!ask.target) throw new Refusal(reason('environment-needed', environmentFacts(ask)));
  return ask.target;
}

/** The release a command names. */
export async function releaseOf(deps: DoorDeps, ask: Ask): Promise<{ target: TargetSpec; release: Release }> {
  const target = targetOf(ask);
  if (ask.release === null) throw new Refusal(reason('bad-argument', { missing: 'RELEASE' }));
  return { target, release: await findRelease(deps, target, ask.release) };
}

/** The reason a command gives. */
export function reasonOf(ask: Ask): string {
  if (ask.reason === null) throw new Refusal(reason('reason-needed'));
  return ask.reason;
}

/** Which environments there are to choose from. */
export function environmentFacts(ask: Ask) {
  const environments = Object.keys(ask.service?.environments ?? {});
  return ask.service ? { service: ask.service.name, environments } : { environments };
}
