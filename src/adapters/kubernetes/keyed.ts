import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import type { Connection } from './connect.ts';
import { objectName, whereFields } from './input.ts';
import { fieldManager, metadata, pathOf, readAs } from './objects.ts';

/** Which ConfigMap or Secret of which cluster. */
export const keyedFields = { ...whereFields, kind: z.enum(['ConfigMap', 'Secret']), name: objectName };

/** Which ConfigMap or Secret of which cluster, read from an input or an operation's body. */
export type KeyedPlace = z.infer<z.ZodObject<typeof keyedFields>>;

/** One value as the object holds it: text of a ConfigMap's `data`, base64 in a Secret or in `binaryData`. */
export const cell = z.strictObject({ in: z.enum(['data', 'binaryData']), value: z.string() });

/** One value as the object holds it. */
export type Cell = z.infer<typeof cell>;

/** Cells by key; null where the key is not there. */
export type Cells = Readonly<Record<string, Cell | null>>;

const texts = z
  .record(z.string(), z.string())
  .nullish()
  .transform(value => value ?? null);

const keyedSchema = z.object({
  metadata: metadata.extend({ resourceVersion: z.string() }),
  immutable: z.boolean().default(false),
  type: z.string().nullish(),
  data: texts,
  binaryData: texts,
});

/** A ConfigMap or Secret as the API server tells it. */
export type Keyed = z.infer<typeof keyedSchema>;

/** How the API server calls each kind. */
export const keyedResources = { ConfigMap: 'configmaps', Secret: 'secrets' } as const;

/** The thing as kubectl names it, e.g. `configmap shop/settings`. */
export function keyedObject({ kind, namespace, name }: Pick<KeyedPlace, 'kind' | 'namespace' | 'name'>): string {
  return `${kind.toLowerCase()} ${namespace}/${name}`;
}

/** The ConfigMap or Secret as it is now. Throws `KubeError`. */
export async function readKeyed(connection: Connection, place: KeyedPlace, signal: AbortSignal): Promise<Keyed> {
  const { namespace } = place;
  const resource = keyedResources[place.kind];
  const path = pathOf('api/v1', namespace, resource, place.name);
  const request = { verb: 'get', resource, namespace, path, signal };
  return readAs(connection, request, keyedSchema);
}

/** Patches it by a JSON patch; with `dryRun` nothing is written. Throws `KubeError`. */
export async function patchKeyed(
  connection: Connection,
  place: KeyedPlace,
  operations: readonly JsonObject[],
  options: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const { namespace } = place;
  const resource = keyedResources[place.kind];
  const query = `?fieldManager=${fieldManager}${options.dryRun ? '&dryRun=All' : ''}`;
  const path = pathOf('api/v1', namespace, resource, place.name) + query;
  const contentType = 'application/json-patch+json';
  const { signal } = options;
  await connection.send({ verb: 'patch', resource, namespace, path, body: operations, contentType, signal });
}

/** The cells of some keys as they are. */
export function cellsOf(keyed: Keyed, keys: readonly string[]): Cells {
  const at = (key: string): Cell | null => {
    for (const map of ['data', 'binaryData'] as const) {
      const held = keyed[map];
      if (held && Object.hasOwn(held, key)) return { in: map, value: held[key] ?? '' };
    }
    return null;
  };
  return Object.fromEntries(keys.map(key => [key, at(key)]));
}

/** Hashes of cells, null where there is none; bound to the object and the key, so that equal secrets do not show as equal. */
export function cellHashes(kind: KeyedPlace['kind'], uid: string, cells: Cells): Record<string, string | null> {
  const hash = (key: string, held: Cell) =>
    createHash('sha256')
      .update(JSON.stringify([kind, uid, key, held.in, held.value]))
      .digest('hex')
      .slice(0, 32);
  return Object.fromEntries(Object.entries(cells).map(([key, held]) => [key, held && hash(key, held)]));
}

/** The bytes of a cell. */
export function bytesOf(kind: KeyedPlace['kind'], { in: map, value }: Cell): Buffer {
  return Buffer.from(value, kind === 'ConfigMap' && map === 'data' ? 'utf8' : 'base64');
}

/** A cell made of bytes. */
export function cellFrom(kind: KeyedPlace['kind'], map: Cell['in'], bytes: Buffer): Cell {
  return { in: map, value: bytes.toString(kind === 'ConfigMap' && map === 'data' ? 'utf8' : 'base64') };
}

const escaped = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1');

/** The JSON patch that writes cells, valid only while the object is what was read; no old value is sent for that. */
export function keyedPatch(keyed: Keyed, cells: Cells): JsonObject[] {
  const keys = Object.keys(cells);
  const now = cellsOf(keyed, keys);
  const at = (map: Cell['in'], key: string) => `/${map}/${escaped(key)}`;
  const tests = [
    { op: 'test', path: '/metadata/uid', value: keyed.metadata.uid },
    { op: 'test', path: '/metadata/resourceVersion', value: keyed.metadata.resourceVersion },
  ];
  const maps = new Set(Object.values(cells).flatMap(held => (held ? [held.in] : [])));
  const made = [...maps].filter(map => keyed[map] === null).map(map => ({ op: 'add', path: `/${map}`, value: {} }));
  const changes = keys.flatMap((key): JsonObject[] => {
    const [was, is] = [now[key] ?? null, cells[key] ?? null];
    const gone = was && was.in !== is?.in ? [{ op: 'remove', path: at(was.in, key) }] : [];
    const come = is ? [{ op: 'add', path: at(is.in, key), value: is.value }] : [];
    return [...gone, ...come];
  });
  return [...tests, ...made, ...changes];
}
