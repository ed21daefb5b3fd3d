import { z } from 'zod';
import { Refusal, reason } from '../../domain/reason.ts';
import type { Connection } from './connect.ts';
import { readsOf } from './consumers.ts';
import { type KeyedPlace, keyedObject } from './keyed.ts';
import { pathOf, rawObject, readAs } from './objects.ts';

const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), deletionTimestamp: z.string().nullish() }),
      spec: rawObject,
      status: z.object({ phase: z.string().default('Pending') }).prefault({}),
    }),
  ),
});
const over = new Set(['Succeeded', 'Failed']);

/**
 * Refuses while a pod uses an immutable object that is to be deleted and made anew: the kubelet never reads such an object again as long as
 * any pod of its node names it, so that new pods would start with the old content and nobody would see it. Throws `KubeError`.
 */
export async function refuseInUse(connection: Connection, place: KeyedPlace, signal: AbortSignal): Promise<void> {
  const { namespace } = place;
  const request = { verb: 'list', resource: 'pods', namespace, path: pathOf('api/v1', namespace, 'pods'), signal };
  const { items } = await readAs(connection, request, podsSchema);
  const users = items.filter(
    ({ metadata, spec, status }) => readsOf({ spec }, place) && (metadata.deletionTimestamp || !over.has(status.phase)),
  );
  if (users.length === 0) return;
  const object = keyedObject(place);
  const names = users.map(({ metadata }) => metadata.name);
  throw new Refusal(reason('plan-failed', { object, why: 'immutable-in-use', names }));
}
