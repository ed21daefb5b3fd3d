import { request as httpRequest } from 'node:http';
import { z } from 'zod';
import type { JsonObject } from '../../src/domain/json.ts';
import { note } from '../../src/domain/note.ts';
import { Refusal, reason, Unanswered } from '../../src/domain/reason.ts';
import type { ApplyContext, BoundExecutor, Executor, OperationLike, PlanContext } from '../../src/ports/executor.ts';
import type { Ask, ObjectState } from './target.ts';

/** The step's input: which object becomes what, and how it behaves. */
const input = z.strictObject({
  object: z.string(),
  /** The value to set; `release` takes the version that is gone back to. */
  to: z.string().default('good'),
  /** How long after the request the effect comes, in ms. */
  slowMs: z.number().default(0),
  idempotent: z.boolean().default(false),
  /** Leaves the operation without an inverse. */
  final: z.boolean().default(false),
  /** Further objects that become the same, each by an operation beside the others. */
  also: z.array(z.string()).default([]),
  /** Marks what it does as lasting until the hold is released. */
  held: z.boolean().default(false),
});

type Input = z.infer<typeof input>;

/** What an operation of these executors holds. */
interface Body extends JsonObject {
  readonly object: string;
  readonly from: string;
  readonly to: string;
  readonly slowMs: number;
}

/** The kinds of step over a counting target: seen and fenced, seen and taking a release, and one that nobody can look at. */
export function countingExecutors(url: string): ReadonlyMap<string, BoundExecutor> {
  const entry = (
    kind: string,
    traits: { fenced: boolean; needsRelease: boolean; blind: boolean },
  ): [string, BoundExecutor] => [
    kind,
    {
      kind,
      input: input as unknown as BoundExecutor['input'],
      summary: 'sets a value on a counting target',
      fenced: traits.fenced,
      hostLocal: false,
      needsRelease: traits.needsRelease,
      load: async () => counting(url, kind, traits),
    },
  ];
  return new Map([
    entry('counter', { fenced: true, needsRelease: false, blind: false }),
    entry('counter.release', { fenced: true, needsRelease: true, blind: false }),
    entry('counter.blind', { fenced: false, needsRelease: false, blind: true }),
  ]);
}

const nothing = {
  blastRadius: [],
  interruption: { kind: 'none' } as const,
  notRolledBack: [],
  notChecked: [],
  warnings: [],
  expectedMs: 10,
};

function counting(
  url: string,
  kind: string,
  traits: { fenced: boolean; blind: boolean; needsRelease: boolean },
): Executor {
  const state = (operation: OperationLike, signal: AbortSignal) => look(url, bodyOf(operation).object, signal);
  const executor: Executor = {
    kind,
    async plan(context: PlanContext, raw) {
      const wanted = input.parse(raw);
      const to = traits.needsRelease ? (context.to?.version ?? '') : wanted.to;
      const planned = [];
      for (const object of [wanted.object, ...wanted.also]) {
        const now = await look(url, object, context.signal);
        planned.push(stepPlan({ ...wanted, object }, now.value, to));
      }
      const operations = planned.flatMap(one => one.operations);
      if (wanted.also.length === 0) return { ...nothing, operations };
      return { ...nothing, operations: operations.map(operation => ({ ...operation, group: 0 })) };
    },
    async observe(context, operation) {
      const { to } = bodyOf(operation);
      const now = await state(operation, context.signal);
      const facts = { object: operation.object, value: now.value };
      if (traits.blind) return { state: 'unknown', fingerprint: 'blind', note: note('counter-value', facts) };
      const seen = now.pending === to ? 'in-progress' : now.value === to ? 'applied' : 'not-applied';
      return { state: seen, fingerprint: `value:${now.value}`, note: note('counter-value', facts) };
    },
    async apply(context, operation) {
      const answer = await send(url, ask(context, operation, false), context.signal);
      if (answer === 409) throw new Refusal(reason('target-changed', { object: operation.object }, 'fenced'));
      if (answer === 412) throw new Refusal(reason('target-changed', { object: operation.object }));
    },
    async settle(context, operation) {
      for (;;) {
        const now = await state(operation, context.signal);
        if (now.pending === null && now.broken?.at === now.value)
          return {
            state: 'failed',
            reason: reason('not-settled', { object: operation.object }),
            served: now.broken.served,
          };
        if (now.pending === null)
          return { state: 'settled', note: note('counter-set', { value: now.value }), served: true };
        context.signal.throwIfAborted();
        await new Promise(resolve => setTimeout(resolve, 10));
      }
    },
    byHand: operation => [`set ${operation.object} ${bodyOf(operation).to}`],
  };
  if (!traits.fenced) return executor;
  return {
    ...executor,
    describe: async (context, operation) => {
      const { value } = await state(operation, context.signal);
      if (value === 'hidden') throw new Refusal(reason('permission-missing', { object: operation.object }));
      return `${operation.object} is ${value}`;
    },
    raiseFence: async (context, operation) => {
      await send(url, ask(context, operation, true), context.signal);
    },
  };

  function stepPlan(wanted: Input, from: string, to: string) {
    const { object, slowMs, idempotent } = wanted;
    const preview = (a: string, b: string) => ({
      summary: note('counter-change', { object, from: a, to: b }),
      diff: `-${a}\n+${b}`,
    });
    const body = { object, from, to, slowMs };
    const inverse = { object, body: { ...body, from: to, to: from }, preview: preview(to, from), idempotent };
    const fingerprint = traits.blind ? 'blind' : `value:${from}`;
    const operation = {
      object,
      body,
      preview: preview(from, to),
      fingerprint,
      idempotent,
      ...(wanted.held ? { untilReleased: true as const } : {}),
      inverse: wanted.final ? null : inverse,
    };
    return { operations: from === to && !traits.blind ? [] : [operation] };
  }

  function ask(context: ApplyContext, operation: OperationLike, raise: boolean): Ask {
    const { object, from, to, slowMs } = bodyOf(operation);
    const { fence, idempotencyKey: key } = context;
    return {
      object,
      from: traits.blind ? null : from,
      to,
      slowMs,
      fence: traits.fenced ? fence : Number.MAX_SAFE_INTEGER,
      key,
      raise,
    };
  }
}

function bodyOf(operation: OperationLike): Body {
  return operation.body as Body;
}

async function look(url: string, object: string, signal: AbortSignal): Promise<ObjectState> {
  const { status, text } = await exchange('GET', `${url}/?object=${encodeURIComponent(object)}`, null, signal);
  if (status !== 200) throw new Unanswered(reason('target-unreachable', {}, `the target answered ${status}`));
  return JSON.parse(text) as ObjectState;
}

async function send(url: string, body: Ask, signal: AbortSignal): Promise<number> {
  return (await exchange('POST', url, JSON.stringify(body), signal)).status;
}

function exchange(
  method: string,
  url: string,
  body: string | null,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, signal, agent: false }, response => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', part => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body ?? undefined);
  });
}
