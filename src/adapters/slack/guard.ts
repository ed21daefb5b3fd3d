import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { AnyMiddlewareArgs, Middleware } from '@slack/bolt';
import { z } from 'zod';
import type { Log } from '../../ports/log.ts';
import type { Once } from '../../ports/once.ts';
import { within } from './patience.ts';

/** How far ahead of our clock a request may be signed, in s; Bolt refuses old ones itself but not these. */
const mostAheadS = 60;

/** How long things are remembered, in ms: a signature is accepted for 5 min, events are redelivered for a day. */
const memory = { signature: 600_000, trigger: 3_600_000, event: 86_400_000 } as const;

/** Longest wait for the shared memory, in ms; without it the engine's own idempotency still holds. */
const rememberWithinMs = 500;

/** Refuses requests signed more than 60 s in the future, and lets only POSTs through to the receiver. */
export function refuseFuture(receiver: RequestListener): RequestListener {
  return (request: IncomingMessage, response: ServerResponse) => {
    const refuse = (status: number): void => {
      request.resume();
      response.writeHead(status).end();
    };
    const signedAt = Number(request.headers['x-slack-request-timestamp']);
    if (request.method !== 'POST') refuse(404);
    else if (signedAt > Date.now() / 1000 + mostAheadS) refuse(401);
    else receiver(request, response);
  };
}

const identified = z.object({ event_id: z.string().nullish(), trigger_id: z.string().nullish() });

/** The property that carries a verified request's signature into the middleware. */
export const signatureProperty = 'backoutSignature';

function keysOf(body: unknown, signature: unknown): [string, number][] {
  const { event_id, trigger_id } = identified.safeParse(body).data ?? {};
  return [
    ...(typeof signature === 'string' && signature
      ? [[`slack:signature:${signature}`, memory.signature] as [string, number]]
      : []),
    ...(event_id ? [[`slack:event:${event_id}`, memory.event] as [string, number]] : []),
    ...(trigger_id ? [[`slack:trigger:${trigger_id}`, memory.trigger] as [string, number]] : []),
  ];
}

/** Acknowledges what was seen before without running anything: replays, redelivered events, doubled envelopes (hard cases 6 and 7). */
export function dropRepeats({ once, log }: { readonly once: Once; readonly log: Log }): Middleware<AnyMiddlewareArgs> {
  return async args => {
    const keys = keysOf(args.body, args.context[signatureProperty]);
    const asked = Promise.all(keys.map(([key, ttl]) => once(key, ttl))).catch(failure => {
      log.warn({ err: failure }, 'The memory of seen requests is away; relying on the engine');
      return null;
    });
    const first = await within(rememberWithinMs, asked);
    if (first === null || first.every(Boolean)) return args.next();
    log.info({ keys: keys.map(([key]) => key.split(':')[1]) }, 'A repeated request was acknowledged without effect');
    if ('ack' in args && typeof args.ack === 'function') await (args.ack as () => Promise<void>)();
  };
}
