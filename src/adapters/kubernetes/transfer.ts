import { createHash, randomBytes } from 'node:crypto';
import { type IncomingHttpHeaders, type IncomingMessage, request as plainRequest } from 'node:http';
import { type RequestOptions, request as secureRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import type { KubeConfig } from '@kubernetes/client-node';
import { jsonText } from './json-text.ts';
import { type Asked, KubeError } from './kube-error.ts';

/** One request to the API server; the path is built from validated names only. */
export interface KubeRequest extends Asked {
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal: AbortSignal;
  /** The method where the verb does not say it. */
  readonly method?: string;
  /** What we want to be answered with; JSON unless set. */
  readonly accept?: string;
  /** Further headers, for what stands behind the API server's proxy. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Time limit in ms; 10 s unless set. */
  readonly limitMs?: number;
  /** The longest answer that is read, in bytes; 64 MiB unless set. */
  readonly longest?: number;
}

/** An answer as it came, whatever its status. */
export interface KubeAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: IncomingHttpHeaders;
  /** Time to the first byte and to the last, in ms. */
  readonly firstByte: number;
  readonly total: number;
}

/** A connection that was upgraded, with what came on it already. */
export interface Upgraded {
  readonly socket: Duplex;
  readonly head: Buffer;
}

const methods: Readonly<Record<string, string>> = {
  get: 'GET',
  list: 'GET',
  patch: 'PATCH',
  create: 'POST',
  delete: 'DELETE',
};
/** Time limit of one request, in ms. */
const requestLimit = 10_000;
/** No answer of ours is longer; a list of 250 ReplicaSets has some 2 MB. */
const longestAnswer = 64 * 1024 * 1024;

const urlOf = (config: KubeConfig, asked: KubeRequest): URL =>
  new URL((config.getCurrentCluster()?.server ?? '').replace(/\/+$/, '') + asked.path);

/** Sends one request and reads its answer. Throws `KubeError` with status 0 where there is none. */
export function transfer(config: KubeConfig, asked: KubeRequest, options: RequestOptions): Promise<KubeAnswer> {
  const url = urlOf(config, asked);
  const begin = url.protocol === 'http:' ? plainRequest : secureRequest;
  const body = asked.body === undefined ? undefined : jsonText(asked.body);
  const headers = {
    ...options.headers,
    Accept: asked.accept ?? 'application/json',
    'User-Agent': 'backout',
    ...asked.headers,
    ...(body === undefined
      ? {}
      : { 'Content-Type': asked.contentType ?? 'application/json', 'Content-Length': Buffer.byteLength(body) }),
  };
  const { signal, fail } = limited(asked);
  const method = asked.method ?? methods[asked.verb] ?? 'GET';
  const began = performance.now();
  const since = () => Math.round(performance.now() - began);
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(fail(error));
    const outgoing = begin(url, { ...options, method, headers, signal }, incoming => {
      const firstByte = since();
      readText(incoming, asked.longest ?? longestAnswer).then(text => {
        const { headers: told, statusCode } = incoming;
        resolve({ status: statusCode ?? 0, text, headers: told, firstByte, total: since() });
      }, failed);
    });
    outgoing.on('error', failed);
    outgoing.end(body);
  });
}

/** Who hears of an answer that goes on. */
export interface Hearer {
  /** Called once, when the answer has begun with status 200. */
  readonly opened?: () => void;
  /** Called with each piece of it. */
  hear(piece: Buffer): void;
}

/** Sends one request and hears of each piece of its answer until that ends, the signal is aborted or its time is over. Never throws; answers the status, 0 where there was none. */
export function follow(
  config: KubeConfig,
  asked: KubeRequest,
  options: RequestOptions,
  { opened, hear }: Hearer,
): Promise<number> {
  const url = urlOf(config, asked);
  const begin = url.protocol === 'http:' ? plainRequest : secureRequest;
  const headers = { ...options.headers, Accept: asked.accept ?? 'application/json', 'User-Agent': 'backout' };
  const { signal } = limited(asked);
  return new Promise(resolve => {
    const outgoing = begin(url, { ...options, method: 'GET', headers, signal }, incoming => {
      const status = incoming.statusCode ?? 0;
      if (status === 200) {
        opened?.();
        incoming.on('data', hear);
      } else incoming.resume();
      incoming.on('error', () => resolve(status));
      incoming.on('close', () => resolve(status));
    });
    outgoing.on('error', () => resolve(0));
    outgoing.end();
  });
}

async function readText(incoming: IncomingMessage, longest: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > longest) throw new Error(`the answer is longer than ${Math.round(longest / 1024)} KiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The signal of a request with its time limit, and what a failure under it is called. */
function limited(asked: KubeRequest) {
  const ms = asked.limitMs ?? requestLimit;
  const limit = AbortSignal.timeout(ms);
  const fail = (error: Error): unknown => {
    if (asked.signal.aborted) return asked.signal.reason;
    return new KubeError(asked, 0, limit.aborted ? `no answer in ${ms / 1000} s` : error.message);
  };
  return { signal: AbortSignal.any([asked.signal, limit]), fail };
}

/** What RFC 6455 appends to a key before it hashes it. */
const magic = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Upgrades a connection to a WebSocket with one subprotocol; an answer without an upgrade comes back as such. The signal ends it at any time. */
export function upgrade(
  config: KubeConfig,
  asked: KubeRequest,
  options: RequestOptions,
  protocol: string,
): Promise<Upgraded | KubeAnswer> {
  const url = urlOf(config, asked);
  const begin = url.protocol === 'http:' ? plainRequest : secureRequest;
  const key = randomBytes(16).toString('base64');
  const headers = {
    ...options.headers,
    'User-Agent': 'backout',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': key,
    'Sec-WebSocket-Protocol': protocol,
  };
  const { signal, fail } = limited(asked);
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(fail(error));
    const outgoing = begin(url, { ...options, method: 'GET', headers, signal });
    outgoing.on('upgrade', (incoming, socket, head) => {
      const wanted = createHash('sha1').update(`${key}${magic}`).digest('base64');
      const agreed = incoming.headers['sec-websocket-protocol'] === protocol;
      if (agreed && incoming.headers['sec-websocket-accept'] === wanted) return resolve({ socket, head });
      socket.destroy();
      failed(new Error('the server speaks another protocol'));
    });
    outgoing.on('response', incoming => {
      const { headers: told, statusCode } = incoming;
      readText(incoming, 64 * 1024).then(
        text => resolve({ status: statusCode ?? 0, text, headers: told, firstByte: 0, total: 0 }),
        failed,
      );
    });
    outgoing.on('error', failed);
    outgoing.end();
  });
}
