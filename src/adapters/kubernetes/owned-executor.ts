import type { JsonObject } from '../../domain/json.ts';
import { type Note, note } from '../../domain/note.ts';
import type { OperationDraft, StepPlan } from '../../domain/plan.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { Executor, PlanContext } from '../../ports/executor.ts';
import type { Connect, Connection } from './connect.ts';
import { workloadOf } from './input.ts';
import { KubeError, plainly } from './kube-error.ts';
import { type Live, liveObject, type ObjectPlace, readLive } from './live-object.ts';
import { type OwnerChoice, ownerChoiceOf } from './owner-input.ts';
import { ownersOf, reconcilers } from './owners.ts';
import { type Parent, parentsOf } from './parents.ts';
import { isOff, nameOf, placeOfReconciler, type Reconciler, tools } from './reconcilers.ts';
import { renderersOf } from './renderers.ts';
import {
  applySuspension,
  draftSuspension,
  observeSuspension,
  readSuspension,
  settleSuspension,
  suspensionByHand,
} from './suspension.ts';
import { pluralOf } from './workload.ts';

/** Adds to an executor what a catalogue chose to do about owners: their suspension goes first, as an operation of its own. */
export function withOwners(connect: Connect, clock: { now(): number }, inner: Executor): Executor {
  return {
    ...inner,
    plan: (context, input) =>
      plainly(async () => {
        const planned = await inner.plan(context, input);
        const choice = ownerChoiceOf(input);
        if (choice.owner === 'refuse' || planned.operations.length === 0) return planned;
        return planOwned(connect, context, planned, choice);
      }),
    observe: (context, operation) =>
      plainly(async () => {
        const suspension = readSuspension(operation.body);
        if (!suspension) return inner.observe(context, operation);
        return observeSuspension(await connect(suspension), suspension, context.signal);
      }),
    apply: (context, operation) =>
      plainly(async () => {
        const suspension = readSuspension(operation.body);
        if (!suspension) return inner.apply(context, operation);
        return applySuspension(await connect(suspension), suspension, context);
      }),
    settle: (context, operation) =>
      plainly(async () => {
        const suspension = readSuspension(operation.body);
        if (!suspension) return inner.settle(context, operation);
        return settleSuspension(await connect(suspension), suspension, context, clock);
      }),
    byHand: operation => {
      const suspension = readSuspension(operation.body);
      return suspension ? suspensionByHand(suspension) : (inner.byHand?.(operation) ?? []);
    },
  };
}

/** An object that a plan writes, with who else does. */
interface Owned {
  readonly place: ObjectPlace;
  readonly live: Live;
  readonly owners: readonly string[];
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

interface Planning {
  readonly connection: Connection;
  readonly choice: OwnerChoice;
  readonly signal: AbortSignal;
}

/** Suspends what renders the objects, each reconciler once, a parent before its child. */
async function planSuspensions(
  planning: Planning,
  at: Pick<ObjectPlace, 'context' | 'kubeconfig'>,
  owned: readonly Owned[],
): Promise<Pick<StepPlan, 'operations' | 'warnings'>> {
  const { connection, choice, signal } = planning;
  const found = new Map<string, Reconciler>();
  for (const one of owned) {
    const rendering = await renderersOf(connection, one.place, one.live, { argocd: choice.argocd, signal });
    if (rendering.length === 0) throw cannotSuspend(one);
    for (const reconciler of rendering) found.set(nameOf(reconciler), reconciler);
  }
  const warnings: Note[] = [];
  const operations = new Map<string, OperationDraft>();
  for (const reconciler of found.values()) {
    const object = nameOf(reconciler);
    const { owner } = tools[reconciler.kind];
    const live = await readReconciler(planning, at, reconciler);
    if (isOff(reconciler.kind, live)) {
      warnings.push(note('owner-already-suspended', { object, owner }));
      continue;
    }
    for (const parent of await ancestors(planning, at, reconciler, live))
      operations.set(
        nameOf(parent.reconciler),
        await draftSuspension(connection, at, parent.reconciler, parent.live, signal),
      );
    operations.set(object, await draftSuspension(connection, at, reconciler, live, signal));
  }
  if (operations.size > 0) warnings.unshift(note('owner-stays-suspended', { objects: [...operations.keys()] }));
  return { operations: [...operations.values()], warnings };
}

type Restoring = Extract<Parent, { kind: 'reconciler' }>;

/** What has to be suspended besides, outermost first; refuses where the catalogue has not chosen that or it cannot be done. */
async function ancestors(
  planning: Planning,
  at: Pick<ObjectPlace, 'context' | 'kubeconfig'>,
  child: Reconciler,
  live: Live,
  seen: ReadonlySet<string> = new Set(),
): Promise<Restoring[]> {
  const { connection, choice, signal } = planning;
  const object = nameOf(child);
  const parents = await parentsOf(connection, child, live, { at, argocd: choice.argocd, signal });
  const fixed = parents.flatMap(parent => (parent.kind === 'fixed' ? [parent.name] : []));
  const refused = (names: readonly string[], can: readonly string[]) =>
    new Refusal(reason('owner-has-parent', { object, owner: names, can }));
  if (fixed.length > 0) throw refused(fixed, ['ignore', 'git', 'anyway']);
  const above = parents.flatMap(parent => (parent.kind === 'reconciler' ? [parent] : []));
  if (above.length === 0) return [];
  if (choice.owner !== 'suspend-parents') {
    const names = above.map(({ reconciler }) => nameOf(reconciler));
    throw refused(names, ['suspend-parents', 'git', 'anyway']);
  }
  const fresh = above.filter(({ reconciler }) => !seen.has(nameOf(reconciler)));
  const known = new Set([...seen, object, ...fresh.map(({ reconciler }) => nameOf(reconciler))]);
  const further: Restoring[] = [];
  for (const parent of fresh) further.push(...(await ancestors(planning, at, parent.reconciler, parent.live, known)));
  return [...further, ...fresh];
}

async function readReconciler(
  { connection, signal }: Planning,
  at: Pick<ObjectPlace, 'context' | 'kubeconfig'>,
  reconciler: Reconciler,
): Promise<Live> {
  const object = nameOf(reconciler);
  const { owner } = tools[reconciler.kind];
  const live = await readLive(connection, placeOfReconciler(reconciler, at), signal).catch((error: unknown) => {
    if (error instanceof KubeError && error.status === 403)
      throw new Refusal(reason('permission-missing', { object, what: `get ${reconciler.kind}` }, error.message));
    throw error;
  });
  if (live) return live;
  throw new Refusal(reason('plan-failed', { object, why: 'no-reconciler', owner }));
}

function cannotSuspend({ place, owners }: Owned): Refusal {
  const object = liveObject(place);
  const some = owners.some(owner => reconcilers.has(owner));
  return new Refusal(reason('owner-not-suspendable', { object, owner: owners, why: some ? 'unnamed' : 'passive' }));
}

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
