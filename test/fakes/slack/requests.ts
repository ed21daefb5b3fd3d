import { createHmac } from 'node:crypto';
import { blockProblems, type Json, viewProblems } from './block-rules.ts';
import type { UrlResponse, Workspace } from './workspace.ts';

/** How a request to the app is signed; the defaults are what Slack does. */
export interface Signing {
  /** Seconds since the epoch put in the header and signed. */
  timestamp?: number;
  secret?: string;
  /** Sent instead of the computed signature; empty leaves the header out. */
  signature?: string;
  headers?: Record<string, string>;
  /** Aborts the request after this many milliseconds (default 10 s). */
  timeout?: number;
  teamId?: string;
  /** Home team of the user: another one makes an outsider. */
  userTeamId?: string;
  triggerId?: string;
}

/** What the app answered, and where it may have answered later. */
export interface Reply {
  status: number;
  body: string;
  /** The body as JSON, where it is JSON. */
  json: Json;
  /** Milliseconds until the answer. */
  ms: number;
  /** What came in by the response_url so far. */
  responses(): UrlResponse[];
  /** Sends the very same signed request again. */
  again(): Promise<Reply>;
}

/** Signs a body as Slack does (v0 HMAC-SHA256 over version, timestamp and raw body). */
export function sign(secret: string, timestamp: number, body: string): string {
  return `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
}

const json = (text: string): Json => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Json) : {};
  } catch {
    return {};
  }
};

/** A body to sign and send, and the response_url it mentions. */
export interface Outgoing {
  type: 'form' | 'json';
  body: string;
  responseId?: string;
}

/** Given to an act in place of an app's URL, it hands the payload to the app that is connected by Socket Mode. */
export const socketUrl = 'socket:';

function envelopeOf({ type, body }: Outgoing): { type: string; payload: Json } {
  if (type === 'json') return { type: 'events_api', payload: json(body) };
  const fields = Object.fromEntries(new URLSearchParams(body));
  return fields.payload === undefined
    ? { type: 'slash_commands', payload: fields }
    : { type: 'interactive', payload: json(fields.payload) };
}

async function overSocket(workspace: Workspace, outgoing: Outgoing): Promise<Reply> {
  const { type, payload } = envelopeOf(outgoing);
  const began = performance.now();
  const ack = (await workspace.socket?.deliver(type, payload)) ?? {};
  refuseBadAnswer(workspace, ack);
  const responses = () => [...(workspace.responseUrls.get(outgoing.responseId ?? '') ?? [])];
  const again = () => overSocket(workspace, outgoing);
  return { status: 200, body: JSON.stringify(ack), json: ack, ms: performance.now() - began, responses, again };
}

/** Sends a signed request to an app's `/slack/events`, as Slack does. */
export async function deliver(
  workspace: Workspace,
  secret: string,
  appUrl: string,
  outgoing: Outgoing,
  options: Signing,
): Promise<Reply> {
  if (appUrl === socketUrl) return overSocket(workspace, outgoing);
  const timestamp = options.timestamp ?? Math.floor(Date.now() / 1000);
  const signature = options.signature ?? sign(options.secret ?? secret, timestamp, outgoing.body);
  const headers = {
    'content-type': outgoing.type === 'form' ? 'application/x-www-form-urlencoded' : 'application/json',
    'x-slack-request-timestamp': String(timestamp),
    ...(signature && { 'x-slack-signature': signature }),
    ...options.headers,
  };
  const send = async (): Promise<Reply> => {
    const began = performance.now();
    const signal = AbortSignal.timeout(options.timeout ?? 10_000);
    const answer = await fetch(`${appUrl}/slack/events`, { method: 'POST', headers, body: outgoing.body, signal });
    const text = await answer.text();
    const reply = json(text);
    refuseBadAnswer(workspace, reply);
    const responses = () => [...(workspace.responseUrls.get(outgoing.responseId ?? '') ?? [])];
    return { status: answer.status, body: text, json: reply, ms: performance.now() - began, responses, again: send };
  };
  return send();
}

/** Slack shows the user an error for an answer it cannot render, so the rig fails the test. */
function refuseBadAnswer(workspace: Workspace, reply: Json): void {
  const refused = workspace.refusedBlocks;
  const inBlocks = Array.isArray(reply.blocks) ? blockProblems(reply.blocks, { surface: 'message', refused }) : [];
  const inView = typeof reply.view === 'object' && reply.view !== null ? viewProblems(reply.view as Json, refused) : [];
  const problems = [...inBlocks, ...inView];
  if (problems.length > 0) throw new Error(`Slack would not show this answer: ${problems.join('; ')}`);
}
