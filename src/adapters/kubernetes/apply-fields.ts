import type { Json, JsonObject } from '../../domain/json.ts';
import { hashOf } from './template.ts';

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const escaped = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1');
const unescaped = (key: string) => key.replaceAll('~1', '/').replaceAll('~0', '~');

/** Metadata that people write; the rest of it is the server's. */
const written = new Set(['labels', 'annotations', 'finalizers', 'ownerReferences']);

/** An object without status and without the server's part of its metadata: what an apply can change. */
export function desired(object: JsonObject): JsonObject {
  const { status: _, metadata, ...rest } = object;
  if (!isObject(metadata)) return rest;
  return { ...rest, metadata: Object.fromEntries(Object.entries(metadata).filter(([key]) => written.has(key))) };
}

/** JSON pointers of the outermost places where two objects differ; lists count as one value. */
export function differences(before: Json | undefined, after: Json | undefined, path = ''): string[] {
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap(key => differences(before[key], after[key], `${path}/${escaped(key)}`));
  }
  return hashOf(before ?? null) === hashOf(after ?? null) ? [] : [path];
}

/** The value at a JSON pointer; undefined where there is none. */
export function valueAt(object: Json | undefined, pointer: string): Json | undefined {
  const steps = pointer.split('/').slice(1).map(unescaped);
  return steps.reduce<Json | undefined>(
    (value, key) => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    object,
  );
}

/** The part of a value that another one names, so that what a server adds (defaults, allocated ports) does not count. */
export function picked(value: Json | undefined, shape: Json | undefined): Json {
  if (value === undefined || shape === undefined) return null;
  if (isObject(value) && isObject(shape)) {
    const keys = Object.keys(shape).filter(key => Object.hasOwn(value, key));
    return Object.fromEntries(keys.map(key => [key, picked(value[key], shape[key])]));
  }
  if (Array.isArray(value) && Array.isArray(shape) && value.length === shape.length)
    return value.map((one: Json, at) => picked(one, shape[at]));
  return value;
}
