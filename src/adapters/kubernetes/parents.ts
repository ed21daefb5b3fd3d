import type { Json } from '../../domain/json.ts';
import type { Connection } from './connect.ts';
import { KubeError } from './kube-error.ts';
import { type Live, type ObjectPlace, readLive } from './live-object.ts';
import { isOff, nameOf, part, placeOfReconciler, type Reconciler, valueAt } from './reconcilers.ts';
import { renderersOf } from './renderers.ts';

/** Something that would switch a suspended reconciler on again. */
export type Parent =
  | { readonly kind: 'reconciler'; readonly reconciler: Reconciler; readonly live: Live }
  /** An ApplicationSet, which cannot be suspended itself. */
  | { readonly kind: 'fixed'; readonly name: string };

/** Where reconcilers are looked for. */
interface Where {
  readonly at: Pick<ObjectPlace, 'context' | 'kubeconfig'>;
  readonly argocd: string;
  readonly signal: AbortSignal;
}

/** What renders a reconciler's own object and would set its switch back: an app of apps, an ApplicationSet, a Kustomization. Throws `KubeError`. */
export async function parentsOf(
  connection: Connection,
  child: Reconciler,
  live: Live,
  { at, argocd, signal }: Where,
): Promise<Parent[]> {
  const renderers = await renderersOf(connection, placeOfReconciler(child, at), live, { argocd, signal });
  const rendered = renderers.filter(parent => nameOf(parent) !== nameOf(child));
  const looks = rendered.map(async (reconciler): Promise<Parent[]> => {
    const found = await readLive(connection, placeOfReconciler(reconciler, at), signal);
    if (!found || isOff(reconciler.kind, found) || !writesSwitch(child, live, reconciler)) return [];
    return [{ kind: 'reconciler', reconciler, live: found }];
  });
  const sets = live.metadata.ownerReferences.filter(({ kind }) => kind === 'ApplicationSet');
  const restoring = sets.map(async ({ name }): Promise<Parent[]> => {
    const fixed: Parent = { kind: 'fixed', name: `applicationset ${child.namespace}/${name}` };
    return (await leavesSwitch(connection, { at, argocd, signal }, child.namespace, name)) ? [] : [fixed];
  });
  return (await Promise.all([...looks, ...restoring])).flat();
}

/** A field that a parent does not render is left as it is: of Flux's objects that is the rule, Git seldom says `suspend`. */
function writesSwitch(child: Reconciler, live: Live, parent: Reconciler): boolean {
  if (child.kind === 'Application') return true;
  const managers =
    parent.kind === 'Application' ? ['argocd-controller', 'argocd-application-controller'] : ['kustomize-controller'];
  return live.metadata.managedFields.some(
    ({ manager, fieldsV1 }) => managers.includes(manager) && hasField(fieldsV1, 'f:spec', 'f:suspend'),
  );
}

function hasField(fields: unknown, ...path: readonly string[]): boolean {
  const found = path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined),
    fields,
  );
  return found !== undefined;
}

/** Whether an ApplicationSet lets the sync policy of its Applications be: it only creates them, or is told to ignore the difference. */
async function leavesSwitch(
  connection: Connection,
  { at, signal }: Where,
  namespace: string,
  name: string,
): Promise<boolean> {
  const place: ObjectPlace = {
    context: at.context,
    kubeconfig: at.kubeconfig,
    namespace,
    name,
    kind: 'ApplicationSet',
    api: 'apis/argoproj.io/v1alpha1',
    plural: 'applicationsets',
  };
  const found = await readLive(connection, place, signal).catch((error: unknown) => {
    // One that we may not read may well restore it.
    if (error instanceof KubeError && error.status === 403) return undefined;
    throw error;
  });
  if (found === undefined) return false;
  if (found === null) return true;
  const policy = valueAt(found.raw, 'spec', 'syncPolicy', 'applicationsSync');
  if (policy === 'create-only' || policy === 'create-delete') return true;
  const ignored = valueAt(found.raw, 'spec', 'ignoreApplicationDifferences');
  return Array.isArray(ignored) && ignored.some(ignoresSyncPolicy);
}

const pointers = new Set(['/spec/syncPolicy', '/spec/syncPolicy/automated']);
const expressions = new Set(['.spec.syncPolicy', '.spec.syncPolicy.automated']);

/** A rule for one named Application says nothing of the others; only those for all count. */
function ignoresSyncPolicy(rule: Json): boolean {
  if (part(rule, 'name')) return false;
  const holds = (list: Json | undefined, wanted: ReadonlySet<string>) =>
    Array.isArray(list) && list.some(one => typeof one === 'string' && wanted.has(one));
  return holds(part(rule, 'jsonPointers'), pointers) || holds(part(rule, 'jqPathExpressions'), expressions);
}
