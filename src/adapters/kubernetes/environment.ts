import { z } from 'zod';
import type { Json, JsonObject } from '../../domain/json.ts';
import type { variableValue } from './input.ts';

/** What `kubernetes.set-env` does to the containers it names. */
export interface EnvironmentChange {
  readonly set: Readonly<Record<string, z.infer<typeof variableValue>>>;
  readonly remove: readonly string[];
  readonly containers: readonly string[];
}

const templateShape = z.looseObject({
  spec: z.looseObject({ containers: z.array(z.looseObject({ name: z.string() })) }),
});
const variables = z.array(z.looseObject({ name: z.string() })).nullish();

function entryOf(name: string, value: z.infer<typeof variableValue>): JsonObject {
  if (typeof value === 'string') return { name, value };
  if ('secret' in value) return { name, valueFrom: { secretKeyRef: { name: value.secret, key: value.key } } };
  return { name, valueFrom: { configMapKeyRef: { name: value.configMap, key: value.key } } };
}

/** Sets in place (a variable named twice keeps one entry), removes, appends what is new; what came from elsewhere is replaced whole. */
function changedEntries(entries: readonly { readonly name: string }[], change: EnvironmentChange): Json[] {
  const placed = new Set<string>();
  const kept = entries.flatMap(entry => {
    if (change.remove.includes(entry.name)) return [];
    const wanted = Object.hasOwn(change.set, entry.name) ? change.set[entry.name] : undefined;
    if (wanted === undefined) return [entry as unknown as Json];
    if (placed.has(entry.name)) return [];
    placed.add(entry.name);
    return [entryOf(entry.name, wanted)];
  });
  const added = Object.entries(change.set).filter(([name]) => !placed.has(name));
  return [...kept, ...added.map(([name, value]) => entryOf(name, value))];
}

/** A template with the change made; the template itself is left as it is, and so is every field we do not know. */
export function withEnvironment(template: JsonObject, change: EnvironmentChange): JsonObject {
  const { spec } = templateShape.parse(template);
  const containers = spec.containers.map(container => {
    if (!change.containers.includes(container.name)) return container;
    const { env, ...rest } = container;
    const entries = changedEntries(variables.parse(env) ?? [], change);
    return entries.length > 0 ? { ...rest, env: entries } : rest;
  });
  return { ...template, spec: { ...spec, containers } as unknown as JsonObject };
}

/** Names of a template's containers, init containers aside. */
export function containerNames(template: JsonObject): string[] {
  return templateShape.parse(template).spec.containers.map(({ name }) => name);
}
