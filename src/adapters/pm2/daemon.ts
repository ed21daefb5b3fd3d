import { createConnection } from 'node:net';
import { join } from 'node:path';
import type { Json } from '../../domain/json.ts';
import { Refusal, reason } from '../../domain/reason.ts';

/** A call may take so long, in ms: pm2 answers a reload when the last worker is exchanged. */
const callMs = 120_000;
const largestAnswer = 64 * 1024 * 1024;

/** pm2 itself says that it could not; worth another try later where a reload is still under way. */
export class DaemonError extends Error {}

/**
 * Calls a method of the pm2 daemon of a PM2_HOME over its own socket: what pm2's command line does, less what that does besides (start a daemon
 * where none runs, copy its whole environment into the app, look its version up in the network).
 */
export async function callDaemon(
  home: string,
  method: string,
  args: readonly Json[],
  signal: AbortSignal,
): Promise<Json> {
  const socket = createConnection(join(home, 'rpc.sock'));
  const limit = AbortSignal.any([signal, AbortSignal.timeout(callMs)]);
  try {
    return await new Promise<Json>((resolve, reject) => {
      const parts: Buffer[] = [];
      let size = 0;
      limit.addEventListener('abort', () => reject(limit.reason), { once: true });
      if (limit.aborted) reject(limit.reason);
      socket.once('error', failure => reject(unreachable(home, failure)));
      socket.once('close', () => reject(unreachable(home, new Error('it hung up'))));
      socket.on('data', chunk => {
        parts.push(chunk);
        size += chunk.length;
        if (size > largestAnswer) return reject(new DaemonError('its answer is too long'));
        const message = decode(Buffer.concat(parts));
        if (message) answer(message, resolve, reject);
      });
      socket.write(encode([{ type: 'call', method, args }, 'backout:0']));
    });
  } finally {
    socket.destroy();
  }
}

function answer(message: readonly Json[], resolve: (value: Json) => void, reject: (failure: Error) => void): void {
  const [first] = message as readonly { readonly error?: string; readonly args?: readonly Json[] }[];
  if (first?.error !== undefined) reject(new DaemonError(String(first.error).slice(0, 300)));
  else resolve(first?.args?.[0] ?? null);
}

function unreachable(home: string, failure: Error): Refusal {
  const { code } = failure as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM')
    return new Refusal(reason('permission-missing', {}, `${join(home, 'rpc.sock')}: ${code}`));
  return new Refusal(
    reason(
      'target-unreachable',
      {},
      `no pm2 daemon answers for PM2_HOME ${home} (${code ?? failure.message}); none is started`,
    ),
  );
}

/** AMP framing: version and count in one byte, then each part with its length; `j:` marks JSON, `s:` text. */
function encode(parts: readonly Json[]): Buffer {
  const bodies = parts.map(part => Buffer.from(typeof part === 'string' ? `s:${part}` : `j:${JSON.stringify(part)}`));
  const lengths = bodies.map(body => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    return Buffer.concat([length, body]);
  });
  return Buffer.concat([Buffer.from([0x10 | parts.length]), ...lengths]);
}

/** One whole message; null while it is incomplete. */
function decode(buffer: Buffer): Json[] | null {
  const count = (buffer[0] ?? 0) & 0x0f;
  const parts: Json[] = [];
  let at = 1;
  for (let index = 0; index < count; index += 1) {
    if (buffer.length < at + 4) return null;
    const end = at + 4 + buffer.readUInt32BE(at);
    if (buffer.length < end) return null;
    const text = buffer.toString('utf8', at + 4, end);
    parts.push(text.startsWith('j:') ? (JSON.parse(text.slice(2)) as Json) : text.slice(2));
    at = end;
  }
  return buffer.length > 0 ? parts : null;
}
