import type { CheckOutcome } from '../../domain/check.ts';
import { parseDuration } from '../../domain/duration.ts';
import { answerProblem } from '../../domain/http-answer.ts';
import { note } from '../../domain/note.ts';
import type { Check, CheckContext } from '../../ports/check.ts';
import type { ReadSecret } from '../../ports/secrets.ts';
import { type HttpCheckInput, httpCheckInput } from './check-input.ts';
import { type Answer, probe } from './probe.ts';

/** What http checks need. */
export interface HttpCheckDeps {
  readonly readSecret: ReadSecret;
  readonly clock: { now(): number };
}

/** The check that asks over HTTP until enough good answers came in a row. */
export function createHttpCheck(deps: HttpCheckDeps): Check {
  return {
    kind: 'http',
    start: (context, raw) => {
      const input = httpCheckInput.parse(raw);
      const every = parseDuration(input.every) ?? 0;
      let next = 0;
      let good = 0;
      let bad = 0;
      let last: CheckOutcome = { status: 'waiting', note: note('check-begins') };
      return async () => {
        if (deps.clock.now() < next) return last;
        next = deps.clock.now() + every;
        const answer = await ask(deps, context, input);
        const problem = answerProblem(answer, input, context.of.plan?.to ?? null);
        good = problem ? 0 : good + 1;
        bad = problem ? bad + 1 : 0;
        last = outcomeOf(input, answer, problem, { good, bad });
        return last;
      };
    },
  };
}

async function ask(deps: HttpCheckDeps, context: CheckContext, input: HttpCheckInput): Promise<Answer> {
  const entries = await Promise.all(
    Object.entries(input.headers).map(async ([name, value]) => [
      name,
      typeof value === 'string' ? value : await deps.readSecret(value),
    ]),
  );
  return probe(input.url, {
    method: input.method,
    headers: Object.fromEntries(entries) as Record<string, string>,
    timeoutMs: parseDuration(input.timeout) ?? 5_000,
    signal: context.signal,
  });
}

function outcomeOf(
  input: HttpCheckInput,
  answer: Answer,
  problem: string | null,
  counts: { readonly good: number; readonly bad: number },
): CheckOutcome {
  const { dns, connect, firstByte, total } = answer.timings;
  const facts = {
    url: shownUrl(input.url),
    total,
    ...(dns === undefined ? {} : { dns }),
    ...(connect === undefined ? {} : { connect }),
    ...(firstByte === undefined ? {} : { firstByte }),
    wanted: input.times,
    ...counts,
  };
  if (problem)
    return { status: counts.bad >= input.failAfter ? 'failed' : 'waiting', note: note('http-bad', facts, problem) };
  return counts.good >= input.times
    ? { status: 'passed', note: note('http-good', facts) }
    : { status: 'waiting', note: note('http-good-so-far', facts) };
}

/** Queries may hold tokens. */
function shownUrl(text: string): string {
  const url = new URL(text);
  return `${url.origin}${url.pathname}`;
}
