import type { KeptTexts } from '../../ports/kept-texts.ts';
import type { Connection } from './connect.ts';
import { type Content, contentHash, contentOfCopy, contentOfText, contentText, copySourceOf } from './content.ts';
import { KubeError } from './kube-error.ts';
import { isCopyName, keepSecretCopy, readSecretCopy } from './secret-copy.ts';

/** A ConfigMap or Secret of a namespace. */
export interface Named {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly namespace: string;
  readonly name: string;
}

/** How a content is kept: `dryRun` writes nothing into the cluster, and answers whether it could. */
interface Write {
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/**
 * Keeps contents of configuration as they were: a ConfigMap's as a text, a Secret's as a copy beside it in the cluster, and so that of a
 * ConfigMap in which something looks secret.
 */
export interface Keeper {
  /** Keeps a content; answers false where it cannot be kept: too large, of a kind that the cluster itself renews, or not ours to copy. */
  keep(connection: Connection, object: Named, content: Content, options: Write): Promise<boolean>;
  /** The content of this hash; null where it is not kept, or is not what its hash says. */
  find(connection: Connection, object: Named, hash: string, signal: AbortSignal): Promise<Content | null>;
}

const nameOf = (hash: string) => `content:${hash}`;
/** Secrets of this type are tokens that the cluster gives and takes: an old one is of no use. */
const tokenType = 'kubernetes.io/service-account-token';

/** Makes a keeper. */
export function createKeeper(kept: KeptTexts): Keeper {
  return {
    async keep(connection, object, content, options) {
      const source = copySourceOf(object, content);
      if (!source) return kept.keep(nameOf(contentHash(object, content)), contentText(content));
      if (content.type === tokenType) return false;
      try {
        await keepSecretCopy(connection, object.namespace, source, options);
        return true;
      } catch (error) {
        if (error instanceof KubeError && (error.status === 403 || error.status === 422)) return false;
        throw error;
      }
    },
    async find(connection, object, hash, signal) {
      const content = isCopyName(hash) ? await copied(connection, object, hash, signal) : await keptText(kept, hash);
      return content && contentHash(object, content) === hash ? content : null;
    },
  };
}

async function keptText(kept: KeptTexts, hash: string): Promise<Content | null> {
  const [text] = await kept.read([nameOf(hash)]);
  return text ? contentOfText(text) : null;
}

async function copied(
  connection: Connection,
  object: Named,
  hash: string,
  signal: AbortSignal,
): Promise<Content | null> {
  try {
    const copy = await readSecretCopy(connection, object.namespace, hash, signal);
    return copy && contentOfCopy(copy);
  } catch (error) {
    if (error instanceof KubeError && error.status === 403) return null;
    throw error;
  }
}
