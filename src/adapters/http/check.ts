import type { CheckOutcome } from '../../domain/check.ts';
import { parseDuration } from '../../domain/duration.ts';
import { fieldAt, unmet } from '../../domain/expectation.ts';
import type { Json } from '../../domain/json.ts';
import { note } from '../../domain/note.ts';
import type { ReleaseRef } from '../../domain/release.ts';
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
        const problem = problemOf(answer, input, context.of.plan?.to ?? null);
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

/** Why an answer is not good; null where it is. The words are for people: what came, what was expected. */
function problemOf(answer: Answer, input: HttpCheckInput, to: ReleaseRef | null): string | null {
  if (answer.kind === 'none') return answer.why;
  const statuses = Array.isArray(input.status) ? input.status : [input.status];
  if (!statuses.includes(answer.status)) return `status ${answer.status}, expected ${statuses.join(' or ')}`;
  const within = input.within === null ? null : parseDuration(input.within);
  if (within !== null && answer.timings.total > within)
    return `took ${answer.timings.total} ms, expected at most ${within} ms`;
  for (const [name, wanted] of Object.entries(input.header)) {
    const found = answer.headers[name.toLowerCase()];
    if (String(found ?? '') !== wanted) return `header ${name} is ${found ?? 'missing'}, expected ${wanted}`;
  }
  if (input.contains !== null && !answer.body.includes(input.contains))
    return `the body does not hold "${input.contains}"`;
  const json = input.json.length > 0 || (input.version !== null && 'json' in input.version) ? parse(answer.body) : null;
  if (json === undefined) return 'the body is no JSON';
  const wrong = json === null ? [] : unmet(json, input.json);
  if (wrong.length > 0) return wrong.join('; ');
  return versionProblem(answer, json, input, to);
}

function versionProblem(
  answer: Extract<Answer, { kind: 'answer' }>,
  json: Json,
  { version }: HttpCheckInput,
  to: ReleaseRef | null,
): string | null {
  if (!version || !to) return null;
  const found = 'json' in version ? fieldAt(json, version.json) : answer.headers[version.header.toLowerCase()];
  const said = typeof found === 'string' || typeof found === 'number' ? String(found) : null;
  const accepted = [to.version, ...Object.values(to.identity)];
  const fits =
    said !== null && accepted.some(one => one === said || (/^[0-9a-f]{7,64}$/.test(said) && one.startsWith(said)));
  return fits ? null : `it says version ${said ?? 'nothing'}, expected ${to.version}`;
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** Queries may hold tokens. */
function shownUrl(text: string): string {
  const url = new URL(text);
  return `${url.origin}${url.pathname}`;
}
