import { createHash } from 'node:crypto';
import { type Json, presentJson } from '../../domain/json.ts';

/** Hash of a JSON value: the first 128 bits of its SHA-256. */
export function hashOf(value: Json): string {
  return createHash('sha256').update(presentJson(value)).digest('hex').slice(0, 32);
}
