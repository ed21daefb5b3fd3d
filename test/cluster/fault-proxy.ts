import { createServer, type IncomingMessage, request as plainRequest, type ServerResponse } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** What goes wrong with a request: an answer of our own, a delay, a cut before or after the server has done it, no answer at all. */
export type Fault =
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfter?: number; readonly message?: string }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'cut-before' }
  | { readonly kind: 'cut-after' }
  | { readonly kind: 'hang' };

/** Which requests a fault meets; `times` of them, all when left out. */
export type FaultRule = {
  readonly method?: string;
  readonly path?: RegExp;
  readonly times?: number;
  readonly fault: Fault;
};

/** A request as the proxy saw it. */
export type SeenRequest = { readonly method: string; readonly path: string; readonly body: string };

/** A proxy between a client and the API server that makes things go wrong on demand. */
export type FaultProxy = {
  readonly url: string;
  readonly seen: SeenRequest[];
  inject(rule: FaultRule): void;
  /** Called with each request before it is forwarded: what another person does at that very moment. */
  before(hook: ((request: SeenRequest) => Promise<void>) | undefined): void;
  /** Forgets all faults, hooks and seen requests. */
  clear(): void;
  close(): Promise<void>;
};

type Upstream = { readonly server: string; readonly ca: Buffer | undefined };

/** Starts a proxy on 127.0.0.1 that forwards to an API server with the caller's own credentials. */
export async function startFaultProxy(upstream: Upstream): Promise<FaultProxy> {
  const seen: SeenRequest[] = [];
  let rules: { rule: FaultRule; left: number }[] = [];
  let hook: ((request: SeenRequest) => Promise<void>) | undefined;
  const faultFor = ({ method, path }: SeenRequest) => {
    const found = rules.find(
      ({ rule, left }) => left > 0 && (!rule.method || rule.method === method) && (!rule.path || rule.path.test(path)),
    );
    if (found) found.left -= 1;
    return found?.rule.fault;
  };
  const server = createServer((incoming, outgoing) => {
    const handle = async () => {
      const body = await readBody(incoming);
      const asked = { method: incoming.method ?? '', path: incoming.url ?? '', body: body.toString() };
      seen.push(asked);
      await hook?.(asked);
      await serve(upstream, faultFor(asked), incoming, body, outgoing);
    };
    handle().catch(() => outgoing.destroy());
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    inject: rule => void rules.push({ rule, left: rule.times ?? Number.POSITIVE_INFINITY }),
    before: wanted => {
      hook = wanted;
    },
    clear: () => {
      rules = [];
      hook = undefined;
      seen.length = 0;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise(resolve => server.close(() => resolve()));
    },
  };
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function serve(
  upstream: Upstream,
  fault: Fault | undefined,
  incoming: IncomingMessage,
  body: Buffer,
  outgoing: ServerResponse,
): Promise<void> {
  if (fault?.kind === 'hang') return;
  if (fault?.kind === 'cut-before') return void outgoing.destroy();
  if (fault?.kind === 'delay') await delay(fault.ms);
  if (fault?.kind === 'answer') {
    const headers = fault.retryAfter === undefined ? {} : { 'Retry-After': String(fault.retryAfter) };
    outgoing.writeHead(fault.status, { 'Content-Type': 'application/json', ...headers });
    return void outgoing.end(
      JSON.stringify({ kind: 'Status', status: 'Failure', code: fault.status, message: fault.message ?? 'injected' }),
    );
  }
  forward(upstream, incoming, body, outgoing, fault?.kind === 'cut-after');
}

function forward(upstream: Upstream, from: IncomingMessage, body: Buffer, to: ServerResponse, cut: boolean): void {
  const url = new URL(from.url ?? '/', upstream.server);
  const send = url.protocol === 'http:' ? plainRequest : request;
  const { host, connection, 'transfer-encoding': _, ...headers } = from.headers;
  const onward = send(url, { method: from.method, headers, ...(upstream.ca ? { ca: upstream.ca } : {}) }, answer => {
    if (cut) {
      answer.resume();
      answer.on('end', () => to.destroy());
      return;
    }
    to.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(to);
  });
  onward.on('error', () => to.destroy());
  to.on('close', () => onward.destroy());
  onward.end(body);
}
