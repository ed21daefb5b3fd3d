import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Connection } from '../connect.ts';
import { unlessGone } from '../kube-error.ts';
import { pathOf, readAs } from '../objects.ts';

/** A variable as it was found: only the hash of its value leaves the reader. */
export interface FoundVariable {
  /** SHA-256 in hex; null where the value is made by Kubernetes (a field of the pod, an expansion) and cannot be told beforehand. */
  readonly hash: string | null;
  /** Whether it came from a Secret: then not even its hash is shown. */
  readonly secret: boolean;
}

/** What a reference to a key needs to be read. */
export interface Reading {
  readonly connection: Connection;
  readonly namespace: string;
  readonly signal: AbortSignal;
}

type Source = 'configmaps' | 'secrets';

const reference = z.object({ name: z.string().default(''), optional: z.boolean().nullish() });
const keyReference = reference.extend({ key: z.string() });
const containerSchema = z.object({
  spec: z.object({
    containers: z.array(
      z.object({
        name: z.string(),
        envFrom: z
          .array(
            z.object({
              prefix: z.string().nullish(),
              configMapRef: reference.nullish(),
              secretRef: reference.nullish(),
            }),
          )
          .nullish(),
        env: z
          .array(
            z.object({
              name: z.string(),
              value: z.string().nullish(),
              valueFrom: z
                .looseObject({ configMapKeyRef: keyReference.nullish(), secretKeyRef: keyReference.nullish() })
                .nullish(),
            }),
          )
          .nullish(),
      }),
    ),
  }),
});
type Container = z.infer<typeof containerSchema>['spec']['containers'][number];
type Entry = NonNullable<Container['env']>[number];

const contents = z.object({ data: z.record(z.string(), z.string()).nullish() });

/** The hash that values are compared by. */
export function valueHash(value: string | Buffer): string {
  return createHash('sha256').update(value).digest('hex');
}

/** Hashes of the values of a ConfigMap or Secret by key; null where it is gone. Throws `KubeError`. */
export async function hashesOf(
  reading: Reading,
  source: Source,
  name: string,
): Promise<ReadonlyMap<string, string> | null> {
  const { connection, namespace, signal } = reading;
  const request = { verb: 'get', resource: source, namespace, path: pathOf('api/v1', namespace, source, name), signal };
  const found = await unlessGone(readAs(connection, request, contents));
  if (!found) return null;
  const bytes = (value: string) => (source === 'secrets' ? Buffer.from(value, 'base64') : value);
  return new Map(Object.entries(found.data ?? {}).map(([key, value]) => [key, valueHash(bytes(value))]));
}

/** The variables that a template sets in one container, references read; null where there is no such container. Throws `KubeError`. */
export async function variablesOf(
  reading: Reading,
  template: unknown,
  name: string,
): Promise<ReadonlyMap<string, FoundVariable> | null> {
  const container = containerSchema.parse(template).spec.containers.find(one => one.name === name);
  if (!container) return null;
  const known = new Map<string, ReadonlyMap<string, string> | null>();
  const read = async (source: Source, object: string) => {
    const key = `${source}/${object}`;
    if (!known.has(key)) known.set(key, await hashesOf(reading, source, object));
    return known.get(key) ?? new Map<string, string>();
  };
  const found = new Map<string, FoundVariable>();
  for (const { prefix, configMapRef, secretRef } of container.envFrom ?? []) {
    const from = configMapRef ?? secretRef;
    if (!from) continue;
    const all = await read(configMapRef ? 'configmaps' : 'secrets', from.name);
    for (const [key, hash] of all) found.set(`${prefix ?? ''}${key}`, { hash, secret: !configMapRef });
  }
  for (const entry of container.env ?? []) {
    const variable = await variableOf(entry, read);
    if (variable) found.set(entry.name, variable);
    else found.delete(entry.name);
  }
  return found;
}

async function variableOf(
  { value, valueFrom }: Entry,
  read: (source: Source, name: string) => Promise<ReadonlyMap<string, string>>,
): Promise<FoundVariable | null> {
  const [config, secret] = [valueFrom?.configMapKeyRef, valueFrom?.secretKeyRef];
  const from = config ?? secret;
  if (from) {
    const hash = (await read(config ? 'configmaps' : 'secrets', from.name)).get(from.key);
    return hash === undefined ? null : { hash, secret: !config };
  }
  if (valueFrom) return { hash: null, secret: false };
  const text = value ?? '';
  return { hash: text.includes('$(') ? null : valueHash(text), secret: false };
}

/** The variables of an environment as a process holds it: NAME=value, each ended by a NUL. */
export function variablesIn(environment: string): ReadonlyMap<string, FoundVariable> {
  const entries = environment.split('\0').flatMap((entry): [string, FoundVariable][] => {
    const at = entry.indexOf('=');
    return at > 0 ? [[entry.slice(0, at), { hash: valueHash(entry.slice(at + 1)), secret: true }]] : [];
  });
  return new Map(entries);
}
