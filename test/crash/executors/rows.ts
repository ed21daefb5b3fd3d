import type { CrashPointName } from '../../../src/ports/crash-point.ts';

/** One place at which a worker is killed: which runbook runs, and which pass of which point. */
export interface Row {
  readonly name: string;
  /** `forth` does the step and succeeds; `back` does it, fails at a second step and puts the first one back. */
  readonly runbook: 'forth' | 'back';
  readonly point: CrashPointName;
  readonly nth: number;
  readonly after: CrashPointName | null;
  /** Killed while the executor is at work after the point, once the target is in between. */
  readonly within?: true;
}

/** The points that the protocol of one operation passes. */
export const operationPoints = [
  'operation-begun',
  'fence-raised',
  'operation-observed',
  'operation-applying',
  'operation-applied',
  'operation-settled',
  'operation-verified',
  'operation-ended',
] as const satisfies readonly CrashPointName[];

/** The points at which a begun operation has no outcome yet; the first one is begun in one breath with the execution. */
export const undecided: ReadonlySet<CrashPointName> = new Set(['execution-started', ...operationPoints.slice(0, -1)]);

/** Those of them at which its effect is there already. */
export const afterEffect: ReadonlySet<CrashPointName> = new Set(operationPoints.slice(4, -1));

const before = ['target-acquired', 'preflight-started', 'execution-started'] as const;
const afterwards = ['executed', 'check-ended', 'run-ended', 'release-held', 'record-kept', 'recorded'] as const;

/** Every point between approval and record, on the way forth. */
export function forthRows(operations: number): readonly Row[] {
  const row = (point: CrashPointName, nth = 1): Row => {
    const which = operations > 1 && operationPoints.some(one => one === point) ? `, operation ${nth}` : '';
    return { name: `${point}${which}`, runbook: 'forth', point, nth, after: null };
  };
  const during = Array.from({ length: operations }, (_, at) => operationPoints.map(point => row(point, at + 1)));
  return [...before.map(point => row(point)), ...during.flat(), ...afterwards.map(point => row(point))];
}

/** What an inverse that finds nothing to put back does not pass. */
const onlyActing: ReadonlySet<CrashPointName> = new Set(['operation-applying', 'operation-applied']);

/** Every point while the step is put back, after as many inverses that find nothing to put back. */
export function backRows(idle = 1): readonly Row[] {
  const row = (point: CrashPointName): Row => {
    const nth = onlyActing.has(point) || point === 'run-ended' ? 1 : idle + 1;
    return { name: `${point}, putting back`, runbook: 'back', point, nth, after: 'compensation-started' };
  };
  return [turningRow, ...operationPoints.map(row), row('run-ended')];
}

/** Where a run has just turned round. */
export const turningRow: Row = {
  name: 'compensation-started',
  runbook: 'back',
  point: 'compensation-started',
  nth: 1,
  after: null,
};

/** The points of one operation alone, both ways: for executors whose siblings went through all the others. */
export function operationRows(): readonly Row[] {
  return [...rowsOf(1, [1]), ...backRows().filter(isOfOperation)];
}

/**
 * The same for executors whose sibling shares how the inverse is done and went through all points of that: on the way back only the two
 * between which the target is written.
 */
export function siblingRows(): readonly Row[] {
  return operationRows().filter(({ runbook, point }) => runbook === 'forth' || onlyActing.has(point));
}

/** Whether pods come and go just where a row is killed, so that it is about them: elsewhere only what was written tells. */
export function whilePodsChange(row: Row | undefined): boolean {
  return row?.point === 'operation-applied' || row?.point === 'operation-settled';
}

const isOfOperation = ({ point }: Row) => operationPoints.some(one => one === point);

/** The points of some of a step's operations, by their number, on the way forth. */
export function rowsOf(operations: number, which: readonly number[]): readonly Row[] {
  return forthRows(operations).filter(row => isOfOperation(row) && which.includes(row.nth));
}

/** Where the executor is at work, on the way forth. */
export const withinRow: Row = {
  name: 'operation-applying, half done',
  runbook: 'forth',
  point: 'operation-applying',
  nth: 1,
  after: null,
  within: true,
};
