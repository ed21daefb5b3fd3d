import { setTimeout as delay } from 'node:timers/promises';
import { ZodError, type ZodType, z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import { note } from '../../domain/note.ts';
import type { StepPlan } from '../../domain/plan.ts';
import { badArgument } from '../../domain/reason.ts';
import type { ApplyContext, Executor, Observation, PlanContext, Settlement } from '../../ports/executor.ts';
import type { Connect, Connection } from './connect.ts';
import { describing } from './describe.ts';
import { whereFields } from './input.ts';
import { isTransient, KubeError, plainly } from './kube-error.ts';

/** How one kind of step acts on objects that are no workloads; all else is the same for each of them. */
export interface ObjectStep<Body> {
  readonly kind: string;
  /** What an operation of this kind says; anything else is refused before any request. */
  readonly body: ZodType<Body>;
  plan(connection: Connection, context: PlanContext, input: JsonObject): Promise<StepPlan>;
  observe(connection: Connection, body: Body, signal: AbortSignal): Promise<Observation>;
  apply(connection: Connection, body: Body, context: ApplyContext): Promise<void>;
  settle(connection: Connection, body: Body, context: ApplyContext): Promise<Settlement>;
  byHand(body: Body): readonly string[];
}

const where = z.looseObject({ context: whereFields.context, kubeconfig: whereFields.kubeconfig });

/** Makes an executor of a kind of step. */
export function objectExecutor<Body extends z.infer<typeof where>>(connect: Connect, step: ObjectStep<Body>): Executor {
  const bodyOf = (raw: JsonObject): Body => {
    const parsed = step.body.safeParse(raw);
    if (parsed.success) return parsed.data;
    throw badArgument(parsed.error);
  };
  return {
    kind: step.kind,
    plan: (context, input) =>
      plainly(async () => {
        try {
          return await step.plan(await connect(where.parse(input)), context, input);
        } catch (error) {
          if (error instanceof ZodError) throw badArgument(error);
          throw error;
        }
      }),
    observe: (context, { body: raw }) =>
      plainly(async () => {
        const body = bodyOf(raw);
        return step.observe(await connect(body), body, context.signal);
      }),
    apply: (context, { body: raw }) =>
      plainly(async () => {
        const body = bodyOf(raw);
        await step.apply(await connect(body), body, context);
      }),
    settle: (context, { body: raw }) =>
      plainly(async () => {
        const body = bodyOf(raw);
        return step.settle(await connect(body), body, context);
      }),
    describe: describing(connect),
    byHand: ({ body }) => step.byHand(bodyOf(body)),
  };
}

/** A write that the server refused, and the version of the world that it refused it in. */
interface Refused {
  readonly error: KubeError;
  readonly at: string;
}

/** Tries before a write that keeps failing is given up. */
const tries = 6;

/**
 * Reads, judges and writes; a conflict, a failed precondition or a lost answer begins anew from reading, a few times. A refusal of a
 * world that has not moved (same resourceVersion) is the server's last word. Throws `KubeError`.
 */
export async function guardedWrite<T extends { readonly metadata: { readonly resourceVersion: string } } | null>(
  look: () => Promise<T>,
  write: (now: T) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const last: { refused: Refused | null } = { refused: null };
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    const now = await look();
    const at = now?.metadata.resourceVersion ?? '';
    if (last.refused?.at === at) throw last.refused.error;
    try {
      await write(now);
      return;
    } catch (error) {
      if (!(error instanceof KubeError) || attempt === tries) throw error;
      if (error.status === 422) last.refused = { error, at };
      else if (error.status === 409 || isTransient(error)) last.refused = null;
      else throw error;
      await delay(Math.min(error.retryAfterMs ?? 50 * 2 ** attempt, 10_000), undefined, { signal });
    }
  }
}

/** Time between two looks, in ms. */
const interval = 250;

/** Looks until there is a verdict or the time is up; while the API server cannot be asked it waits, since that proves nothing. */
export async function settleBy(
  object: string,
  look: () => Promise<Settlement | null>,
  overdue: () => Settlement,
  options: { readonly context: ApplyContext; readonly clock: { now(): number }; readonly limitMs: number },
): Promise<Settlement> {
  const { context, clock, limitMs } = options;
  const since = clock.now();
  for (;;) {
    context.signal.throwIfAborted();
    try {
      const settled = await look();
      if (settled) return settled;
      if (clock.now() - since > limitMs) return overdue();
    } catch (error) {
      if (!isTransient(error)) throw error;
      context.progress(note('kubernetes-unreachable', { object }));
    }
    await delay(interval, undefined, { signal: context.signal });
  }
}
