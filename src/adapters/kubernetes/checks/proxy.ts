import { type Connection, errorOf } from '../connect.ts';
import { ownWords } from '../kube-status.ts';
import { pathOf } from '../objects.ts';
import type { KubeAnswer } from '../transfer.ts';

/** What is asked for behind the API server's proxy. */
export interface Proxied {
  readonly plural: 'pods' | 'services';
  readonly namespace: string;
  readonly name: string;
  readonly port: number | string | null;
  readonly scheme: 'http' | 'https';
  /** Path with its query. */
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly limitMs?: number;
  readonly signal: AbortSignal;
}

/** An answer of what stands behind, or why it gave none. */
export type ProxyAnswer =
  | ({ readonly kind: 'answer' } & KubeAnswer)
  | { readonly kind: 'none'; readonly why: string; readonly total: number };

const longest = 16 * 1024 * 1024;
const verbs: Readonly<Record<string, string>> = { POST: 'create' };

/** Asks a pod or a Service through the API server. What the API server itself refuses is thrown as a `KubeError`; what it cannot reach is an answer. */
export async function askThrough(connection: Connection, asked: Proxied): Promise<ProxyAnswer> {
  const { plural, namespace, name, port, scheme, path, method = 'GET', headers, limitMs, signal } = asked;
  const [prefix, suffix] = [scheme === 'https' ? 'https:' : '', port === null ? '' : `:${port}`];
  const request = {
    verb: verbs[method] ?? 'get',
    resource: `${plural}/proxy`,
    namespace,
    path: `${pathOf('api/v1', namespace, plural)}/${prefix}${name}${suffix}/proxy${path}`,
    method,
    accept: '*/*',
    longest,
    signal,
    ...(headers ? { headers } : {}),
    ...(limitMs === undefined ? {} : { limitMs }),
  };
  const answer = await connection.ask(request);
  const own = ownWords(answer);
  if (own === null) return { kind: 'answer', ...answer };
  if (answer.status < 500 && answer.status !== 429) throw errorOf(request, answer);
  return { kind: 'none', why: own, total: answer.total };
}
