import type { Cluster } from '../../ports/cluster.ts';
import { type History, refused, secretPath } from './history.ts';
import type { Place } from './input.ts';
import { withStatus } from './payload.ts';
import { isPending } from './revision.ts';

/**
 * Marks a revision failed that a helm which lives no more left pending, so that the next upgrade is not locked out. Valid only while the
 * Secret is exactly what was read; answers whether it was marked.
 */
export async function markFailed(
  cluster: Cluster,
  history: History,
  place: Place,
  options: { readonly number: number; readonly description: string; readonly at: number; readonly signal: AbortSignal },
): Promise<boolean> {
  const { number, description, at, signal } = options;
  const stored = await history.open(cluster, place, number, signal);
  if (!stored || !isPending(stored.revision)) return false;
  const { secret } = stored.revision;
  const answer = await cluster.ask({
    verb: 'patch',
    resource: 'secrets',
    namespace: place.namespace,
    path: `${secretPath(place, secret.name)}?fieldManager=backout`,
    contentType: 'application/json-patch+json',
    body: [
      { op: 'test', path: '/metadata/uid', value: secret.uid },
      { op: 'test', path: '/metadata/resourceVersion', value: secret.resourceVersion },
      { op: 'replace', path: '/data/release', value: withStatus(stored.data, 'failed', description) },
      { op: 'add', path: '/metadata/labels/status', value: 'failed' },
      { op: 'add', path: '/metadata/labels/modifiedAt', value: String(Math.floor(at / 1_000)) },
    ],
    signal,
  });
  if (answer.ok) return true;
  if (answer.status === 409 || answer.status === 422 || answer.status === 404) return false;
  throw refused(answer);
}
