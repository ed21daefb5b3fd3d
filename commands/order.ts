import type { TargetSpec } from '../src/domain/catalogue.ts';
import { type ProposalId, parseProposalId } from '../src/domain/ids.ts';
import type { Level } from '../src/domain/level.ts';
import { type Reason, Refusal, reason } from '../src/domain/reason.ts';
import type { Freeze } from '../src/domain/release.ts';
import type { NextStep, RefusalData } from '../templates/data.ts';
import type { DoorDeps } from './deps.ts';
import { findRelease } from './find.ts';
import { nearest } from './parse/names.ts';
import { type Seed, seedCommand, writeSeed } from './seed.ts';
import { type Order, plainOrder } from './start.ts';

/** What a person wants, complete: the release still as they named it. */
export interface Wish {
  readonly target: TargetSpec;
  readonly level: Level | null;
  readonly strategy: string | null;
  readonly release: string | null;
  readonly scenario: string | null;
  readonly reason: string;
  readonly observe: boolean;
  readonly proposal: string | null;
}

/** An order that can be placed, or why not with the ways on. */
export type Ordered =
  | { readonly kind: 'order'; readonly order: Order }
  | { readonly kind: 'declined'; readonly data: RefusalData };

/** Looks at a wish before anything is created: a runbook that fits, no freeze, a release that may be taken. Names that are not found are refused. */
export async function orderOf(deps: DoorDeps, wish: Wish): Promise<Ordered> {
  const { target } = wish;
  const started = await originOf(deps, wish);
  const scenario = wish.scenario ?? (started.episode ? 'alert' : 'other');
  const refused = refuseRunbooks(wish, scenario) ?? refuseFrozen(wish, await deps.releases.frozen(target.target));
  if (refused) return { kind: 'declined', data: refused };
  await mustHaveWorker(deps, target);
  const listed = await refuseRelease(deps, wish, scenario);
  if ('data' in listed) return { kind: 'declined', data: listed.data };
  const { level, strategy, reason: why, observe } = wish;
  const order = { ...plainOrder(target, why), level, strategy, observe, scenario, release: listed.key, ...started };
  return { kind: 'order', order };
}

/** Refuses where the one worker that could do it is not running: the run would wait for it without a word. */
export async function mustHaveWorker(deps: DoorDeps, { runsOn }: Pick<TargetSpec, 'runsOn'>): Promise<void> {
  if (runsOn === null || (await deps.runs.workers()).includes(runsOn)) return;
  throw new Refusal(reason('worker-missing', { worker: runsOn }));
}

/** Refuses where the level of what would be done is frozen, before anybody is asked. */
export async function mustNotBeFrozen(deps: DoorDeps, target: TargetSpec, level: Level): Promise<void> {
  const freeze = await deps.releases.frozen(target.target);
  if (!freeze?.levels.includes(level)) return;
  const open = [...new Set(target.runbooks.map(runbook => runbook.level))].filter(one => !freeze.levels.includes(one));
  throw new Refusal(frozenReason(freeze, open.sort()));
}

/** What the trouble is known to have begun with: the proposal whose button was pressed, else the target's open episode. */
async function originOf(deps: DoorDeps, { target, proposal }: Wish) {
  const id: ProposalId | null = proposal === null ? null : parseProposalId(proposal);
  const offered = id ? await deps.alerts.proposal(id) : await deps.alerts.openProposal(target.target);
  const mine = offered?.target === target.target ? offered : null;
  const episode = mine?.episode ?? (await deps.alerts.open(target.target))[0] ?? null;
  return {
    detectedAt: episode?.startedAt ?? null,
    suspectRelease: mine?.suspect?.key ?? null,
    episode: episode?.fingerprint ?? null,
    proposal: mine && mine.status !== 'closed' ? mine.id : null,
  };
}

function runbooksFor({ target, level, strategy }: Wish, scenario: string | null) {
  return target.runbooks
    .filter(runbook => level === null || runbook.level === level)
    .filter(runbook => strategy === null || runbook.strategy === strategy)
    .filter(runbook => scenario === null || runbook.scenarios === null || runbook.scenarios.includes(scenario));
}

