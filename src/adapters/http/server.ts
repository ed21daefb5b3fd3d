import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../ports/clock.ts';
import type { HookAnswer, HookCall } from '../../ports/inbound.ts';
import type { Log } from '../../ports/log.ts';
import { letGo, readBody } from './body.ts';
import { shortTurn, takeTurns } from './turns.ts';

/** Takes note of webhook answers. */
export interface MetricSink {
  hook(door: HookCall['door'], code: number, ms: number): void;
}

/** What stands behind the HTTP door. */
export interface ServerDeps {
  /** Turns a webhook call away before its body is read; null lets it in. */
  readonly admit: (head: Omit<HookCall, 'body'>) => Promise<HookAnswer | null>;
  readonly take: (call: HookCall) => Promise<HookAnswer>;
  /** Whether the process can do its work, and what is missing where it cannot. */
  readonly ready: () => Promise<{ readonly ok: boolean; readonly missing: readonly string[] }>;
  readonly metrics: MetricSink & { text(): Promise<{ readonly type: string; readonly body: string }> };
  /** Everything else, e.g. Slack's requests; null: not found. */
  readonly fallback: RequestListener | null;
  readonly clock: Clock;
  readonly log: Log;
}

/** A server that listens. */
export interface HttpDoor {
  readonly port: number;
  /** Takes no more calls, lets those on their way end for up to 5 s. */
  close(): Promise<void>;
}

/** Long bodies, and those of unknown length, held in memory at the same time: this bounds what senders can make us hold. */
const mostBodies = 2;

/** How long whoever finds all of them taken waits for their turn before they are told to come again, in ms. */
const turnMs = 2_000;

/** Opens the HTTP door: hooks, health, readiness, metrics, and the rest to the fallback. */
export async function openHttpDoor(deps: ServerDeps, host: string, port: number): Promise<HttpDoor> {
  const turns = takeTurns(mostBodies, turnMs);
  const server = createServer((request, response) => {
    route(deps, turns, request, response).catch(failure => {
      deps.log.error({ err: failure, path: pathOf(request) }, 'A request could not be answered');
      answer(response, 500, 'something went wrong here\n');
    });
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 15_000;
  server.maxHeadersCount = 100;
  await listen(server, host, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise(resolve => {
        const hard = setTimeout(() => server.closeAllConnections(), 5_000);
        server.close(() => {
          clearTimeout(hard);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

type Turns = ReturnType<typeof takeTurns>;

async function route(
  deps: ServerDeps,
  turns: Turns,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = pathOf(request);
  const hook = /^\/hooks\/(?<door>alertmanager|deployments)\/(?<name>[a-z0-9][a-z0-9._-]{0,62})$/.exec(path)?.groups;
  if (hook?.name) return serveHook(deps, turns, hook.door as HookCall['door'], hook.name, request, response);
  if (path.startsWith('/hooks/')) return answer(response, 404, 'not found\n');
  if (path === '/healthz' || path === '/readyz' || path === '/metrics') {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return answer(response, 405, 'GET only\n', { allow: 'GET, HEAD' });
    if (path === '/healthz') return answer(response, 200, 'ok\n');
    if (path === '/metrics') {
      const { type, body } = await deps.metrics.text();
      return answer(response, 200, body, { 'content-type': type });
    }
    const { ok, missing } = await deps.ready();
    return answer(response, ok ? 200 : 503, ok ? 'ready\n' : `not ready: ${missing.join('; ')}\n`);
  }
  if (deps.fallback) deps.fallback(request, response);
  else answer(response, 404, 'not found\n');
}

async function serveHook(
  deps: ServerDeps,
  turns: Turns,
  door: HookCall['door'],
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const receivedAt = deps.clock.now();
  const told = (given: HookAnswer, headers: Record<string, string> = {}) => {
    deps.metrics.hook(door, given.status, deps.clock.now() - receivedAt);
    answer(response, given.status, given.body, headers, request.complete ? null : request);
  };
  if (request.method !== 'POST') return told({ status: 405, body: 'POST only\n' }, { allow: 'POST' });
  const authorization = request.headers.authorization ?? null;
  const head = { door, name, authorization, receivedAt };
  const refusal = await deps.admit(head);
  if (refusal) return told(refusal);
  const turn = shortTurn(request) ?? (await turns());
  if (!turn) return told({ status: 503, body: 'too much at once: try again\n' }, { 'retry-after': '5' });
  try {
    const body = await readBody(request, turn.spool);
    told(body.ok ? await deps.take({ ...head, body: body.text }) : { status: body.status, body: `${body.why}\n` });
  } catch (failure) {
    if (request.complete) throw failure;
    response.destroy();
  } finally {
    turn.give();
  }
}

/** How long a sender may go on with a body that was answered already, in ms: cut off at once, it might never see the answer. */
const lingerMs = 1_000;

/** So much of such a body is still read, in bytes; then its sender waits. */
const lingerBytes = 262_144;

/** Calls back once the rest of a body has run by unkept, or has taken too long. */
function letRunOut(request: IncomingMessage, then: () => void): void {
  const done = () => {
    clearTimeout(timer);
    then();
  };
  const timer = setTimeout(done, lingerMs);
  request.on('error', () => undefined);
  let left = lingerBytes;
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    letGo(chunk);
    if (left < 0) request.pause();
  });
  request.once('end', done).once('close', done).resume();
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/';
}

function answer(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Record<string, string> = {},
  unread: IncomingMessage | null = null,
): void {
  if (response.headersSent) return void response.destroy();
  const length = Buffer.byteLength(body);
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'content-length': length, ...headers });
  if (!unread) return void response.end(body);
  response.write(body);
  letRunOut(unread, () => response.end(() => unread.complete || unread.destroy()));
}
