import type { CheckSpec } from '../domain/catalogue.ts';
import type { CheckOutcome, CheckResult } from '../domain/check.ts';
import { note } from '../domain/note.ts';
import { Refusal } from '../domain/reason.ts';
import type { Run } from '../domain/run.ts';
import type { Check } from '../ports/check.ts';
import { manualKind } from './checks/manual.ts';

/** What running checks needs of the outside. */
export interface VerifyDeps {
  /** The check of a kind, loaded when first needed; throws a `Refusal` where no such kind is known. */
  readonly check: (kind: string) => Promise<Check>;
  /** Epoch ms. */
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** How many checks run at once. */
  readonly atOnce: number;
}

/** How long to wait before a check that answered `waiting` is asked again, in ms. */
const pauseMs = 1_000;

/** One verification: the run it is for, when it began, and who wants each answer as it comes. */
export interface Verification {
  readonly run: Run;
  readonly since: number;
  readonly signal: AbortSignal;
  readonly onResult: (result: CheckResult) => Promise<void>;
}

/**
 * Asks all checks that have no answer yet, several at once, until each has one or one has failed. A check that only a person can answer is
 * left out while nobody has; the answers go to `onResult` one at a time.
 */
export async function runChecks(
  deps: VerifyDeps,
  specs: readonly CheckSpec[],
  verification: Verification,
): Promise<void> {
  const waiting = openChecks(specs, verification.run, verification.since, deps.now());
  const failed = new AbortController();
  const signal = AbortSignal.any([verification.signal, failed.signal]);
  let written: Promise<void> = Promise.resolve();
  const next = async (): Promise<void> => {
    for (let spec = waiting.shift(); spec && !signal.aborted; spec = waiting.shift()) {
      const result = await judge(deps, spec, verification, signal);
      if (!result) return;
      written = written.then(() => verification.onResult(result));
      await written;
      if (result.status === 'failed') failed.abort();
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(deps.atOnce, waiting.length)) }, next));
}

/** The checks that can be asked now: without an answer, and ticked (or overdue) where only a person can answer. */
function openChecks(specs: readonly CheckSpec[], run: Run, since: number, now: number): CheckSpec[] {
  return specs.filter(
    spec =>
      !run.checks.some(result => result.id === spec.id) &&
      (spec.kind !== manualKind || run.ticks[spec.id] !== undefined || now >= since + spec.timeoutMs),
  );
}

/** Asks one check until it answers or its time is over, which counts as unknown; null where the verification itself was ended. */
async function judge(
  deps: VerifyDeps,
  spec: CheckSpec,
  { run, since, signal: outer }: Verification,
  signal: AbortSignal,
): Promise<CheckResult | null> {
  const startedAt = deps.now();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(spec.timeoutMs)]);
  const context = {
    run: run.id,
    target: run.request.target,
    signal: limit,
    of: run,
    checkId: spec.id,
    verifyingSince: since,
  };
  const ended = over(limit);
  let last: CheckOutcome = { status: 'unknown', note: note('check-no-answer') };
  try {
    const ask = (await deps.check(spec.kind)).start(context, spec.input);
    while (!limit.aborted) {
      const answer = ask().catch((error: unknown) => troubled(error, last));
      last = await Promise.race([answer, ended.then((): CheckOutcome => ({ ...last, status: 'waiting' }))]);
      if (last.status !== 'waiting' || spec.kind === manualKind) break;
      await deps.sleep(pauseMs, limit);
    }
  } catch (error) {
    last = troubled(error, { status: 'unknown', note: note('check-no-answer') });
  }
  if (outer.aborted || (signal.aborted && last.status === 'waiting')) return null;
  const { status, note: said } = last.status === 'waiting' ? { status: 'unknown' as const, note: last.note } : last;
  return { id: spec.id, title: spec.title, kind: spec.kind, status, note: said, startedAt, endedAt: deps.now() };
}

/** Resolves when the signal is aborted: a check that does not hear it is left to itself. */
function over(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** A check that cannot ask is asked again until its time is over: no answer is neither good nor bad. */
function troubled(error: unknown, last: CheckOutcome): CheckOutcome {
  if (error instanceof Refusal) return { status: 'unknown', note: note('check-refused', {}, error.message) };
  const detail = error instanceof Error ? error.message.slice(0, 300) : String(error);
  return { status: 'waiting', note: last.status === 'waiting' ? last.note : note('check-no-answer', {}, detail) };
}
