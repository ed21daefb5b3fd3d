import type { JsonObject } from '../../domain/json.ts';
import type { Connection } from './connect.ts';
import type { Content } from './content.ts';
import type { Keyed, KeyedPlace } from './keyed.ts';
import { keyedResources, patchKeyed } from './keyed.ts';
import { KubeError } from './kube-error.ts';
import { fieldManager, pathOf } from './objects.ts';

interface Write {
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** Writes a whole content, valid only while the object is the one that was read. Throws `KubeError`. */
export async function replaceContent(
  connection: Connection,
  place: KeyedPlace,
  now: Keyed,
  content: Content,
  options: Write,
): Promise<void> {
  const { uid, resourceVersion } = now.metadata;
  const maps = ['data', 'binaryData'] as const;
  const changes = maps.flatMap((map): JsonObject[] => {
    if (Object.keys(content[map]).length > 0) return [{ op: 'add', path: `/${map}`, value: content[map] }];
    return now[map] === null ? [] : [{ op: 'remove', path: `/${map}` }];
  });
  const tests = [
    { op: 'test', path: '/metadata/uid', value: uid },
    { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
  ];
  await patchKeyed(connection, place, [...tests, ...changes], options);
}

/** What an object is made anew with. */
type Made = KeyedPlace & {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly immutable: boolean;
};

/** Makes an object anew; one that is there meanwhile is a conflict. Throws `KubeError`. */
export async function createKeyed(
  connection: Connection,
  { kind, namespace, name, labels, annotations = {}, immutable }: Made,
  content: Content,
  { dryRun, signal }: Write,
): Promise<void> {
  const resource = keyedResources[kind];
  const path = `${pathOf('api/v1', namespace, resource)}?fieldManager=${fieldManager}${dryRun ? '&dryRun=All' : ''}`;
  const { data, binaryData, type } = content;
  const held = kind === 'Secret' ? { data, type: type ?? 'Opaque' } : { data, binaryData };
  const mark = immutable ? { immutable } : {};
  const body = { apiVersion: 'v1', kind, metadata: { name, namespace, labels, annotations }, ...held, ...mark };
  await connection.send({ verb: 'create', resource, namespace, path, body, signal });
}

/** Deletes the object that was read and no other. Throws `KubeError`. */
export async function deleteKeyed(
  connection: Connection,
  { kind, namespace, name }: KeyedPlace,
  now: Pick<Keyed, 'metadata'> | null,
  { dryRun, signal }: Write,
): Promise<void> {
  const resource = keyedResources[kind];
  const path = pathOf('api/v1', namespace, resource, name);
  const preconditions = now && { uid: now.metadata.uid, resourceVersion: now.metadata.resourceVersion };
  const body = {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    ...(preconditions ? { preconditions } : {}),
    ...(dryRun ? { dryRun: ['All'] } : {}),
  };
  await connection.send({ verb: 'delete', resource, namespace, path, body, signal });
}

/**
 * Asks the API server whether an object may be deleted and made anew, without doing either: that the old one is in the way of the new one is
 * said only after rights and admission have let the request through. Throws `KubeError`.
 */
export async function tryReplacing(
  connection: Connection,
  made: Made,
  now: Keyed,
  content: Content,
  signal: AbortSignal,
): Promise<void> {
  const options = { dryRun: true, signal };
  await deleteKeyed(connection, made, now, options);
  await createKeyed(connection, made, content, options).catch((error: unknown) => {
    if (!(error instanceof KubeError) || error.status !== 409) throw error;
  });
}

/** Asks the API server whether we may delete an object that is not there yet: rights come before the object. Throws `KubeError`. */
export async function mayDeleteKeyed(connection: Connection, place: KeyedPlace, signal: AbortSignal): Promise<boolean> {
  try {
    await deleteKeyed(connection, place, null, { dryRun: true, signal });
    return true;
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return true;
    if (error instanceof KubeError && error.status === 403) return false;
    throw error;
  }
}
