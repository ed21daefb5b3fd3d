import type { z } from 'zod';
import type { CheckOutcome } from '../../../domain/check.ts';
import { parseDuration } from '../../../domain/duration.ts';
import { answerProblem, type HttpAnswer } from '../../../domain/http-answer.ts';
import { note } from '../../../domain/note.ts';
import type { Check, CheckContext } from '../../../ports/check.ts';
import type { Connection } from '../connect.ts';
import { isTransient, KubeError, refusalOf } from '../kube-error.ts';
import { serviceOf } from './endpoints.ts';
import type { LookingDeps } from './looking.ts';
import { askThrough, type ProxyAnswer } from './proxy.ts';
import { httpInput } from './service-input.ts';

type Input = z.infer<typeof httpInput>;

/** `kubernetes.http`: asks a Service over HTTP through the API server until enough good answers came in a row; needs no ingress. */
export function createProxiedHttpCheck(deps: LookingDeps): Check {
  return {
    kind: 'kubernetes.http',
    start: (context, raw) => {
      const input = httpInput.parse(raw);
      const every = parseDuration(input.every) ?? 0;
      const counts = { good: 0, bad: 0 };
      let next = 0;
      let last: CheckOutcome = { status: 'waiting', note: note('check-begins') };
      return async () => {
        if (deps.clock.now() < next) return last;
        next = deps.clock.now() + every;
        last = await ask(deps, context, input, counts);
        return last;
      };
    },
  };
}

async function ask(
  deps: LookingDeps,
  context: CheckContext,
  input: Input,
  counts: { good: number; bad: number },
): Promise<CheckOutcome> {
  const object = serviceOf(input);
  try {
    const answer = await throughService(await deps.connect(input), input, context.signal);
    const problem = answerProblem(readable(answer), input, context.of.plan?.to ?? null);
    counts.good = problem === null ? counts.good + 1 : 0;
    counts.bad = problem === null ? 0 : counts.bad + 1;
    return outcomeOf(input, answer, problem, counts);
  } catch (error) {
    if (error instanceof KubeError && error.status === 404)
      return { status: 'failed', note: note('object-gone', { object }) };
    counts.good = 0;
    if (isTransient(error))
      return { status: 'waiting', note: note('kubernetes-unreachable', { object }, error.message) };
    throw refusalOf(error);
  }
}

function throughService(connection: Connection, input: Input, signal: AbortSignal): Promise<ProxyAnswer> {
  const { namespace, service, port, scheme, path, method, headers, timeout } = input;
  const limitMs = parseDuration(timeout) ?? 5_000;
  return askThrough(connection, {
    plural: 'services',
    namespace,
    name: service,
    port,
    scheme,
    path,
    method,
    headers,
    limitMs,
    signal,
  });
}

function readable(answer: ProxyAnswer): HttpAnswer {
  if (answer.kind === 'none') return answer;
  const { status, headers, text, total } = answer;
  return { kind: 'answer', status, headers, body: text, timings: { total } };
}

function outcomeOf(
  input: Input,
  answer: ProxyAnswer,
  problem: string | null,
  counts: { readonly good: number; readonly bad: number },
): CheckOutcome {
  const [path] = input.path.split('?', 1);
  const url = `${serviceOf(input)}${input.port === null ? '' : `:${input.port}`} ${path}`;
  const firstByte = answer.kind === 'answer' ? { firstByte: answer.firstByte } : {};
  const facts = { url, total: answer.total, ...firstByte, wanted: input.times, ...counts };
  if (problem !== null)
    return { status: counts.bad >= input.failAfter ? 'failed' : 'waiting', note: note('http-bad', facts, problem) };
  return counts.good >= input.times
    ? { status: 'passed', note: note('http-good', facts) }
    : { status: 'waiting', note: note('http-good-so-far', facts) };
}
