import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { finishAnswer, localAnswer } from './answers.ts';
import type { Json } from './block-rules.ts';
import { answerFault, type Fault, type Faults } from './faults.ts';
import { refusal } from './strictness.ts';
import type { Call, Workspace } from './workspace.ts';

/** The front proxy: Slack's address as our code sees it. */
export interface Proxy {
  url: string;
  /** Connects the proxy to the emulator behind it. */
  attach(workspace: Workspace, upstream: string): void;
  /** Refuses connections on the same port until `restore`. */
  refuse(): Promise<void>;
  restore(): Promise<void>;
  close(): Promise<void>;
}

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', () => resolve()));

const shut = (server: Server): Promise<void> =>
  new Promise(resolve => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** Starts the proxy on a port of the loopback interface; 0 is any free one. */
export async function startProxy(faults: Faults, wanted = 0): Promise<Proxy> {
  let handle: (request: IncomingMessage, response: ServerResponse) => Promise<void> = async (_, response) =>
    void response.writeHead(503).end();
  const serve = (): Server =>
    createServer((request, response) => {
      handle(request, response).catch(cause => {
        if (!response.headersSent) response.writeHead(599);
        response.end(String(cause));
      });
    });
  let server = serve();
  await listen(server, wanted);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    attach(workspace, upstream) {
      handle = (request, response) => route(workspace, upstream, faults, request, response);
    },
    refuse: () => shut(server),
    async restore() {
      if (server.listening) return;
      server = serve();
      await listen(server, port);
    },
    close: () => shut(server),
  };
}

async function route(
  workspace: Workspace,
  upstream: string,
  faults: Faults,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  if (url.pathname.startsWith('/response/'))
    return respondHost(workspace, faults, url.pathname.slice('/response/'.length), body, response);
  if (!url.pathname.startsWith('/api/')) return pass(upstream, request, body, response);
  const method = url.pathname.slice('/api/'.length);
  const args = {
    ...Object.fromEntries(url.searchParams),
    ...decode(body, String(request.headers['content-type'] ?? '')),
  };
  const call: Call = { at: Date.now(), method, args, outcome: 'pending' };
  workspace.calls.push(call);
  const fault = faults.take(method, args);
  if (fault) call.outcome = `fault:${fault.kind}`;
  if (fault && answerFault(response, fault)) return;
  if (fault?.kind === 'slow') await pause(fault.ms);
  const authorization = String(request.headers.authorization ?? '');
  const answer = await answerCall(workspace, upstream, method, args, authorization, `http://${request.headers.host}`);
  if (fault?.kind !== 'drop-after' && fault?.kind !== 'hang-after')
    call.outcome = answer.ok === true ? 'ok' : String(answer.error);
  send(workspace, response, answer, fault);
}

async function answerCall(
  workspace: Workspace,
  upstream: string,
  method: string,
  args: Json,
  authorization: string,
  own: string,
): Promise<Json> {
  const early = localAnswer(workspace, method, args) ?? (await refusal(workspace, method, args));
  if (early) return early;
  const answer = await forward(upstream, method, args, authorization);
  if (typeof answer.upload_url === 'string') answer.upload_url = answer.upload_url.replace(upstream, own);
  return finishAnswer(workspace, method, args, answer);
}

/** Sends one API call to the emulator as JSON. */
export async function forward(upstream: string, method: string, args: Json, authorization: string): Promise<Json> {
  const headers = { 'content-type': 'application/json', authorization };
  const answer = await fetch(`${upstream}/api/${method}`, { method: 'POST', headers, body: JSON.stringify(args) });
  return answer.status === 404 ? { ok: false, error: 'unknown_method' } : ((await answer.json()) as Json);
}

function send(workspace: Workspace, response: ServerResponse, answer: Json, fault: Fault | undefined): void {
  if (fault?.kind === 'hang-after') return;
  if (fault?.kind === 'drop-after') return void response.destroy();
  response.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'x-oauth-scopes': workspace.scopes.join(','),
  });
  response.end(JSON.stringify(answer));
}

const jsonFields = new Set(['blocks', 'attachments', 'metadata', 'view', 'files']);

/** Decodes a form or JSON body; Slack's structured fields travel as JSON text in forms. */
function decode(body: Buffer, contentType: string): Json {
  if (contentType.includes('json')) return JSON.parse(body.toString() || '{}') as Json;
  if (!contentType.includes('urlencoded')) return {};
  const fields = [...new URLSearchParams(body.toString())];
  return Object.fromEntries(fields.map(([key, value]) => [key, jsonFields.has(key) ? JSON.parse(value) : value]));
}

/** File bytes and pages go through unchanged. */
async function pass(upstream: string, request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
  const headers = { 'content-type': String(request.headers['content-type'] ?? 'application/octet-stream') };
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
  const answer = await fetch(`${upstream}${request.url}`, {
    method: request.method ?? 'GET',
    headers,
    ...(hasBody && { body: new Uint8Array(body) }),
  });
  response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
  response.end(Buffer.from(await answer.arrayBuffer()));
}

/** A response_url takes five uses and is gone afterwards. */
function respondHost(workspace: Workspace, faults: Faults, id: string, body: Buffer, response: ServerResponse): void {
  const fault = faults.take('response_url', {});
  if (fault && answerFault(response, fault)) return;
  const uses = workspace.responseUrls.get(id);
  if (!uses || uses.length >= 5) return void response.writeHead(404).end('{"ok":false,"error":"used_url"}');
  uses.push({ at: Date.now(), ...(JSON.parse(body.toString() || '{}') as Json) });
  response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
}
