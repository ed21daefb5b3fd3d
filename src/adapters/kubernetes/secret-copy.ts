import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Refusal, reason } from '../../domain/reason.ts';
import type { Connection } from './connect.ts';
import { KubeError, unlessGone } from './kube-error.ts';
import { pathOf, read } from './objects.ts';

/** What a copy holds: the bytes (base64) of an object's content, and what it was taken from. */
export interface CopySource {
  /** Kind of the object it was taken from. */
  readonly kind: string;
  readonly name: string;
  /** Type of a Secret; of a ConfigMap the keys that are binary, joined by commas, null where none is. */
  readonly type: string | null;
  readonly data: Readonly<Record<string, string>>;
}

/** Label that every copy bears, so that people find them all: `kubectl get secrets -l backout.dev/copy=true`. */
const copyLabels = { 'app.kubernetes.io/managed-by': 'backout', 'backout.dev/copy': 'true' };
const annotationOf = {
  kind: 'backout.dev/copy-of-kind',
  name: 'backout.dev/copy-of',
  type: 'backout.dev/copy-of-type',
};
const prefix = 'backout-copy-';

/** The name of the copy of a content: the same content has one copy, whoever keeps it. */
export function copyNameOf({ kind, name, type, data }: CopySource): string {
  const sorted = Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1));
  const content = JSON.stringify([kind, name, type, sorted]);
  return prefix + createHash('sha256').update(content).digest('hex').slice(0, 40);
}

/** Whether a text is the name of a copy. */
export function isCopyName(text: string): boolean {
  return text.startsWith(prefix);
}

const texts = z
  .record(z.string(), z.string())
  .nullish()
  .transform(value => value ?? {});
const copySchema = z.object({
  metadata: z.object({ labels: texts, annotations: texts }),
  immutable: z.boolean().default(false),
  data: texts,
});

/**
 * Keeps a content as an immutable Secret in the same namespace, so that it never leaves the cluster; answers the copy's name. One that is
 * there already is as good. Its type is always Opaque: controllers act on other types. Throws `KubeError`.
 */
export async function keepSecretCopy(
  connection: Connection,
  namespace: string,
  source: CopySource,
  options: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<string> {
  const name = copyNameOf(source);
  const type = source.type === null ? {} : { [annotationOf.type]: source.type };
  const annotations = { [annotationOf.kind]: source.kind, [annotationOf.name]: source.name, ...type };
  const metadata = { name, namespace, labels: copyLabels, annotations };
  const query = `?fieldManager=backout${options.dryRun ? '&dryRun=All' : ''}`;
  const { signal } = options;
  try {
    await connection.send({
      verb: 'create',
      resource: 'secrets',
      namespace,
      path: pathOf('api/v1', namespace, 'secrets') + query,
      body: { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', immutable: true, data: source.data },
      signal,
    });
  } catch (error) {
    if (!(error instanceof KubeError) || error.status !== 409) throw error;
    if (!(await readSecretCopy(connection, namespace, name, signal))) throw error;
  }
  return name;
}

/** What a copy holds; null where it is gone. Refuses one whose content is not what its name says. Throws `KubeError`. */
export async function readSecretCopy(
  connection: Connection,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<CopySource | null> {
  const path = pathOf('api/v1', namespace, 'secrets', name);
  const request = { verb: 'get', resource: 'secrets', namespace, path, signal };
  const answer = await unlessGone(connection.read(request));
  if (answer === null) return null;
  const { metadata, data } = read(copySchema, request, answer);
  const { annotations } = metadata;
  const source: CopySource = {
    kind: annotations[annotationOf.kind] ?? '',
    name: annotations[annotationOf.name] ?? '',
    type: annotations[annotationOf.type] ?? null,
    data,
  };
  if (copyNameOf(source) === name) return source;
  const object = `secret ${namespace}/${name}`;
  throw new Refusal(reason('cannot-revert', { object, why: 'copy-changed' }));
}