function refuseRunbooks(wish: Wish, scenario: string): RefusalData | null {
  const { target, strategy } = wish;
  if (runbooksFor(wish, scenario).length > 0) return null;
  const strategies = target.runbooks.map(runbook => runbook.strategy);
  if (strategy !== null && !strategies.includes(strategy)) {
    const near = nearest(strategy, strategies);
    const why = reason('bad-argument', { token: strategy });
    return { reason: why, nearest: near.length > 0 ? near : [...new Set(strategies)] };
  }
  const others = target.runbooks.filter(({ scenarios }) => scenarios === null || scenarios.includes(scenario));
  const why = reason('no-runbook', { target: target.target, scenario });
  return { reason: why, next: useLevels(wish, [...new Set(others.map(runbook => runbook.level))]) };
}

/** Refuses where every level that could be taken is frozen. */
function refuseFrozen(wish: Wish, freeze: Freeze | null): RefusalData | null {
  const wanted = [...new Set(runbooksFor(wish, null).map(runbook => runbook.level))];
  if (!freeze || wanted.some(level => !freeze.levels.includes(level))) return null;
  const all = [...new Set(wish.target.runbooks.map(runbook => runbook.level))];
  const open = all.filter(level => !freeze.levels.includes(level)).sort();
  return { reason: frozenReason(freeze, open), next: useLevels(wish, open) };
}

function frozenReason(freeze: Freeze, open: readonly Level[]): Reason {
  const { target, by, until, levels } = freeze;
  const facts = { target, by, reason: freeze.reason, levels: levels.map(String), open: open.map(String) };
  return reason('frozen', until === null ? facts : { ...facts, until });
}

function useLevels(wish: Wish, levels: readonly Level[]): readonly NextStep[] {
  return levels.map(level => ({ kind: 'use-level', level, ...way({ ...seedOf(wish), level }) }));
}

/** The key of the release to take (null: the plan's choice), or why none can be taken. */
async function refuseRelease(
  deps: DoorDeps,
  wish: Wish,
  scenario: string,
): Promise<{ readonly key: string | null } | { readonly data: RefusalData }> {
  const { target } = wish;
  const books = runbooksFor(wish, scenario);
  const needed = books.every(book => book.steps.some(step => deps.needsRelease(step)));
  if (wish.release === null && !needed) return { key: null };
  const { candidates } = await deps.candidates(target);
  const choices = candidates.filter(({ verdict }) => verdict !== 'no').slice(0, 3);
  const next: readonly NextStep[] = choices.map(({ release: { version, key } }) => ({
    kind: 'choose-release',
    version,
    ...way({ ...seedOf(wish), release: key }),
  }));
  if (wish.release === null) {
    if (candidates.some(({ verdict }) => verdict === 'suggested')) return { key: null };
    return { data: { reason: reason('no-good-release', { target: target.target }), next } };
  }
  const release = await findRelease(deps, target, wish.release);
  const candidate = candidates.find(({ release: { key } }) => key === release.key);
  if (candidate && candidate.verdict !== 'no') return { key: release.key };
  const why = reason('release-not-eligible', { release: release.version, grade: release.grade });
  return { data: { reason: why, next } };
}

/** A way on: the form filled in, and the command that does the same. */
export function way(seed: Seed): { readonly value: string; readonly command: string } {
  return { value: writeSeed(seed), command: seedCommand(seed) };
}

/** A wish as what a form begins with. */
export function seedOf(wish: Wish): Seed {
  const { target, level, strategy, release, scenario, reason: why, proposal } = wish;
  return {
    service: target.service,
    environment: target.environment,
    reason: why,
    ...(level ? { level } : {}),
    ...(strategy ? { strategy } : {}),
    ...(release ? { release } : {}),
    ...(scenario ? { scenario } : {}),
    ...(proposal ? { proposal } : {}),
  };
}
