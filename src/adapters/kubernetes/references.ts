import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import type { Connection } from './connect.ts';
import type { Place } from './input.ts';
import { KubeError } from './kube-error.ts';
import { pathOf } from './objects.ts';
import { podSpecOf } from './template.ts';

/** Something beside the template that a pod needs to start. */
export interface Reference {
  readonly kind: 'ConfigMap' | 'Secret' | 'ServiceAccount' | 'PersistentVolumeClaim';
  readonly name: string;
  /** Keys that must be there. */
  readonly keys: readonly string[];
}

/** A reference as it was found: there with a hash of its content, gone (the object, or keys), or not ours to read. */
export interface Found extends Reference {
  readonly state: 'there' | 'gone' | 'forbidden';
  readonly missingKeys: readonly string[];
  /** Hash of name and content; null where there is no content. */
  readonly hash: string | null;
  /** When it was last written, epoch ms; null where that is not told. */
  readonly changedAt: number | null;
}

type Collect = (
  kind: Reference['kind'],
  name: string | undefined,
  keys: readonly string[],
  optional?: boolean | null,
) => void;
type Spec = ReturnType<typeof podSpecOf>;

function collectContainers(spec: Spec, add: Collect): void {
  for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
    for (const { valueFrom } of container.env ?? []) {
      const [config, secret] = [valueFrom?.configMapKeyRef, valueFrom?.secretKeyRef];
      if (config) add('ConfigMap', config.name, [config.key], config.optional);
      if (secret) add('Secret', secret.name, [secret.key], secret.optional);
    }
    for (const { configMapRef, secretRef } of container.envFrom ?? []) {
      if (configMapRef) add('ConfigMap', configMapRef.name, [], configMapRef.optional);
      if (secretRef) add('Secret', secretRef.name, [], secretRef.optional);
    }
  }
}

function collectVolumes(spec: Spec, add: Collect): void {
  const volumes = spec.volumes ?? [];
  for (const { configMap, secret } of [...volumes, ...volumes.flatMap(volume => volume.projected?.sources ?? [])]) {
    const keys = (configMap ?? secret)?.items?.map(({ key }) => key) ?? [];
    if (configMap) add('ConfigMap', configMap.name, keys, configMap.optional);
    if (secret) add('Secret', secret.secretName ?? secret.name, keys, secret.optional);
  }
  for (const { persistentVolumeClaim: claim } of volumes) if (claim) add('PersistentVolumeClaim', claim.claimName, []);
}

/** All that a template needs besides itself and its images; what is marked optional is left out. */
export function referencesOf(template: JsonObject): Reference[] {
  const found = new Map<string, { kind: Reference['kind']; name: string; keys: Set<string> }>();
  const add: Collect = (kind, name, keys, optional) => {
    if (!name || optional) return;
    const entry = found.get(`${kind}/${name}`) ?? { kind, name, keys: new Set() };
    for (const key of keys.filter(Boolean)) entry.keys.add(key);
    found.set(`${kind}/${name}`, entry);
  };
  const spec = podSpecOf(template);
  collectContainers(spec, add);
  collectVolumes(spec, add);
  for (const { name } of spec.imagePullSecrets ?? []) add('Secret', name, []);
  add('ServiceAccount', spec.serviceAccountName ?? undefined, []);
  return [...found.values()].map(entry => ({ ...entry, keys: [...entry.keys].sort() }));
}

const plurals = {
  ConfigMap: 'configmaps',
  Secret: 'secrets',
  ServiceAccount: 'serviceaccounts',
  PersistentVolumeClaim: 'persistentvolumeclaims',
} as const;

const content = z
  .record(z.string(), z.string())
  .nullish()
  .transform(value => value ?? {});
const configSchema = z.object({
  metadata: z.object({
    creationTimestamp: z.string().nullish(),
    managedFields: z.array(z.object({ time: z.string().nullish() })).nullish(),
  }),
  data: content,
  binaryData: content,
});

/** What was read of an object, whichever keys are asked for. */
type Read = {
  readonly state: Found['state'];
  readonly content: Record<string, string>;
  readonly changedAt: number | null;
};

/** Looks references of one namespace up, each object once; a right that is missing is an answer, not an error. */
export type LookUp = (references: readonly Reference[]) => Promise<Found[]>;

/** Makes a look-up for one moment: what it has read it does not read again. */
export function createLookUp(connection: Connection, place: Place, signal: AbortSignal): LookUp {
  const known = new Map<string, Promise<Read>>();
  const readOnce = (reference: Reference) => {
    const key = `${reference.kind}/${reference.name}`;
    const reading = known.get(key) ?? readOne(connection, place.namespace, reference, signal);
    known.set(key, reading);
    return reading;
  };
  return references => Promise.all(references.map(async reference => judge(reference, await readOnce(reference))));
}

function judge(reference: Reference, { state, content: all, changedAt }: Read): Found {
  const missingKeys = state === 'there' ? reference.keys.filter(key => !(key in all)) : [];
  const holdsContent = reference.kind === 'ConfigMap' || reference.kind === 'Secret';
  return {
    ...reference,
    state: missingKeys.length > 0 ? 'gone' : state,
    missingKeys,
    hash: state === 'there' && holdsContent ? contentHash(reference, all) : null,
    changedAt,
  };
}

async function readOne(
  connection: Connection,
  namespace: string,
  { kind, name }: Reference,
  signal: AbortSignal,
): Promise<Read> {
  const resource = plurals[kind];
  const path = pathOf('api/v1', namespace, resource, name);
  try {
    const answer = configSchema.parse(await connection.read({ verb: 'get', resource, namespace, path, signal }));
    const times = [answer.metadata.creationTimestamp, ...(answer.metadata.managedFields ?? []).map(({ time }) => time)];
    const changedAt = Math.max(...times.map(time => Date.parse(time ?? '')).filter(Number.isFinite));
    return {
      state: 'there',
      content: { ...answer.data, ...answer.binaryData },
      changedAt: Number.isFinite(changedAt) ? changedAt : null,
    };
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    if (error.status === 404) return { state: 'gone', content: {}, changedAt: null };
    if (error.status === 403) return { state: 'forbidden', content: {}, changedAt: null };
    throw error;
  }
}

/** Bound to the object's name, so that equal secrets of two objects do not show as equal. */
function contentHash({ kind, name }: Reference, all: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([kind, name, sorted]))
    .digest('hex')
    .slice(0, 32);
}

/** A found reference in words, e.g. `Secret db-login (key password)`. */
export function wordsOf({ kind, name, missingKeys }: Pick<Found, 'kind' | 'name' | 'missingKeys'>): string {
  return missingKeys.length > 0 ? `${kind} ${name} (key ${missingKeys.join(', ')})` : `${kind} ${name}`;
}
