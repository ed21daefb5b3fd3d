import { createHash } from 'node:crypto';
import type { Json } from '../domain/json.ts';

/** JSON with the keys of every object in order, so that equal values give equal text. */
export function canonicalJson(value: Json): string {
  return JSON.stringify(value, (_key, at: unknown) => {
    if (at === null || typeof at !== 'object' || Array.isArray(at)) return at;
    return Object.fromEntries(Object.entries(at).sort(([one], [other]) => (one < other ? -1 : 1)));
  });
}

/** The sha256 of a value's canonical JSON, in hex: what a catalogue is stored under. */
export function hashOf(value: Json): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}
