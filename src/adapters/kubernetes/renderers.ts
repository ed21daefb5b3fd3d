import type { Json } from '../../domain/json.ts';
import type { Connection } from './connect.ts';
import { type Live, type ObjectPlace, readLive } from './live-object.ts';
import { ownersOf } from './owners.ts';
import { applicationOf, part, placeOfReconciler, type Reconciler, reconcilersOf, valueAt } from './reconcilers.ts';

/**
 * What has an object rendered: what its marks name. A default Argo CD before 3.0 leaves but a label that others use as well, so the
 * Application of that name counts only where it lists the object itself. Throws `KubeError`.
 */
export async function renderersOf(
  connection: Connection,
  place: Omit<ObjectPlace, 'plural'>,
  live: Pick<Live, 'metadata'>,
  { argocd, signal }: { readonly argocd: string; readonly signal: AbortSignal },
): Promise<Reconciler[]> {
  const marked = reconcilersOf(live, place.namespace, argocd);
  const instance = live.metadata.labels['app.kubernetes.io/instance'];
  if (!instance || marked.some(({ kind }) => kind === 'Application')) return marked;
  if (!ownersOf(live).includes('Argo CD')) return marked;
  const application = applicationOf(instance, argocd);
  const found = await readLive(connection, placeOfReconciler(application, place), signal);
  return found && lists(found, place) ? [application, ...marked] : marked;
}

function lists({ raw }: Live, { api, kind, namespace, name }: Omit<ObjectPlace, 'plural'>): boolean {
  const resources = valueAt(raw, 'status', 'resources');
  const [, group = ''] = api.split('/');
  const wanted: Readonly<Record<string, string>> = { group: api === 'api/v1' ? '' : group, kind, namespace, name };
  const isIt = (one: Json) => Object.entries(wanted).every(([key, value]) => (part(one, key) ?? '') === value);
  return Array.isArray(resources) && resources.some(isIt);
}
