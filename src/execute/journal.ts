import { mayHaveActed } from '../domain/acted.ts';
import type { JournalPhase } from '../domain/event.ts';
import { type Operation, type Plan, type Span, spanOf } from '../domain/plan.ts';
import { type Reason, reason } from '../domain/reason.ts';
import type { JournalEntry, RunFacts, RunWithLog } from '../domain/run.ts';

type Journal = RunFacts['journal'];

/** What the journal knows of one operation in one phase. */
export function entryOf(journal: Journal, phase: JournalPhase, index: number): JournalEntry | undefined {
  return journal.find(entry => entry.phase === phase && entry.index === index);
}

/** Operations that run beside each other, of which some have no outcome yet. */
export interface Group {
  readonly span: Span;
  /** Those without an outcome, in the order in which they begin. */
  readonly open: readonly Operation[];
}

/** The operations to run next: those of the first group that has any without an outcome; null where all have one. */
export function groupToApply(plan: Plan, journal: Journal): Group | null {
  return firstGroup(
    plan,
    plan.operations.filter(({ index }) => !entryOf(journal, 'apply', index)?.outcome),
  );
}

/** The operations to put back next; null where all that acted were put back. */
export function groupToRevert(plan: Plan, journal: Journal): Group | null {
  return firstGroup(
    plan,
    mayHaveActed({ plan, journal }).filter(({ index }) => !entryOf(journal, 'revert', index)?.outcome),
  );
}

function firstGroup({ operations }: Plan, open: readonly Operation[]): Group | null {
  const [next] = open;
  if (!next) return null;
  const span = spanOf(operations, next.index);
  return { span, open: open.filter(({ index }) => index >= span.first && index <= span.last) };
}

/** Why operations failed since the run took up its present work; a person's decision begins it anew. */
export function failures({ run, events }: RunWithLog, phase: JournalPhase): ReadonlyMap<number, Reason> {
  const began = events.findLastIndex(event => 'status' in event && event.status === run.status);
  const failed = new Map<number, Reason>();
  for (const event of events.slice(began + 1)) {
    if (!('phase' in event) || event.phase !== phase) continue;
    if (event.kind === 'operation-failed') failed.set(event.index, event.reason);
    if (event.kind === 'operation-begun' || event.kind === 'operation-ended') failed.delete(event.index);
  }
  return failed;
}

/** What of a group is to be run now: what began before it, else what is new, unless one failed: then nothing is left to run. */
export function toRun(
  group: Group,
  journal: Journal,
  phase: JournalPhase,
  failed: ReadonlyMap<number, Reason>,
): readonly Operation[] {
  const left = group.open.filter(({ index }) => !failed.has(index));
  const begun = left.filter(({ index }) => entryOf(journal, phase, index));
  return begun.length > 0 || failed.size > 0 ? begun : left;
}

/** Why what was done cannot be put back; null where it can. */
export function irreversible(plan: Plan, journal: Journal): Reason | null {
  const stuck = mayHaveActed({ plan, journal }).find(({ inverse }) => inverse === null);
  return stuck ? reason('cannot-revert', { object: stuck.object, step: stuck.index + 1 }) : null;
}

/** Whether any instance of the target release served, as far as the journal knows. */
export function hasServed(journal: Journal): boolean {
  return journal.some(entry => entry.phase === 'apply' && (entry.outcome?.served || entry.failure?.served));
}

/** One reason for all that went wrong: the only one, or what failed by name with what was said of each. */
export function allReasons(plan: Plan, found: ReadonlyMap<number, Reason>): Reason | null {
  const [first, ...more] = found.values();
  if (!first || more.length === 0) return first ?? null;
  const objects = [...found.keys()].map(index => plan.operations[index]?.object ?? String(index + 1));
  const details = [...new Set([...found.values()].flatMap(({ detail }) => detail ?? []))];
  return reason('several-failed', { count: found.size, objects }, details.join('; ').slice(0, 500));
}

/** From when an operation's time counts where it is resumed, epoch ms: when it began before, or a person last decided on the run. */
export function countsFrom({ run, events }: RunWithLog, phase: JournalPhase, index: number): number {
  const decided = events.findLast(({ kind }) => kind === 'operator-decided');
  return Math.max(decided?.at ?? 0, entryOf(run.journal, phase, index)?.beganAt ?? 0);
}
