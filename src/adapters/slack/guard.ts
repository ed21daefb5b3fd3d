import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { AnyMiddlewareArgs, Context, Middleware } from '@slack/bolt';
import { z } from 'zod';
import type { Answering } from '../../ports/answering.ts';
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

/** Counts a request among those who wait for an answer until it is over with all that is said to it. */
export function countedAsAnswer(answering: Pick<Answering, 'begin'>): Middleware<AnyMiddlewareArgs> {
  return async ({ next }) => {
    const over = answering.begin();
    await next().finally(over);
  };
}

const identified = z.object({ event_id: z.string().nullish(), trigger_id: z.string().nullish() });

/** The property that carries a verified request's signature into the middleware. */
export const signatureProperty = 'backoutSignature';

/** One key for a request: a replay has the same body, so an id of Slack's in it serves for its signature too, which is accepted for 5 min only. */
function keyOf(body: unknown, signature: unknown): readonly [key: string, ttlMs: number] | null {
  const { event_id, trigger_id } = identified.safeParse(body).data ?? {};
  if (event_id) return [`slack:event:${event_id}`, memory.event];
  if (trigger_id) return [`slack:trigger:${trigger_id}`, memory.trigger];
  return typeof signature === 'string' && signature ? [`slack:signature:${signature}`, memory.signature] : null;
}

/** Where the context of a request holds whether it is the first of its kind. */
const freshProperty = 'backoutFresh';

/**
 * Asks whether a request was seen before while it is being read: replays, redelivered events, doubled envelopes (hard cases 6 and 7). The
 * answer goes along with what the listeners hand on, and nothing is done or said before it is known.
 */
export function rememberRequests({
  once,
  log,
}: {
  readonly once: Once;
  readonly log: Log;
}): Middleware<AnyMiddlewareArgs> {
  const first = async (known: ReturnType<typeof keyOf>): Promise<boolean> => {
    if (!known) return true;
    const asked = once(...known).catch((failure: unknown) => {
      log.warn({ err: failure }, 'The memory of seen requests is away; relying on the engine');
      return null;
    });
    if ((await within(rememberWithinMs, asked)) !== false) return true;
    log.info({ key: known[0].split(':')[1] }, 'A repeated request was acknowledged without effect');
    return false;
  };
  return async args => {
    args.context[freshProperty] = first(keyOf(args.body, args.context[signatureProperty]));
    await args.next();
  };
}

/** Whether a request is the first of its kind, as `rememberRequests` finds out; never rejects. */
export function freshness(context: Context): Promise<boolean> {
  const asked: unknown = context[freshProperty];
  if (asked instanceof Promise) return asked;
  throw new Error('a request passed the memory of seen requests by');
}
