import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';

/** How long the parts of a request took, in ms since it began; absent where it did not come so far. */
export interface Timings {
  readonly dns?: number;
  readonly connect?: number;
  readonly firstByte?: number;
  readonly total: number;
}

/** One answer, or why there was none. */
export type Answer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly body: string;
      readonly timings: Timings;
    }
  | { readonly kind: 'none'; readonly why: string; readonly timings: Timings };

const largestBody = 1024 * 1024;

/** Asks once, over a connection of its own, with a timer that keeps the process alive. Never throws. */
export function probe(
  url: string,
  options: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
  },
): Promise<Answer> {
  const began = performance.now();
  const marks: { dns?: number; connect?: number; firstByte?: number } = {};
  const since = (): number => Math.round(performance.now() - began);
  return new Promise(resolve => {
    const end = (
      answer: { kind: 'none'; why: string } | Omit<Extract<Answer, { kind: 'answer' }>, 'timings'>,
    ): void => {
      clearTimeout(timer);
      options.signal.removeEventListener('abort', onAbort);
      resolve({ ...answer, timings: { ...marks, total: since() } });
      call.destroy();
    };
    const fail = (why: string): void => end({ kind: 'none', why });
    const onAbort = (): void => fail('stopped');
    const timer = setTimeout(() => fail(`no answer within ${options.timeoutMs} ms`), options.timeoutMs);
    const send = url.startsWith('https:') ? requestHttps : requestHttp;
    const call = send(url, { method: options.method, headers: options.headers, agent: false });
    options.signal.addEventListener('abort', onAbort, { once: true });
    call.once('socket', (socket: Socket) => {
      socket.once('lookup', () => {
        marks.dns = since();
      });
      socket.once(url.startsWith('https:') ? 'secureConnect' : 'connect', () => {
        marks.connect = since();
      });
    });
    call.on('error', (failure: NodeJS.ErrnoException) => fail(wordsOf(failure)));
    call.once('response', message => {
      marks.firstByte = since();
      readBody(message).then(
        body => end({ kind: 'answer', status: message.statusCode ?? 0, headers: message.headers, body }),
        (failure: Error) => fail(failure.message),
      );
    });
    if (options.signal.aborted) onAbort();
    else call.end();
  });
}

async function readBody(message: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of message) {
    parts.push(part as Buffer);
    size += (part as Buffer).length;
    if (size > largestBody) throw new Error('the body is longer than 1 MiB');
  }
  return Buffer.concat(parts).toString('utf8');
}

function wordsOf(failure: NodeJS.ErrnoException): string {
  const many = failure instanceof AggregateError ? (failure.errors as NodeJS.ErrnoException[])[0] : undefined;
  const one = many ?? failure;
  return one.code && !one.message.includes(one.code) ? `${one.code}: ${one.message}` : one.message;
}
