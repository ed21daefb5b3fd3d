import type { JsonObject } from '../../domain/json.ts';
import { type Note, note } from '../../domain/note.ts';
import type { OperationDraft, StepPlan } from '../../domain/plan.ts';
import type { Executor, PlanContext } from '../../ports/executor.ts';
import { type OwnerChoice, ownerChoiceOf } from '../../ports/owner-choice.ts';
import type { Connect } from './connect.ts';
import { workloadOf } from './input.ts';
import { plainly } from './kube-error.ts';
import { liveObject, type ObjectPlace, readLive } from './live-object.ts';
import { ownersOf } from './owners.ts';
import { type Owned, planSuspensions, withSuspensions } from './suspending.ts';
import { pluralOf } from './workload.ts';

/** Adds to an executor what a catalogue chose to do about owners: their suspension goes first, as an operation of its own. */
export function withOwners(connect: Connect, clock: { now(): number }, inner: Executor): Executor {
  return {
    ...withSuspensions(connect, clock, inner),
    plan: (context, input) =>
      plainly(async () => {
        const planned = await inner.plan(context, input);
        const choice = ownerChoiceOf(input);
        if (choice.owner === 'refuse' || planned.operations.length === 0) return planned;
        return planOwned(connect, context, planned, choice);
      }),
  };
}

async function planOwned(
  connect: Connect,
  { signal }: PlanContext,
  planned: StepPlan,
  choice: OwnerChoice,
): Promise<StepPlan> {
  const places = new Map(
    planned.operations.flatMap(({ body }) => placesIn(body)).map(place => [liveObject(place), place]),
  );
  const [first] = places.values();
  if (!first) return planned;
  const connection = await connect(first);
  const looks = [...places.values()].map(async (place): Promise<Owned[]> => {
    const live = await readLive(connection, place, signal);
    const owners = live ? ownersOf(live) : [];
    return live && owners.length > 0 ? [{ place, live, owners }] : [];
  });
  const owned = (await Promise.all(looks)).flat();
  if (owned.length === 0) return planned;
  const accepted = [...new Set(owned.flatMap(({ owners }) => owners))];
  const operations = planned.operations.map(operation => accepting(operation, accepted));
  if (choice.owner === 'anyway') {
    return { ...planned, operations, warnings: [...owned.map(toldAnyway), ...planned.warnings] };
  }
  const suspended = await planSuspensions({ connection, choice, signal }, first, owned);
  return {
    ...planned,
    operations: [...suspended.operations, ...operations],
    warnings: [...suspended.warnings, ...planned.warnings],
  };
}

const toldAnyway = ({ place, owners }: Owned): Note =>
  note('owner-undoes', { object: liveObject(place), owner: owners });

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** The objects that an operation's body names. */
function placesIn(body: JsonObject): ObjectPlace[] {
  const { change, first, holder } = body;
  const inner = [...(Array.isArray(first) ? first : []), ...(change ? [change] : [])];
  if (inner.length > 0) return inner.flatMap(one => placesIn(one as JsonObject));
  const { namespace: home = null, context = null, kubeconfig = null } = body;
  if (holder) return placesIn({ ...(holder as JsonObject), namespace: home, context, kubeconfig });
  const namespace = text(body.namespace);
  if (!namespace) return [];
  const at = { namespace, context: text(body.context), kubeconfig: text(body.kubeconfig) };
  const named = {
    deployment: text(body.deployment),
    statefulSet: text(body.statefulSet),
    daemonSet: text(body.daemonSet),
  };
  const names = Object.fromEntries(Object.entries(named).flatMap(([key, name]) => (name ? [[key, name]] : [])));
  if (Object.keys(names).length === 1) {
    const { kind, name } = workloadOf(names);
    return [{ ...at, kind, name, api: 'apis/apps/v1', plural: pluralOf(kind) }];
  }
  const [kind, name, service] = [text(body.kind), text(body.name), text(body.service)];
  const [api, plural] = [text(body.api), text(body.plural)];
  if (api && plural && kind && name) return [{ ...at, kind, name, api, plural }];
  if (service) return [{ ...at, kind: 'Service', name: service, api: 'api/v1', plural: 'services' }];
  if (!name || (kind !== 'ConfigMap' && kind !== 'Secret')) return [];
  return [{ ...at, kind, name, api: 'api/v1', plural: `${kind.toLowerCase()}s` }];
}

/** Tells an operation and its inverse whom they may write beside; those that are judged by configuration alone ask nobody. */
function accepting(operation: OperationDraft, owners: readonly string[]): OperationDraft {
  const { inverse } = operation;
  return {
    ...operation,
    body: withAccepted(operation.body, owners),
    inverse: inverse && { ...inverse, body: withAccepted(inverse.body, owners) },
  };
}

function withAccepted(body: JsonObject, owners: readonly string[]): JsonObject {
  const { change } = body;
  if (body.action === 'with-configuration') return { ...body, change: withAccepted(change as JsonObject, owners) };
  if (body.action === 'configuration') return body;
  return { ...body, owners: [...owners] };
}
