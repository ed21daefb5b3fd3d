import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { forward, forwardUpgrade, type Upstream } from './forwarding.ts';
import { type NewerField, withoutFields } from './newer-field.ts';

/** What goes wrong with a request. */
export type Fault =
  /** An answer of our own, as the API server would give it. */
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfter?: number; readonly message?: string }
  | { readonly kind: 'delay'; readonly ms: number }
  /** The line is cut before the server has heard of it, or after it has done it. */
  | { readonly kind: 'cut-before' }
  | { readonly kind: 'cut-after' }
  /** No answer at all. */
  | { readonly kind: 'hang' }
  /** So many lines of the answer (events of a watch) come through, then the line is cut. */
  | { readonly kind: 'cut-stream'; readonly lines: number }
  /** So many lines come through, then nothing more while the line stays open: the other end is gone without a word. */
  | { readonly kind: 'half-close'; readonly lines: number }
  | NewerField;

/** Which requests a fault meets; `times` of them, all when left out. */
export type FaultRule = {
  readonly method?: string;
  /** Held against the path with its query: a watch has `watch=true` in it. */
  readonly path?: RegExp;
  readonly times?: number;
  readonly fault: Fault;
};

/** A request as the proxy saw it; its body is empty for one that asks for a WebSocket. */
export type SeenRequest = { readonly method: string; readonly path: string; readonly body: string };

/** A proxy between a client and the API server that makes things go wrong on demand. */
export type FaultProxy = {
  readonly url: string;
  readonly seen: SeenRequest[];
  /** Of several rules the first that meets a request counts; newer fields are added beside it. */
  inject(rule: FaultRule): void;
  /** Called with each request before it is forwarded: what another person does at that very moment. */
  before(hook: ((request: SeenRequest) => Promise<void>) | undefined): void;
  /** Forgets all faults, hooks and seen requests; lines that hang or stand half-closed stay as they are. */
  clear(): void;
  close(): Promise<void>;
};

type Held = { readonly rule: FaultRule; left: number };
type Met = { readonly fault: Exclude<Fault, NewerField> | undefined; readonly fields: readonly NewerField[] };

/** The reason that the API server itself gives with a status. */
const reasons: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** What meets a request: one fault, the first that does, and every newer field. Counts them as used. */
function meet(rules: readonly Held[], { method, path }: SeenRequest): Met {
  const meeting = rules.filter(
    ({ rule, left }) => left > 0 && (!rule.method || rule.method === method) && (!rule.path || rule.path.test(path)),
  );
  const fields: NewerField[] = [];
  let first: Met['fault'];
  for (const held of meeting) {
    const { fault } = held.rule;
    if (fault.kind === 'newer-field') fields.push(fault);
    else if (first) continue;
    else first = fault;
    held.left -= 1;
  }
  return { fault: first, fields };
}

/** Starts a proxy on 127.0.0.1 that forwards to an API server with the caller's own credentials. */
export async function startFaultProxy(upstream: Upstream): Promise<FaultProxy> {
  const seen: SeenRequest[] = [];
  const tunnels = new Set<Duplex>();
  let rules: Held[] = [];
  let hook: ((request: SeenRequest) => Promise<void>) | undefined;
  const receive = async (incoming: IncomingMessage, body: Buffer): Promise<Met> => {
    const asked = { method: incoming.method ?? '', path: incoming.url ?? '', body: body.toString() };
    seen.push(asked);
    await hook?.(asked);
    return meet(rules, asked);
  };
  const server = createServer((incoming, outgoing) => {
    const handle = async () => {
      const body = await readBody(incoming);
      await serve(upstream, await receive(incoming, body), incoming, body, outgoing);
    };
    handle().catch(() => outgoing.destroy());
  });
  server.on('upgrade', (incoming, socket, head) => {
    tunnels.add(socket.on('close', () => tunnels.delete(socket)).on('error', () => socket.destroy()));
    const handle = async () => serveUpgrade(upstream, await receive(incoming, Buffer.alloc(0)), incoming, socket, head);
    handle().catch(() => socket.destroy());
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
      for (const tunnel of tunnels) tunnel.destroy();
      return new Promise(resolve => server.close(() => resolve()));
    },
  };
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function answerOf(fault: Fault & { kind: 'answer' }) {
  const wait = fault.retryAfter === undefined ? {} : { 'Retry-After': String(fault.retryAfter) };
  const body = JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    code: fault.status,
    reason: reasons[fault.status],
    message: fault.message ?? 'injected',
  });
  return { headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), ...wait }, body };
}

async function serve(
  upstream: Upstream,
  { fault, fields }: Met,
  incoming: IncomingMessage,
  body: Buffer,
  outgoing: ServerResponse,
): Promise<void> {
  if (fault?.kind === 'hang') return;
  if (fault?.kind === 'cut-before') return void outgoing.destroy();
  if (fault?.kind === 'delay') await delay(fault.ms);
  if (fault?.kind === 'answer') {
    const { headers, body: text } = answerOf(fault);
    outgoing.writeHead(fault.status, headers);
    return void outgoing.end(text);
  }
  const streamEnd =
    fault?.kind === 'cut-stream' || fault?.kind === 'half-close'
      ? { lines: fault.lines, cut: fault.kind === 'cut-stream' }
      : undefined;
  const sent = fields.length > 0 ? withoutFields(body, fields) : body;
  forward(upstream, incoming, sent, outgoing, { fields, cutAfter: fault?.kind === 'cut-after', streamEnd });
}

async function serveUpgrade(
  upstream: Upstream,
  { fault }: Met,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  if (fault?.kind === 'hang') return;
  if (fault?.kind === 'cut-before') return void socket.destroy();
  if (fault?.kind === 'delay') await delay(fault.ms);
  if (fault?.kind === 'answer') {
    const { headers, body } = answerOf(fault);
    const lines = Object.entries({ ...headers, Connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`);
    return void socket.end(`HTTP/1.1 ${fault.status} ${reasons[fault.status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
  }
  forwardUpgrade(upstream, incoming, socket, head, fault?.kind === 'cut-after');
}
