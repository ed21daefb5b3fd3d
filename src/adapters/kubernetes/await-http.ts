import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { note } from '../../domain/note.ts';
import { emptyPlan, type OperationDraft } from '../../domain/plan.ts';
import { reason } from '../../domain/reason.ts';
import type { ApplyContext, Executor, Settlement } from '../../ports/executor.ts';
import { serviceOf } from './checks/endpoints.ts';
import { startAsking } from './checks/http.ts';
import { httpStepInput } from './checks/service-input.ts';
import type { Connect } from './connect.ts';
import { kubectl } from './kubectl.ts';
import { objectExecutor } from './object-executor.ts';
import { hashOf } from './template.ts';

/** What an operation says: whom to ask, and whether it is the way back, on which nobody is asked. */
const awaitBody = httpStepInput.extend({ back: z.boolean().default(false) });
type Awaiting = z.infer<typeof awaitBody>;

/** Time between two looks at how the asking stands, in ms. */
const interval = 200;

/** The step `kubernetes.http`: changes nothing; the run goes on only after so many good answers of a Service in a row. */
export function createAwaitHttp(connect: Connect, clock: { now(): number }): Executor {
  return objectExecutor<Awaiting>(connect, {
    kind: 'kubernetes.http',
    body: awaitBody,
    plan: async (_, __, raw) => {
      const operation = draftOf(awaitBody.parse(raw));
      return { ...emptyPlan, operations: [operation], expectedMs: 5_000 };
    },
    observe: async (_, body) => {
      const object = serviceOf(body);
      const fingerprint = hashOf(body);
      return { state: body.back ? 'applied' : 'unknown', fingerprint, note: note('http-not-asked', { object }) };
    },
    apply: async () => {},
    settle: (_, body, context) => askUntil(connect, clock, body, context),
    byHand: body => {
      const { namespace, service, port, path } = body;
      const proxy = `/api/v1/namespaces/${namespace}/services/${service}${port === null ? '' : `:${port}`}/proxy`;
      return [kubectl(body, 'get', '--raw', proxy + path)];
    },
  });
}

function draftOf(body: Awaiting): OperationDraft {
  const object = serviceOf(body);
  const { path, times } = body;
  const idempotent = true;
  return {
    object,
    body,
    preview: { summary: note('http-awaited', { object, path, times }), diff: '' },
    fingerprint: hashOf(body),
    idempotent,
    inverse: {
      object,
      body: { ...body, back: true },
      preview: { summary: note('http-not-asked', { object }), diff: '' },
      idempotent,
    },
  };
}

async function askUntil(
  connect: Connect,
  clock: { now(): number },
  body: Awaiting,
  context: ApplyContext,
): Promise<Settlement> {
  const object = serviceOf(body);
  if (body.back) return { state: 'settled', note: note('http-not-asked', { object }), served: false };
  const ask = startAsking({ connect, clock }, { ...body, version: null }, { signal: context.signal, to: null });
  let served = false;
  for (;;) {
    context.signal.throwIfAborted();
    const { status, note: said } = await ask();
    served ||= said.code === 'http-good' || said.code === 'http-good-so-far';
    if (status === 'passed') return { state: 'settled', note: said, served };
    if (status !== 'waiting') {
      const facts = { ...said.facts, object, cause: said.code };
      return { state: 'failed', reason: reason('no-good-answer', facts, said.detail), served };
    }
    context.progress(said);
    await delay(interval, undefined, { signal: context.signal });
  }
}
