import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import { replaceText } from './splice.ts';

/** A Secret holds 1 MiB; what comes out of it is bounded, so that a made-up one cannot fill the memory. */
const longestPayload = 64 * 1024 * 1024;
const gzipMagic = Buffer.from([0x1f, 0x8b, 0x08]);

const text = z
  .string()
  .nullish()
  .transform(value => value ?? '');
const object = z.custom<JsonObject>(value => typeof value === 'object' && value !== null && !Array.isArray(value));
const files = z
  .array(z.object({ name: z.string(), data: text }))
  .nullish()
  .transform(value => value ?? []);
const texts = z
  .array(z.string())
  .nullish()
  .transform(value => value ?? []);

const payloadSchema = z.object({
  name: z.string(),
  version: z.number().int().min(1),
  info: z.object({ status: z.string(), description: text, last_deployed: text }),
  chart: z.object({
    metadata: z.looseObject({ name: text, version: text, appVersion: text }),
    lock: object.nullish(),
    templates: files,
    values: object.nullish(),
    schema: text,
    files,
  }),
  config: object.nullish(),
  manifest: text,
  hooks: z
    .array(
      z.object({
        name: text,
        kind: text,
        path: text,
        manifest: text,
        events: texts,
        weight: z.number().default(0),
      }),
    )
    .nullish()
    .transform(value => value ?? []),
});

/** One revision as Helm 3 and 4 store it, the parts of it that we read. */
export type Payload = z.infer<typeof payloadSchema>;

/** The JSON text in a release Secret's `data.release`: Kubernetes' base64 of Helm's base64 of gzip. Throws where it is none. */
export function unpack(data: string): string {
  const stored = Buffer.from(Buffer.from(data, 'base64').toString('latin1'), 'base64');
  const zipped = stored.subarray(0, 3).equals(gzipMagic);
  return (zipped ? gunzipSync(stored, { maxOutputLength: longestPayload }) : stored).toString('utf8');
}

/** The same back into `data.release`. */
export function pack(json: string): string {
  const stored = gzipSync(Buffer.from(json, 'utf8'), { level: 9 }).toString('base64');
  return Buffer.from(stored, 'latin1').toString('base64');
}

/** Reads a revision; null where the Secret holds none that we understand. */
export function readPayload(data: string): Payload | null {
  try {
    const parsed = payloadSchema.safeParse(JSON.parse(unpack(data)));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Longest description that Helm 4 takes. */
const longestDescription = 256;

/**
 * The stored revision with another status and description. Only these two places of the text change: numbers of its values that JavaScript
 * would round stay as Helm wrote them.
 */
export function withStatus(data: string, status: string, description: string): string {
  const json = unpack(data);
  const described = replaceText(json, ['info', 'description'], description.slice(0, longestDescription)) ?? json;
  const changed = replaceText(described, ['info', 'status'], status);
  if (changed === null) throw new Error('the revision has no status');
  return pack(changed);
}
