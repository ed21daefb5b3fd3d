import { describe, expect, it } from 'vitest';
import { pause } from '../../jobs/pause.ts';
import type { CheckSpec } from '../../src/domain/catalogue.ts';
import type { CheckOutcome, CheckResult, CheckStatus } from '../../src/domain/check.ts';
import type { RunEvent, RunEventBody } from '../../src/domain/event.ts';
import { foldRun } from '../../src/domain/fold.ts';
import { note } from '../../src/domain/note.ts';
import { Refusal, reason } from '../../src/domain/reason.ts';
import type { Check } from '../../src/ports/check.ts';
import { manual } from '../../src/verify/checks/manual.ts';
import { runChecks } from '../../src/verify/run-checks.ts';
import { judgeChecks } from '../../src/verify/verdict.ts';
import { aRequest, newId } from '../engine/sample.ts';
import { check } from '../jobs/catalogue.ts';

type Answer = CheckStatus | 'throws' | 'refuses' | 'hangs';

/** Runs checks that answer as their list says, the last answer again and again; clock and pauses are counted, not waited. */
async function verify(
  answers: Readonly<Record<string, readonly Answer[]>>,
  more: { ticks?: readonly [string, boolean][]; specs?: readonly CheckSpec[]; already?: readonly string[] } = {},
) {
  let now = 1_000;
  let running = 0;
  let most = 0;
  const left = new Map(Object.entries(answers).map(([id, list]) => [id, [...list]]));
  const scripted: Check = {
    kind: 'scripted',
    start: ({ checkId, signal }) => {
      running += 1;
      most = Math.max(most, running);
      signal.addEventListener('abort', () => undefined);
      return async (): Promise<CheckOutcome> => {
        await new Promise(resolve => setImmediate(resolve));
        const list = left.get(checkId) ?? [];
        const answer = (list.length > 1 ? list.shift() : list[0]) ?? 'waiting';
        if (answer !== 'waiting' && answer !== 'throws') running -= 1;
        if (answer === 'hangs') return new Promise(() => undefined);
        if (answer === 'throws') throw new Error('connection refused');
        if (answer === 'refuses') throw new Refusal(reason('permission-missing'));
        return { status: answer, note: note(`said-${answer}`) };
      };
    },
  };
  const specs = more.specs ?? Object.keys(answers).map(id => check('scripted', { id, timeoutMs: 200 }));
  const events: RunEventBody[] = [
    { kind: 'requested', request: aRequest(), status: 'requested' },
    ...(more.already ?? []).map(id => ({ kind: 'check-ended', result: result(id, 'passed') }) as const),
    ...(more.ticks ?? []).map(
      ([id, passed]) => ({ kind: 'check-ticked', check: id, by: { kind: 'system', name: 't' }, passed }) as const,
    ),
  ];
  const run = foldRun(
    newId(),
    events.map((event, at) => ({ ...event, version: at + 1, at }) as RunEvent),
  );
  const results: CheckResult[] = [];
  const deps = {
    check: async (kind: string) => (kind === 'manual' ? manual() : scripted),
    now: () => {
      now += 1;
      return now;
    },
    sleep: (_: number, signal: AbortSignal) => pause(5, signal),
    atOnce: 2,
  };
  const onResult = async (one: CheckResult) => void results.push(one);
  await runChecks(deps, specs, { run, since: 1_000, signal: new AbortController().signal, onResult });
  return {
    results,
    most,
    statuses: Object.fromEntries(results.map(({ id, status, note: said }) => [id, [status, said.code]])),
  };
}

const result = (id: string, status: CheckStatus): CheckResult => ({
  ...{ id, title: id, kind: 'scripted', status: status, note: note('x'), startedAt: 0, endedAt: 0 },
});

describe('running checks', () => {
  it('asks again until each has answered, so many at once', async () => {
    const { statuses, most } = await verify({
      a: ['waiting', 'passed'],
      b: ['passed'],
      c: ['waiting', 'waiting', 'passed'],
      d: ['passed'],
    });
    expect(Object.keys(statuses).sort()).toEqual(['a', 'b', 'c', 'd']);
    expect(most).toBe(2);
  });

  it.each([
    ['no answer in its time', ['waiting'], 'unknown', 'said-waiting'],
    ['an answer that it does not know', ['unknown'], 'unknown', 'said-unknown'],
    ['trouble, then an answer', ['throws', 'passed'], 'passed', 'said-passed'],
    ['trouble until its time is over', ['throws'], 'unknown', 'check-no-answer'],
    ['a check that hangs and hears no signal', ['hangs'], 'unknown', 'check-no-answer'],
    ['a refusal', ['refuses'], 'unknown', 'check-refused'],
    ['a failure', ['waiting', 'failed'], 'failed', 'said-failed'],
  ] as const)('%s', async (_, answers, status, code) => {
    expect((await verify({ a: answers })).statuses).toEqual({ a: [status, code] });
  });

  it('stops asking once one has failed', async () => {
    const { statuses } = await verify({ a: ['failed'], b: ['waiting'], c: ['passed'], d: ['passed'] });
    expect(Object.keys(statuses)).toEqual(['a']);
  });

  it('does not ask again what has answered', async () => {
    expect(Object.keys((await verify({ a: ['passed'], b: ['passed'] }, { already: ['a'] })).statuses)).toEqual(['b']);
  });

  it.each([
    ['nobody ticked', [], 60_000, {}],
    ['ticked as good', [['look', true]], 60_000, { look: ['passed', 'manual-passed'] }],
    ['ticked as bad', [['look', false]], 60_000, { look: ['failed', 'manual-failed'] }],
    ['nobody ticked in time', [], 0, { look: ['unknown', 'manual-waiting'] }],
  ] as const)('a manual check: %s', async (_, ticks, timeoutMs, statuses) => {
    const specs = [check('manual', { id: 'look', timeoutMs })];
    expect((await verify({}, { specs, ticks: ticks.map(([id, good]) => [id, good]) })).statuses).toEqual(statuses);
  });
});

describe('the verdict', () => {
  const specs = ['a', 'b'].map(id => check('scripted', { id }));
  it.each([
    [[], 'open'],
    [['passed'], 'open'],
    [['passed', 'passed'], 'passed'],
    [['passed', 'failed'], 'not-passed'],
    [['failed'], 'not-passed'],
    [['unknown'], 'open'],
    [['unknown', 'passed'], 'not-passed'],
  ] as const)('%j is %s', (answers, kind) => {
    const results = answers.map((status, at) => result(['a', 'b'][at] ?? '', status));
    expect(judgeChecks(specs, results, 5).kind).toBe(kind);
  });

  it('names the checks that did not pass', () => {
    const judged = judgeChecks(specs, [result('a', 'passed'), result('b', 'unknown')], 5);
    expect(judged.kind === 'not-passed' && judged.reason.facts).toEqual({ checks: ['b'] });
  });
});
