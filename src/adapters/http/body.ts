import type { IncomingMessage } from 'node:http';

/** The longest body that a hook takes. */
const longestBody = 8 * 1024 * 1024;

/** The deepest nesting that is let through to the parser, which recurses. */
const deepest = 64;

/** A body as text, or why it is turned away. */
export type ReadBody =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly status: 400 | 413 | 415; readonly why: string };

const refused = (status: 400 | 413 | 415, why: string): ReadBody => ({ ok: false, status, why });

/** Room for one body at a time, used again for the next: what senders make us hold stays the same however many they are. */
export type Spool = Buffer<ArrayBuffer>;

/** Makes room for the longest body; memory is taken only as far as bodies fill it. */
export function newSpool(): Spool {
  return Buffer.allocUnsafeSlow(longestBody);
}

/** Reads a body into the spool; what cannot be a body is turned away before it is read, and nothing is parsed here. */
export async function readBody(request: IncomingMessage, spool: Spool): Promise<ReadBody> {
  const encoding = request.headers['content-encoding'];
  if (encoding && encoding !== 'identity') return refused(415, 'a compressed body is not taken');
  const tooLong = refused(413, `the body is longer than ${longestBody} bytes`);
  if (lengthOf(request) > longestBody) return tooLong;
  const read = await collect(request, spool);
  if (read === 'too long') return tooLong;
  if (read === 'too deep') return refused(400, `the body is nested deeper than ${deepest} levels`);
  if (read === 'no JSON') return refused(400, 'the body is no JSON object or array');
  if (read.length === 0) return refused(400, 'the body is empty');
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(read) };
  } catch {
    return refused(400, 'the body is not UTF-8');
  }
}

/** How long a body says it is, in bytes; 0 where it does not say. */
export function lengthOf(request: IncomingMessage): number {
  return Number(request.headers['content-length'] ?? 0);
}

/** All bytes of a body, or why it is not worth reading on; then the rest is let run by without being kept. */
function collect(request: IncomingMessage, spool: Spool): Promise<Buffer | 'too long' | 'too deep' | 'no JSON'> {
  return new Promise((resolve, reject) => {
    let length = 0;
    const deepen = depthMeter();
    const wrong = (chunk: Buffer) => {
      if (length === 0 && !beginnings.has(chunk[0] ?? 0)) return 'no JSON';
      if (length + chunk.length > spool.length) return 'too long';
      return deepen(chunk) > deepest ? 'too deep' : null;
    };
    const settle = () => request.off('data', keep).off('end', ended).off('error', failed).off('close', failed);
    const keep = (chunk: Buffer) => {
      const why = wrong(chunk);
      if (!why) length += chunk.copy(spool, length);
      letGo(chunk);
      if (!why) return;
      settle().pause();
      resolve(why);
    };
    const ended = () => {
      settle();
      resolve(spool.subarray(0, length));
    };
    const failed = (failure?: Error) => {
      settle();
      reject(failure ?? new Error('the sender hung up'));
    };
    request.on('data', keep).on('end', ended).on('error', failed).on('close', failed);
  });
}

/** Gives a chunk's memory back now: left to the garbage collector, chunks pile up to 64 MB before it runs. The chunk is empty afterwards. */
export function letGo(chunk: Buffer): void {
  const { buffer } = chunk;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === chunk.length) buffer.transfer(0);
}

/** What a JSON object or array can begin with: a bracket, white space, a byte order mark. */
const beginnings: ReadonlySet<number> = new Set([0x7b, 0x5b, 0x20, 0x09, 0x0a, 0x0d, 0xef]);

const quote = 0x22;
const backslash = 0x5c;

/** Measures how deep the brackets of a JSON text go, piece by piece, without recursion; brackets within strings do not count. */
export function depthMeter(): (bytes: Uint8Array) => number {
  let depth = 0;
  let most = 0;
  let inString = false;
  let escaped = false;
  return bytes => {
    for (const byte of bytes) {
      if (escaped) escaped = false;
      else if (inString) {
        escaped = byte === backslash;
        inString = byte !== quote;
      } else if (byte === quote) inString = true;
      else if (byte === 0x5b || byte === 0x7b) {
        depth += 1;
        if (depth > most) most = depth;
      } else if (byte === 0x5d || byte === 0x7d) depth -= 1;
    }
    return most;
  };
}
