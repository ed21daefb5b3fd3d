import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import type { Connection } from './connect.ts';
import { objectName, whereFields } from './input.ts';
import { KubeError, unlessGone } from './kube-error.ts';
import { fieldManager, metadata, pathOf, read } from './objects.ts';

/** Which object of which cluster, of whatever kind. */
export const objectFields = {
  ...whereFields,
  /** Where its kind lives, e.g. `apis/apps/v1`. */
  api: z.string().regex(/^(api\/v1|apis\/[a-z0-9]([-a-z0-9.]{0,200}[a-z0-9])?\/v[a-z0-9]{1,30})$/),
  plural: z.string().regex(/^(?!all$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/),
  kind: z.string().regex(/^[A-Z][A-Za-z0-9]{0,62}$/),
  name: objectName,
};

/** Which object of which cluster, read from an operation's body. */
export type ObjectPlace = z.infer<z.ZodObject<typeof objectFields>>;

const liveSchema = z.object({ metadata: metadata.extend({ resourceVersion: z.string() }) });

/** An object as it is: what every one has, and all of it raw. */
export type Live = z.infer<typeof liveSchema> & { readonly raw: JsonObject };

/** The thing as kubectl names it, e.g. `ingress shop/api`. */
export function liveObject({ kind, namespace, name }: Pick<ObjectPlace, 'kind' | 'namespace' | 'name'>): string {
  return `${kind.toLowerCase()} ${namespace}/${name}`;
}

const requestFor = (place: ObjectPlace, verb: string, signal: AbortSignal, query = '', subresource = '') => {
  const group = place.api === 'api/v1' ? '' : `.${place.api.split('/')[1]}`;
  const { api, namespace, plural, name } = place;
  const path = pathOf(api, namespace, plural, name) + subresource + query;
  return { verb, resource: plural + subresource + group, namespace, path, signal };
};

function liveOf(request: ReturnType<typeof requestFor>, answer: unknown): Live {
  return { ...read(liveSchema, request, answer), raw: answer as JsonObject };
}

/** The object as it is now; null where there is none. Throws `KubeError`. */
export async function readLive(connection: Connection, place: ObjectPlace, signal: AbortSignal): Promise<Live | null> {
  const request = requestFor(place, 'get', signal);
  const answer = await unlessGone(connection.read(request));
  return answer === null ? null : liveOf(request, answer);
}

/** How a write is meant. */
export interface WriteOptions {
  /** Nothing is written: the API server only says what would be. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/**
 * Applies a manifest, server-side. Valid only while the object is the one that was read; where none was, only while there is none: a
 * version of one that is not there makes the server refuse any that is. Throws `KubeError`.
 */
export async function applyLive(
  connection: Connection,
  place: ObjectPlace,
  manifest: JsonObject,
  now: Live | null,
  options: WriteOptions & { readonly force: boolean },
): Promise<Live> {
  const query = `?fieldManager=${fieldManager}&force=${options.force}${options.dryRun ? '&dryRun=All' : ''}`;
  const request = requestFor(place, 'patch', options.signal, query);
  const known = now
    ? { uid: now.metadata.uid, resourceVersion: now.metadata.resourceVersion }
    : { resourceVersion: '1' };
  const { namespace } = place;
  const body = { ...manifest, metadata: { ...(manifest.metadata as JsonObject), namespace, ...known } };
  return liveOf(request, await connection.send({ ...request, body, contentType: 'application/apply-patch+yaml' }));
}

/** Changes an object by a JSON patch, its status where `part` says so. Throws `KubeError`. */
export async function patchLive(
  connection: Connection,
  place: ObjectPlace,
  operations: readonly JsonObject[],
  options: WriteOptions,
  part: 'spec' | 'status' = 'spec',
): Promise<void> {
  const query = `?fieldManager=${fieldManager}${options.dryRun ? '&dryRun=All' : ''}`;
  const request = requestFor(place, 'patch', options.signal, query, part === 'status' ? '/status' : '');
  await connection.send({ ...request, body: operations, contentType: 'application/json-patch+json' });
}

const resourcesSchema = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});

/** Where the objects of a kind live; null where the cluster does not know it. Throws `KubeError`. */
export async function findKind(
  connection: Connection,
  { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string },
  signal: AbortSignal,
): Promise<{ readonly api: string; readonly plural: string; readonly namespaced: boolean } | null> {
  const api = apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`;
  const request = { verb: 'get', resource: 'kinds', namespace: '', path: `/${api}`, signal };
  const answer = await connection.read(request).catch((error: unknown) => {
    if (error instanceof KubeError && error.status === 404) return { resources: [] };
    throw error;
  });
  const { resources } = read(resourcesSchema, request, answer);
  const found = resources.find(resource => resource.kind === kind && !resource.name.includes('/'));
  return found ? { api, plural: found.name, namespaced: found.namespaced } : null;
}
