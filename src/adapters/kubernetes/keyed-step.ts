import type { JsonObject } from '../../domain/json.ts';
import { reason } from '../../domain/reason.ts';
import type { ReadSecret } from '../../ports/secrets.ts';
import { keyedObject } from './keyed.ts';
import { applyKeyed, type KeyedChange, keyedBody, observeKeyed } from './keyed-change.ts';
import { type KeyedWish, planKeyed } from './keyed-plan.ts';
import { kubectl } from './kubectl.ts';
import { type ObjectStep, settleBy } from './object-executor.ts';

/** Longer than any write takes to be seen, in ms. */
const limitMs = 15_000;

/** The steps that change keys of a ConfigMap or Secret differ in their input alone. */
export function keyedStep(
  kind: string,
  deps: { readonly clock: { now(): number }; readonly readSecret: ReadSecret },
  wishOf: (input: JsonObject) => KeyedWish,
): ObjectStep<KeyedChange> {
  return {
    kind,
    body: keyedBody,
    plan: (connection, context, input) => planKeyed(connection, deps.readSecret, wishOf(input), context),
    observe: observeKeyed,
    apply: (connection, change, context) => applyKeyed(connection, deps.readSecret, change, context),
    settle: (connection, change, context) => {
      const object = keyedObject(change);
      const look = async () => {
        const seen = await observeKeyed(connection, change, context.signal);
        return seen.state === 'applied' ? ({ state: 'settled', note: seen.note, served: false } as const) : null;
      };
      const overdue = () => ({ state: 'failed', reason: reason('not-settled', { object }), served: false }) as const;
      return settleBy(object, look, overdue, { context, clock: deps.clock, limitMs });
    },
    byHand,
  };
}

/** Values are left to the person: they stand in no message. */
function byHand(change: KeyedChange): readonly string[] {
  const edit = `${kubectl(change, 'edit', change.kind.toLowerCase(), change.name)} (keys ${Object.keys(change.after).join(', ')})`;
  if (change.action === 'set' || change.copy === null) return [edit];
  return [`${kubectl(change, 'get', 'secret', change.copy, '-o', 'yaml')} (holds the old values)`, edit];
}
