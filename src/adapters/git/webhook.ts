import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { JsonObject } from '../../domain/json.ts';
import { Refusal, reason } from '../../domain/reason.ts';

const answerMs = 30_000;
const largestAnswer = 4_000;

/** Posts JSON once; any 2xx is yes, a redirect is not followed. Refuses with the status or the reason why there was no answer. */
export async function postWebhook(
  url: string,
  body: JsonObject,
  options: { readonly token: string | null; readonly idempotencyKey: string; readonly signal: AbortSignal },
): Promise<void> {
  const payload = Buffer.from(JSON.stringify(body));
  const send = url.startsWith('https:') ? requestHttps : requestHttp;
  const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const call = send(url, {
      method: 'POST',
      agent: false,
      signal: AbortSignal.any([options.signal, AbortSignal.timeout(answerMs)]),
      headers: {
        'content-type': 'application/json',
        'content-length': payload.length,
        'idempotency-key': options.idempotencyKey,
        ...(options.token ? { authorization: `Bearer ${options.token}` } : {}),
      },
    });
    call.once('error', reject);
    call.once('response', answer => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        if (text.length < largestAnswer) text += chunk;
      });
      answer.once('error', reject);
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    call.end(payload);
  }).catch((failure: NodeJS.ErrnoException) => {
    options.signal.throwIfAborted();
    // It may have been taken all the same: only looking tells, so this is no refusal.
    throw new Error(`the webhook gave no answer: ${failure.code ?? failure.message}`);
  });
  if (status >= 200 && status < 300) return;
  const words = options.token ? text.replaceAll(options.token, '[redacted]') : text;
  throw new Refusal(reason('step-failed', { status }, `the webhook answered ${status}: ${words.slice(0, 300)}`));
}
