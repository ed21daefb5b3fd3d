import { buttonValue } from '../src/domain/button.ts';
import type { CheckSpec, Locale, Runbook } from '../src/domain/catalogue.ts';
import { type Box, boxesOf, type CheckResult } from '../src/domain/check.ts';
import { type TargetId, targetParts } from '../src/domain/ids.ts';
import type { Run } from '../src/domain/run.ts';
import { isFinal, mayHaveTouched } from '../src/domain/status.ts';
import { clock } from './clock.ts';
import { esc } from './escape.ts';
import { quoted } from './limits.ts';
import { called } from './people.ts';
import type { RunView } from './view.ts';
import { levelWords } from './words.ts';

/** Where a run acts: `checkout-api · production`. */
export function place(target: TargetId): string {
  const { service, environment } = targetParts(target);
  return `${esc(service, quoted.name)} · ${esc(environment, quoted.name)}`;
}

/** A release's version as people read it. */
export function version(release: { readonly version: string } | null): string {
  return release ? esc(release.version, quoted.name) : '?';
}

const changeWords = {
  en: { unplanned: 'to the last good release', named: 'to the release asked for' },
  'zh-CN': { unplanned: '回到最近可用的版本', named: '回到指定的版本' },
} as const satisfies Record<Locale, object>;

/** What a run changes: `2.14.0 → 2.13.2`; where it changes no release, its level and runbook. */
export function change(view: Pick<RunView, 'catalogue' | 'locale'>, run: Run): string {
  const { plan } = run;
  if (!plan) return changeWords[view.locale][run.request.release ? 'named' : 'unplanned'];
  if (plan.to) return `${version(plan.from)} → ${version(plan.to)}`;
  return `${levelWords[view.locale][plan.level]}: ${esc(runbookOf(view, run)?.title ?? plan.runbook)}`;
}

/** The runbook a run follows, where its catalogue can be read. */
function runbookOf(view: Pick<RunView, 'catalogue'>, run: Run): Runbook | null {
  const { service, environment } = targetParts(run.request.target);
  const spec = view.catalogue?.services[service]?.environments[environment];
  return spec?.runbooks.find(runbook => runbook.id === run.plan?.runbook) ?? null;
}

/** When the time to recovery is over, epoch ms: counted from the beginning of the trouble, else from the request; null where nothing recovers. */
export function rtoEnds(run: Run): number | null {
  const over = isFinal(run.status) && !mayHaveTouched(run.status);
  return run.plan && !over ? (run.request.detectedAt ?? run.createdAt) + run.plan.rtoMs : null;
}

/** A clock time within this view. */
export function when(view: Pick<RunView, 'now' | 'locale'>, at: number): string {
  return clock(at, view.now, view.locale);
}

/** The value of a button that acts on this run as it was drawn. */
export function pressValue(run: Run, extra = ''): string {
  return buttonValue(run.id, run.version, extra);
}

/** How many yes there are and how many it takes. */
export function tally(run: Run): { readonly yes: number; readonly needed: number } {
  const needed = run.approval?.rule.seats.reduce((sum, seat) => sum + seat.count, 0) ?? 0;
  const people = new Set(run.approval?.votes.filter(vote => vote.decision === 'approve').map(vote => vote.person));
  return { yes: Math.min(people.size, needed), needed };
}

/** Names of those who said yes. */
export function approvers(run: Run): readonly string[] {
  const votes = run.approval?.votes.filter(vote => vote.decision === 'approve') ?? [];
  return votes.map(vote => called({ kind: 'person', ...vote }));
}

/** How far verification is. */
export interface CheckTally {
  readonly passed: readonly CheckResult[];
  readonly failed: readonly CheckResult[];
  readonly waiting: readonly CheckSpec[];
  /** Waiting checks that a person ticks. */
  readonly manual: readonly Box[];
}

/** Sorts a run's checks by how they stand; `unknown` is not passed. */
export function checkTally(run: Run): CheckTally {
  const specs = run.plan?.checks ?? [];
  const over = new Set(run.checks.filter(check => check.status !== 'waiting').map(check => check.id));
  const manual = boxesOf(specs).filter(({ spec }) => !over.has(spec.id) && run.ticks[spec.id] === undefined);
  return {
    passed: run.checks.filter(check => check.status === 'passed'),
    failed: run.checks.filter(check => check.status === 'failed' || check.status === 'unknown'),
    waiting: specs.filter(spec => !over.has(spec.id)),
    manual,
  };
}

/** By when verification is over, epoch ms: the longest time limit of its checks. */
export function verdictBy(run: Run): number | null {
  const since = run.since.verifying;
  if (since === undefined || !run.plan || run.plan.checks.length === 0) return null;
  return since + Math.max(...run.plan.checks.map(check => check.timeoutMs));
}

/** How many operations of a run are done, and of how many: forwards, or back. */
export function operationTally(run: Run): { readonly done: number; readonly all: number } {
  const phase = run.status === 'compensating' ? 'revert' : 'apply';
  const all = run.plan?.operations.length ?? 0;
  const ended = (of: 'apply' | 'revert') => run.journal.filter(entry => entry.phase === of && entry.outcome).length;
  return phase === 'apply'
    ? { done: ended('apply'), all }
    : { done: ended('revert'), all: Math.max(ended('apply'), ended('revert')) };
}
