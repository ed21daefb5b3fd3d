import { z } from 'zod';
import type { CheckOutcome } from '../../../domain/check.ts';
import { parseDuration } from '../../../domain/duration.ts';
import { answerProblem, type HttpAnswer } from '../../../domain/http-answer.ts';
import { note } from '../../../domain/note.ts';
import type { ReleaseRef } from '../../../domain/release.ts';
import type { Check } from '../../../ports/check.ts';
import type { Connection } from '../connect.ts';
import { isTransient, KubeError, refusalOf } from '../kube-error.ts';
import { pathOf, read } from '../objects.ts';
import { serviceOf } from './endpoints.ts';
import type { LookingDeps } from './looking.ts';
import { askThrough, type ProxyAnswer } from './proxy.ts';
import { httpInput } from './service-input.ts';

type Input = z.infer<typeof httpInput>;
/** A port of a Service as the proxy takes it. */
type Port = number | string;

/** `kubernetes.http`: asks a Service over HTTP through the API server until enough good answers came in a row; needs no ingress. */
export function createProxiedHttpCheck(deps: LookingDeps): Check {
  return {
    kind: 'kubernetes.http',
    start: ({ signal, of }, raw) => startAsking(deps, httpInput.parse(raw), { signal, to: of.plan?.to ?? null }),
  };
}

/** For whom a Service is asked: until when, and which release its answers are to name. */
interface Asker {
  readonly signal: AbortSignal;
  readonly to: ReleaseRef | null;
}

/** Begins to ask a Service; the returned function asks no faster than the input says and answers how it stands. */
export function startAsking(deps: LookingDeps, input: Input, asker: Asker): () => Promise<CheckOutcome> {
  const every = parseDuration(input.every) ?? 0;
  const judging: Judging = { input, counts: { good: 0, bad: 0 }, known: { port: input.port } };
  let next = 0;
  let last: CheckOutcome = { status: 'waiting', note: note('check-begins') };
  return async () => {
    if (deps.clock.now() < next) return last;
    next = deps.clock.now() + every;
    last = await ask(deps, asker, judging);
    return last;
  };
}

/** One judgement of a Service: the answers in a row so far, and the port once it is known. */
interface Judging {
  readonly input: Input;
  readonly counts: { good: number; bad: number };
  readonly known: { port: Port | null };
}

async function ask(deps: LookingDeps, { signal, to }: Asker, { input, counts, known }: Judging): Promise<CheckOutcome> {
  const object = serviceOf(input);
  try {
    const connection = await deps.connect(input);
    if (known.port === null) {
      const ports = await portsOf(connection, input, signal);
      if (ports.length !== 1)
        return { status: 'unknown', note: note('service-port-needed', { object, names: ports.map(String) }) };
      known.port = ports[0] ?? null;
    }
    const answer = await throughService(connection, { ...input, port: known.port }, signal);
    const problem = answerProblem(readable(answer), input, to);
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

const servicePorts = z.object({ spec: z.object({ ports: z.array(z.object({ port: z.number() })).nullish() }) });

/** The proxy takes a Service without a port by the port that has no name: where its only one has a name it says nobody is there. */
async function portsOf(connection: Connection, input: Input, signal: AbortSignal): Promise<readonly number[]> {
  const { namespace, service, timeout } = input;
  const path = pathOf('api/v1', namespace, 'services', service);
  const limitMs = parseDuration(timeout) ?? 5_000;
  const request = { verb: 'get', resource: 'services', namespace, path, signal, limitMs };
  const { spec } = read(servicePorts, request, await connection.send(request));
  return (spec.ports ?? []).map(({ port }) => port);
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
