import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import type { Json, JsonObject } from '../../domain/json.ts';
import { hashOf } from './hash.ts';

const texts = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform(value => value ?? {});
const headSchema = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.object({ name: z.string(), namespace: z.string().nullish(), labels: texts, annotations: texts }),
});

/** One object of a manifest. */
export interface Part {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, unknown>>;
  readonly annotations: Readonly<Record<string, unknown>>;
  readonly body: JsonObject;
  readonly hash: string;
}

/** What going from one manifest to another does. */
export interface Comparison {
  readonly created: readonly Part[];
  readonly changed: readonly { readonly before: Part; readonly after: Part }[];
  readonly deleted: readonly Part[];
  /** In the one and not in the other, but marked to be kept. */
  readonly kept: readonly Part[];
}

/** The objects of a manifest as helm stores it, lists taken apart; what is no object is left out. */
export function partsOf(manifest: string, namespace: string): Part[] {
  const documents = parseAllDocuments(manifest, { logLevel: 'silent', strict: false, uniqueKeys: false });
  const bodies = Array.isArray(documents) ? documents.map(document => document.toJS({ maxAliasCount: 1_000 })) : [];
  return bodies.flatMap(body => partsIn(body, namespace));
}

function partsIn(found: unknown, release: string): Part[] {
  if (typeof found !== 'object' || found === null) return [];
  if ('kind' in found && String(found.kind).endsWith('List') && 'items' in found && Array.isArray(found.items)) {
    return found.items.flatMap(item => partsIn(item, release));
  }
  const head = headSchema.safeParse(found);
  if (!head.success) return [];
  const { apiVersion, kind, metadata } = head.data;
  const body = JSON.parse(JSON.stringify(found)) as JsonObject;
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  const { name, labels, annotations } = metadata;
  return [
    { group, kind, name, namespace: metadata.namespace ?? release, labels, annotations, body, hash: hashOf(body) },
  ];
}

/** An object as people name it. */
export function wordsOf({ kind, name }: Pick<Part, 'kind' | 'name'>): string {
  return `${kind}/${name}`;
}

/** Compares two manifests object by object, as helm does: an object is the same by group, kind, namespace and name. */
export function compareManifests(before: readonly Part[], after: readonly Part[]): Comparison {
  const idOf = ({ group, kind, namespace, name }: Part) => JSON.stringify([group, kind, namespace, name]);
  const then = new Map(after.map(part => [idOf(part), part]));
  const now = new Map(before.map(part => [idOf(part), part]));
  const gone = [...now].filter(([id]) => !then.has(id)).map(([, part]) => part);
  const isKept = ({ annotations }: Part) => annotations['helm.sh/resource-policy'] === 'keep';
  return {
    created: [...then].filter(([id]) => !now.has(id)).map(([, part]) => part),
    changed: [...then].flatMap(([id, part]) => {
      const was = now.get(id);
      return was && was.hash !== part.hash ? [{ before: was, after: part }] : [];
    }),
    deleted: gone.filter(part => !isKept(part)),
    kept: gone.filter(isKept),
  };
}

/** Kinds whose deletion takes data or other objects with it. */
const holding = new Set(['PersistentVolumeClaim', 'PersistentVolume', 'Namespace', 'CustomResourceDefinition']);

/** Whether deleting an object takes data, or everything that hangs on it, away. */
export function holdsData({ kind }: Pick<Part, 'kind'>): boolean {
  return holding.has(kind);
}

/** Kinds that run pods and can tell how their rollout goes. */
const running = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

/** Whether an object runs pods whose rollout can be watched. */
export function isWorkload({ group, kind }: Pick<Part, 'group' | 'kind'>): boolean {
  return group === 'apps' && running.has(kind);
}

/** A value inside an object, null where there is none. */
export function inside(body: Json | undefined, path: readonly (string | number)[]): Json {
  return path.reduce<Json>((found, step) => {
    if (Array.isArray(found)) return (found as readonly Json[])[Number(step)] ?? null;
    if (typeof found !== 'object' || found === null) return null;
    return (found as JsonObject)[step] ?? null;
  }, body ?? null);
}
