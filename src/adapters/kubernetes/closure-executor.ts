import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import type { OperationDraft } from '../../domain/plan.ts';
import { badArgument, reason } from '../../domain/reason.ts';
import type {
  ApplyContext,
  Executor,
  Observation,
  OperationLike,
  Settlement,
  StepContext,
} from '../../ports/executor.ts';
import type { Connect } from './connect.ts';
import type { Keeper } from './keep.ts';
import { keyedObject } from './keyed.ts';
import { plainly } from './kube-error.ts';
import { kubectl } from './kubectl.ts';
import { settleBy } from './object-executor.ts';
import { applyRestore, observeRestore, type Restore, readRestore, restoreBody } from './restore-configuration.ts';
import { isCopyName } from './secret-copy.ts';
import { hashOf } from './template.ts';

/** A change of a template that is only worth something with its configuration: that is seen to first. */
const togetherBody = z.strictObject({
  action: z.literal('with-configuration'),
  first: z.array(restoreBody).min(1),
  change: z.custom<JsonObject>(value => typeof value === 'object' && value !== null && !Array.isArray(value)),
});

type Together = z.infer<typeof togetherBody>;
type Draft = Omit<OperationDraft, 'inverse' | 'fingerprint'>;

function readTogether(body: JsonObject): Together | null {
  if (body.action !== 'with-configuration') return null;
  const parsed = togetherBody.safeParse(body);
  if (parsed.success) return parsed.data;
  throw badArgument(parsed.error);
}

const fingerprintOf = (change: string, restores: readonly string[]) => hashOf([change, ...restores]);

/**
 * Binds a change of a template to the configuration that belongs to it, there and back: the inverse brings the present configuration back
 * before the pods of the present template start again, though the inverses of the restores come later.
 */
export function together(
  change: OperationDraft,
  restores: readonly (OperationDraft & { readonly body: Restore })[],
): OperationDraft {
  if (restores.length === 0) return change;
  const bind = (one: Draft, first: readonly JsonObject[]): Draft => ({
    ...one,
    body: { action: 'with-configuration', first, change: one.body },
  });
  const { inverse, fingerprint, ...forth } = change;
  const back = restores.flatMap(restore => (restore.inverse ? [restore.inverse.body] : []));
  return {
    ...bind(
      forth,
      restores.map(({ body }) => body),
    ),
    fingerprint: fingerprintOf(
      fingerprint,
      restores.map(restore => restore.fingerprint),
    ),
    inverse: inverse && back.length === restores.length ? bind(inverse, back) : null,
  };
}

/** What acting on configuration needs besides the executor of templates. */
interface Deps {
  readonly connect: Connect;
  readonly keeper: Keeper;
  readonly clock: { now(): number };
}

/** Adds to an executor of templates the operations that bring configuration back. */
export function withConfiguration(deps: Deps, inner: Executor): Executor {
  const innerOf = (operation: OperationLike, { change }: Together): OperationLike => ({ ...operation, body: change });
  return {
    ...inner,
    observe: (context, operation) =>
      plainly(async () => {
        const restore = readRestore(operation.body);
        if (restore) return observeRestore(await deps.connect(restore), restore, context.signal);
        const both = readTogether(operation.body);
        if (!both) return inner.observe(context, operation);
        return observeBoth(deps, context, both, await inner.observe(context, innerOf(operation, both)));
      }),
    apply: (context, operation) =>
      plainly(async () => {
        const restore = readRestore(operation.body);
        if (restore) return applyOne(deps, restore, context.signal);
        const both = readTogether(operation.body);
        for (const one of both?.first ?? []) await applyOne(deps, one, context.signal);
        await inner.apply(context, both ? innerOf(operation, both) : operation);
      }),
    settle: (context, operation) =>
      plainly(async () => {
        const restore = readRestore(operation.body);
        if (restore) return settleRestore(deps, restore, context);
        const both = readTogether(operation.body);
        return inner.settle(context, both ? innerOf(operation, both) : operation);
      }),
    byHand: operation => {
      const restore = readRestore(operation.body);
      if (restore) return byHand(restore);
      const both = readTogether(operation.body);
      const rest = inner.byHand?.(both ? innerOf(operation, both) : operation) ?? [];
      return [...(both?.first ?? []).flatMap(byHand), ...rest];
    },
  };
}

async function applyOne({ connect, keeper }: Deps, restore: Restore, signal: AbortSignal): Promise<void> {
  await applyRestore(await connect(restore), keeper, restore, signal);
}

/** Done is what has the template and its configuration; a template that waits for its pods waits on. */
async function observeBoth(
  { connect }: Deps,
  { signal }: StepContext,
  { first }: Together,
  seen: Observation,
): Promise<Observation> {
  const parts: Observation[] = [];
  for (const restore of first) parts.push(await observeRestore(await connect(restore), restore, signal));
  const fingerprint = fingerprintOf(
    seen.fingerprint,
    parts.map(part => part.fingerprint),
  );
  const missing = parts.find(part => part.state !== 'applied');
  const moved = missing && (seen.state === 'applied' || seen.state === 'in-progress');
  return moved ? { state: 'not-applied', fingerprint, note: missing.note } : { ...seen, fingerprint };
}

/** How long an object may take until it is seen as written, in ms. */
const limitMs = 30_000;

function settleRestore({ connect, clock }: Deps, restore: Restore, context: ApplyContext): Promise<Settlement> {
  const object = keyedObject(restore);
  const look = async (): Promise<Settlement | null> => {
    const { state, note: said } = await observeRestore(await connect(restore), restore, context.signal);
    // Nothing serves by configuration alone: a failure later may still be put back without asking.
    return state === 'applied' ? { state: 'settled', note: said, served: false } : null;
  };
  const overdue = (): Settlement => ({
    state: 'failed',
    served: false,
    reason: reason('not-settled', { object, cause: 'not-written', ms: limitMs }),
  });
  return settleBy(object, look, overdue, { context, clock, limitMs });
}

function byHand(restore: Restore): readonly string[] {
  const { kind, name, after } = restore;
  const object = `${kind.toLowerCase()}/${name}`;
  if (after === null) return [kubectl(restore, 'delete', object)];
  const edit = (what: string) => `${kubectl(restore, 'edit', object)} (to what ${what})`;
  if (!isCopyName(after)) return [edit('it held before: see the diff of the plan')];
  const copy = kubectl(restore, 'get', 'secret', after, '-o', 'jsonpath={.data}');
  if (kind === 'ConfigMap') return [copy, edit('was just printed, from base64')];
  return [copy, `${kubectl(restore, 'patch', object, '-p')} '{"data": …}' (what was just printed)`];
}
