import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isSecretValue } from '../../domain/hide.ts';
import { type CopySource, copyNameOf } from './secret-copy.ts';

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

/** A ConfigMap or Secret by its name. */
interface Named {
  readonly kind: string;
  readonly name: string;
}

/**
 * What a content is compared by: bound to kind and name, so that equal secrets of two objects do not show as equal. Of a Secret, and of a
 * ConfigMap in which something looks secret, it is the name of its copy.
 */
export function contentHash(object: Named, content: Content): string {
  const source = copySourceOf(object, content);
  if (source) return copyNameOf(source);
  const { data, binaryData } = content;
  const sorted = Object.entries({ ...data, ...binaryData }).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([object.kind, object.name, sorted]))
    .digest('hex')
    .slice(0, 32);
}

/** What a content is copied as inside the cluster; null for a ConfigMap in which nothing looks secret, which may be kept as a text. */
export function copySourceOf({ kind, name }: Named, content: Content): CopySource | null {
  const { data, binaryData, type } = content;
  if (kind === 'Secret') return { kind, name, type: type ?? 'Opaque', data };
  if (!looksSecret(content)) return null;
  const texts = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'utf8').toString('base64')]);
  const binary = Object.keys(binaryData).sort();
  const kept = { ...Object.fromEntries(texts), ...binaryData };
  return { kind, name, type: binary.length > 0 ? binary.join(',') : null, data: kept };
}

/** The content that a copy was made of. */
export function contentOfCopy({ kind, type, data }: CopySource): Content {
  if (kind === 'Secret') return { data, binaryData: {}, type };
  const binary = new Set(type?.split(','));
  const entries = Object.entries(data);
  const texts = entries.filter(([key]) => !binary.has(key));
  return {
    data: Object.fromEntries(texts.map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')])),
    binaryData: Object.fromEntries(entries.filter(([key]) => binary.has(key))),
    type: null,
  };
}

function looksSecret({ data, binaryData }: Content): boolean {
  const bytes = Object.entries(binaryData).map(
    ([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')] as const,
  );
  return [...Object.entries(data), ...bytes].some(([key, value]) => value !== '' && isSecretValue(key, value));
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
