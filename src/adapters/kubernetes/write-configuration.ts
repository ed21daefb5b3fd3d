import type { JsonObject } from '../../domain/json.ts';
import type { Connection } from './connect.ts';
import type { Content } from './content.ts';
import type { Keyed, KeyedPlace } from './keyed.ts';
import { keyedResources, patchKeyed } from './keyed.ts';
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
type Made = KeyedPlace & { readonly labels: Readonly<Record<string, string>>; readonly immutable: boolean };

/** Makes an object anew; one that is there meanwhile is a conflict. Throws `KubeError`. */
export async function createKeyed(
  connection: Connection,
  { kind, namespace, name, labels, immutable }: Made,
  content: Content,
  { dryRun, signal }: Write,
): Promise<void> {
  const resource = keyedResources[kind];
  const path = `${pathOf('api/v1', namespace, resource)}?fieldManager=${fieldManager}${dryRun ? '&dryRun=All' : ''}`;
  const { data, binaryData, type } = content;
  const held = kind === 'Secret' ? { data, type: type ?? 'Opaque' } : { data, binaryData };
  const mark = immutable ? { immutable } : {};
  const body = { apiVersion: 'v1', kind, metadata: { name, namespace, labels }, ...held, ...mark };
  await connection.send({ verb: 'create', resource, namespace, path, body, signal });
}

/** Deletes the object that was read and no other. Throws `KubeError`. */
export async function deleteKeyed(
  connection: Connection,
  { kind, namespace, name }: KeyedPlace,
  now: Keyed,
  signal: AbortSignal,
): Promise<void> {
  const { uid, resourceVersion } = now.metadata;
  const resource = keyedResources[kind];
  const path = pathOf('api/v1', namespace, resource, name);
  const body = { preconditions: { uid, resourceVersion } };
  await connection.send({ verb: 'delete', resource, namespace, path, body, signal });
}
