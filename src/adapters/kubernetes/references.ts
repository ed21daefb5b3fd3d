import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import type { Connection } from './connect.ts';
import { type Content, contentHash, keysOf, readContent } from './content.ts';
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
  /** Whether pods start without it: it is optional wherever it is named. */
  readonly optional: boolean;
  /** Whether the containers read its content: as variables or as files. */
  readonly configures: boolean;
  /** Whether they read it as files alone that the kubelet renews while they run. */
  readonly renewed: boolean;
}

/** A reference as it was found: there with a hash of its content, gone (the object, or keys), or not ours to read. */
export interface Found extends Reference {
  readonly state: 'there' | 'gone' | 'forbidden';
  readonly missingKeys: readonly string[];
  /** What its content is compared by; null where there is no content. */
  readonly hash: string | null;
  /** Its content; null where there is none. Never leaves the adapter but to where it is kept. */
  readonly content: Content | null;
  /** When it was last written, epoch ms; null where that is not told. */
  readonly changedAt: number | null;
}

/** One place at which a template names something. */
interface Use {
  readonly keys: readonly string[];
  readonly optional: boolean | null | undefined;
  /** `start`: content read when a container starts; `file`: content renewed while it runs; `whole`: the object, not its content. */
  readonly how: 'start' | 'file' | 'whole';
}

type Collect = (kind: Reference['kind'], name: string | undefined, use: Use) => void;
type Spec = ReturnType<typeof podSpecOf>;

function collectContainers(spec: Spec, add: Collect): void {
  const how = 'start';
  for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
    for (const { valueFrom } of container.env ?? []) {
      const [config, secret] = [valueFrom?.configMapKeyRef, valueFrom?.secretKeyRef];
      if (config) add('ConfigMap', config.name, { keys: [config.key], optional: config.optional, how });
      if (secret) add('Secret', secret.name, { keys: [secret.key], optional: secret.optional, how });
    }
    for (const { configMapRef, secretRef } of container.envFrom ?? []) {
      if (configMapRef) add('ConfigMap', configMapRef.name, { keys: [], optional: configMapRef.optional, how });
      if (secretRef) add('Secret', secretRef.name, { keys: [], optional: secretRef.optional, how });
    }
  }
}

function collectVolumes(spec: Spec, add: Collect): void {
  const mounts = [...spec.containers, ...(spec.initContainers ?? [])].flatMap(({ volumeMounts }) => volumeMounts ?? []);
  const cut = new Set(mounts.flatMap(({ name, subPath, subPathExpr }) => (subPath || subPathExpr ? [name] : [])));
  for (const volume of spec.volumes ?? []) {
    const how = cut.has(volume.name) ? 'start' : 'file';
    for (const { configMap, secret } of [volume, ...(volume.projected?.sources ?? [])]) {
      const keys = (configMap ?? secret)?.items?.map(({ key }) => key) ?? [];
      if (configMap) add('ConfigMap', configMap.name, { keys, optional: configMap.optional, how });
      if (secret) add('Secret', secret.secretName ?? secret.name, { keys, optional: secret.optional, how });
    }
    const claim = volume.persistentVolumeClaim;
    if (claim) add('PersistentVolumeClaim', claim.claimName, { keys: [], optional: false, how: 'whole' });
  }
}

function allReferences(template: JsonObject): Reference[] {
  const found = new Map<string, { kind: Reference['kind']; name: string; uses: Use[] }>();
  const add: Collect = (kind, name, use) => {
    if (!name) return;
    const entry = found.get(`${kind}/${name}`) ?? { kind, name, uses: [] };
    entry.uses.push(use);
    found.set(`${kind}/${name}`, entry);
  };
  const spec = podSpecOf(template);
  collectContainers(spec, add);
  collectVolumes(spec, add);
  for (const { name } of spec.imagePullSecrets ?? []) add('Secret', name, { keys: [], optional: false, how: 'whole' });
  add('ServiceAccount', spec.serviceAccountName ?? undefined, { keys: [], optional: false, how: 'whole' });
  return [...found.values()].map(({ kind, name, uses }) => ({
    kind,
    name,
    keys: [...new Set(uses.flatMap(({ keys, optional }) => (optional ? [] : keys.filter(Boolean))))].sort(),
    optional: uses.every(({ optional }) => optional === true),
    configures: uses.some(({ how }) => how !== 'whole'),
    renewed: uses.every(({ how }) => how === 'file'),
  }));
}

/** All that a template needs besides itself and its images; what is marked optional is left out. */
export function referencesOf(template: JsonObject): Reference[] {
  return allReferences(template).filter(({ optional }) => !optional);
}

/** The ConfigMaps and Secrets whose content a template's containers read, optional ones as well. */
export function configurationOf(template: JsonObject): Reference[] {
  return allReferences(template).filter(({ configures }) => configures);
}

const plurals = {
  ConfigMap: 'configmaps',
  Secret: 'secrets',
  ServiceAccount: 'serviceaccounts',
  PersistentVolumeClaim: 'persistentvolumeclaims',
} as const;

/** What was read of an object, whichever keys are asked for. */
type Read = Pick<Found, 'state' | 'content' | 'changedAt'>;

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

function judge(reference: Reference, { state, content, changedAt }: Read): Found {
  const there = new Set(content ? keysOf(content) : []);
  const missingKeys = state === 'there' ? reference.keys.filter(key => !there.has(key)) : [];
  return {
    ...reference,
    state: missingKeys.length > 0 ? 'gone' : state,
    missingKeys,
    hash: content && contentHash(reference, content),
    content,
    changedAt,
  };
}

const anyObject = z.object({ metadata: z.looseObject({}) });

async function readOne(
  connection: Connection,
  namespace: string,
  { kind, name }: Reference,
  signal: AbortSignal,
): Promise<Read> {
  const resource = plurals[kind];
  const path = pathOf('api/v1', namespace, resource, name);
  try {
    const answer = await connection.read({ verb: 'get', resource, namespace, path, signal });
    if (kind !== 'ConfigMap' && kind !== 'Secret') {
      anyObject.parse(answer);
      return { state: 'there', content: null, changedAt: null };
    }
    const { changedAt, ...content } = readContent(answer);
    return { state: 'there', content, changedAt };
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    if (error.status === 404) return { state: 'gone', content: null, changedAt: null };
    if (error.status === 403) return { state: 'forbidden', content: null, changedAt: null };
    throw error;
  }
}

/** A found reference by its names, e.g. `Secret db-login [password]`: with the keys that are missing. */
export function wordsOf({ kind, name, missingKeys }: Pick<Found, 'kind' | 'name' | 'missingKeys'>): string {
  return missingKeys.length > 0 ? `${kind} ${name} [${missingKeys.join(', ')}]` : `${kind} ${name}`;
}
