import { createHash } from 'node:crypto';
import { z } from 'zod';
import { copyNameOf } from './secret-copy.ts';

const texts = z
  .record(z.string(), z.string())
  .nullish()
  .transform(value => value ?? {});

/** What a ConfigMap or Secret holds. A Secret's values are base64, and so is `binaryData`. */
export interface Content {
  readonly data: Readonly<Record<string, string>>;
  readonly binaryData: Readonly<Record<string, string>>;
  /** Type of a Secret; null for a ConfigMap. */
  readonly type: string | null;
}

const contentFields = {
  data: texts,
  binaryData: texts,
  type: z
    .string()
    .nullish()
    .transform(value => value ?? null),
};
const objectSchema = z.object({
  metadata: z.object({
    creationTimestamp: z.string().nullish(),
    managedFields: z.array(z.object({ time: z.string().nullish() })).nullish(),
  }),
  ...contentFields,
});
const keptSchema = z.strictObject(contentFields);

/** Reads what the API server answered; `changedAt` is epoch ms, null where it is not told. */
export function readContent(answer: unknown): Content & { readonly changedAt: number | null } {
  const { metadata, ...content } = objectSchema.parse(answer);
  const times = [metadata.creationTimestamp, ...(metadata.managedFields ?? []).map(({ time }) => time)];
  const changedAt = Math.max(...times.map(time => Date.parse(time ?? '')).filter(Number.isFinite));
  return { ...content, changedAt: Number.isFinite(changedAt) ? changedAt : null };
}

/** The keys that a content has. */
export function keysOf({ data, binaryData }: Content): string[] {
  return [...Object.keys(data), ...Object.keys(binaryData)];
}

/** What a content is compared by: bound to kind and name, so that equal secrets of two objects do not show as equal. A Secret's is the name of its copy. */
export function contentHash({ kind, name }: { readonly kind: string; readonly name: string }, content: Content) {
  const { data, binaryData, type } = content;
  if (kind === 'Secret') return copyNameOf({ kind, name, type: type ?? 'Opaque', data });
  const sorted = Object.entries({ ...data, ...binaryData }).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([kind, name, sorted]))
    .digest('hex')
    .slice(0, 32);
}

/** A content as text, for keeping. */
export function contentText(content: Content): string {
  return JSON.stringify({ data: content.data, binaryData: content.binaryData, type: content.type });
}

/** Reads a kept content; null for a text that is none. */
export function contentOfText(text: string): Content | null {
  try {
    return keptSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
