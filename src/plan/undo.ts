import { leftStanding } from '../domain/acted.ts';
import type { TargetSpec } from '../domain/catalogue.ts';
import { heldOperations } from '../domain/held.ts';
import type { RunId } from '../domain/ids.ts';
import { type Note, note } from '../domain/note.ts';
import type { Operation, OperationDraft, Plan } from '../domain/plan.ts';
import { type Reason, reason } from '../domain/reason.ts';
import type { Grade, ReleaseRef } from '../domain/release.ts';
import type { EndedRun, Run } from '../domain/run.ts';
import { checksOf } from './compile.ts';
import { type Hash, planFingerprint } from './fingerprint.ts';

/** What is undone: the operations of a run that took effect, newest first, each turned into its inverse. */
export type Undoable =
  | {
      readonly kind: 'undoable';
      readonly run: EndedRun & { plan: Plan };
      readonly operations: readonly Undo[];
      readonly onlyHeld: boolean;
    }
  | { readonly kind: 'refused'; readonly reason: Reason };

/** One operation to put back and the draft that does it; its fingerprint is read when the undo is planned. */
export interface Undo {
  readonly of: Operation;
  readonly draft: Omit<OperationDraft, 'fingerprint'>;
}

/** Turns a run that took effect round; refused where it changed nothing or an operation has no inverse. */
export function undoable(run: Run, onlyHeld = false): Undoable {
  const refused = (cause: Reason): Undoable => ({ kind: 'refused', reason: cause });
  if ((run.status !== 'succeeded' && run.status !== 'partial') || !run.plan)
    return refused(reason('nothing-to-change'));
  const { plan } = run;
  const done = onlyHeld ? heldOperations(run) : leftStanding(run);
  if (done.length === 0) return refused(reason('nothing-to-change'));
  const stuck = done.find(({ inverse }) => inverse === null);
  if (stuck) return refused(reason('cannot-revert', { object: stuck.object, step: stuck.index + 1 }));
  return { kind: 'undoable', run: { ...run, plan }, operations: done.flatMap(turnRound), onlyHeld };
}

function turnRound(of: Operation): readonly Undo[] {
  if (!of.inverse) return [];
  const { object, body, preview, idempotent } = of;
  return [{ of, draft: { ...of.inverse, inverse: { object, body, preview, idempotent } } }];
}

/**
 * Compiles the plan of an undo; `fingerprints` are those of the operations as they stand now, in the same order, `seen` what was seen
 * there that a person should know.
 */
export function compileUndo(
  hash: Hash,
  id: RunId,
  target: TargetSpec,
  undo: Extract<Undoable, { kind: 'undoable' }>,
  fingerprints: readonly string[],
  grades: ReadonlyMap<string, Grade>,
  seen: readonly Note[] = [],
): Plan {
  const before = undo.run.plan;
  const steps = stepsOf(undo.operations);
  const operations = undo.operations.map(({ of, draft }, index) => ({
    ...draft,
    ...(of.group === undefined ? {} : { group: of.group }),
    fingerprint: fingerprints[index] ?? '',
    index,
    step: steps[index] ?? index,
    executor: of.executor,
    timeoutMs: of.timeoutMs,
  }));
  const checks = checksOf(target, { checks: [] }, null);
  const to =
    undo.onlyHeld || !before.from ? null : { ...before.from, grade: grades.get(before.from.key) ?? before.from.grade };
  const draft: Omit<Plan, 'fingerprint'> = {
    run: id,
    target: before.target,
    level: before.level,
    strategy: before.strategy,
    runbook: before.runbook,
    from: before.to ?? (undo.onlyHeld ? before.from : null),
    to,
    goodBecause: null,
    operations,
    blastRadius: undo.onlyHeld ? [] : before.blastRadius,
    interruption: undo.onlyHeld ? { kind: 'unknown' } : before.interruption,
    reversible: true,
    notRolledBack: [],
    notChecked: checks.left,
    warnings: undo.onlyHeld
      ? [note('renders-again', { objects: operations.map(({ object }) => object) }), ...seen]
      : restoring(to),
    expectedMs: before.expectedMs,
    rtoMs: before.rtoMs,
    checks: checks.taken,
    onFailure: 'needs-operator',
  };
  return { ...draft, fingerprint: planFingerprint(hash, draft) };
}

/** Each operation is a step of its own, but for those that ran beside each other: so they do on the way back. */
function stepsOf(operations: readonly Undo[]): readonly number[] {
  let step = -1;
  return operations.map(({ of }, index) => {
    const before = operations[index - 1]?.of;
    const beside = of.group !== undefined && before?.group === of.group && before.step === of.step;
    if (!beside) step += 1;
    return step;
  });
}

function restoring(to: ReleaseRef | null): readonly Note[] {
  const doubtful = to && (to.grade === 'bad' || to.grade === 'suspect');
  return doubtful
    ? [note('restores-known-bad', { version: to.version, grade: to.grade })]
    : [note('restores-replaced')];
}
