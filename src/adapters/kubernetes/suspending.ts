import { type Note, note } from '../../domain/note.ts';
import type { OperationDraft, StepPlan } from '../../domain/plan.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { Executor } from '../../ports/executor.ts';
import type { OwnerChoice } from '../../ports/owner-choice.ts';
import type { MarkedObject, Owners } from '../../ports/owners.ts';
import { type Connect, type Connection, createConnect } from './connect.ts';
import { KubeError, plainly } from './kube-error.ts';
import type { KubeconfigDeps } from './kubeconfig.ts';
import { type Live, liveObject, type ObjectPlace, readLive } from './live-object.ts';
import { metadata } from './objects.ts';
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

/** An object that a plan writes, with who else does. */
export interface Owned {
  readonly place: Omit<ObjectPlace, 'plural'>;
  readonly live: Pick<Live, 'metadata'>;
  readonly owners: readonly string[];
}

/** Suspends owners for an adapter whose own tool writes what they render. */
export function createOwners(deps: KubeconfigDeps & { readonly clock: { now(): number } }): Owners {
  const connect = createConnect(deps);
  return {
    plan: (at, marked, choice, signal) =>
      plainly(async () => {
        const connection = await connect(at);
        return planSuspensions(
          { connection, choice, signal },
          at,
          marked.map(one => ownedBy(at, one)),
        );
      }),
    around: executor => withSuspensions(connect, deps.clock, executor),
  };
}

function ownedBy({ context, kubeconfig }: At, { labels, annotations, ...place }: MarkedObject): Owned {
  const live = { metadata: metadata.parse({ name: place.name, uid: '', labels, annotations }) };
  // The tool that writes them is none that would undo itself.
  const owners = ownersOf(live).filter(owner => reconcilers.has(owner));
  return { place: { ...place, context, kubeconfig }, live, owners };
}

/** Adds suspensions to the operations that an executor carries out. */
export function withSuspensions(connect: Connect, clock: { now(): number }, inner: Executor): Executor {
  return {
    ...inner,
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

type At = Pick<ObjectPlace, 'context' | 'kubeconfig'>;

interface Planning {
  readonly connection: Connection;
  readonly choice: OwnerChoice;
  readonly signal: AbortSignal;
}

/** Suspends what renders the objects, each reconciler once, a parent before its child. */
export async function planSuspensions(
  planning: Planning,
  at: At,
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
  at: At,
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

async function readReconciler({ connection, signal }: Planning, at: At, reconciler: Reconciler): Promise<Live> {
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
