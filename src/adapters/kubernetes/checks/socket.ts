import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';

/** What comes over a WebSocket, as far as the API server's channels need it. */
export interface SocketEvents {
  /** A whole message. */
  readonly message: (data: Buffer) => void;
  /** The end, by either side or by a failure; called once. */
  readonly end: (error: Error | null) => void;
}

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
/** No message of the API server is longer: it cuts streams into pieces of 32 KiB. */
const longestMessage = 4 * 1024 * 1024;

interface Frame {
  readonly final: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
  /** Bytes of the frame. */
  readonly length: number;
}

/** Reads the frame at the beginning of what came; null where it is not whole yet. Servers mask nothing. */
function frameAt(data: Buffer): Frame | null {
  if (data.length < 2) return null;
  const [first = 0, second = 0] = data;
  if (second & 0x80) throw new Error('the server masks its frames');
  const short = second & 0x7f;
  const head = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (data.length < head) return null;
  const size = short < 126 ? short : short === 126 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2));
  if (size > longestMessage) throw new Error('a message is longer than 4 MiB');
  if (data.length < head + size) return null;
  const payload = data.subarray(head, head + size);
  return { final: (first & 0x80) !== 0, opcode: first & 0x0f, payload, length: head + size };
}

/** One of our own frames, which are short and masked as clients must. */
function frameOf(opcode: number, payload: Buffer): Buffer {
  const body = payload.subarray(0, 125);
  const mask = randomBytes(4);
  const masked = body.map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | body.length]), mask, masked]);
}

/** Reads the messages of an upgraded connection; answers pings. The returned function ends it. */
export function readSocket(socket: Duplex, head: Buffer, events: SocketEvents): () => void {
  let rest = Buffer.alloc(0);
  let parts: Buffer[] = [];
  let ended = false;
  const end = (error: Error | null) => {
    if (ended) return;
    ended = true;
    socket.destroy();
    events.end(error);
  };
  const take = ({ final, opcode, payload }: Frame): void => {
    if (opcode === opcodes.ping) socket.write(frameOf(opcodes.pong, payload));
    if (opcode === opcodes.close) end(null);
    if (opcode > opcodes.binary) return;
    parts.push(Buffer.from(payload));
    if (parts.reduce((sum, part) => sum + part.length, 0) > longestMessage)
      throw new Error('a message is longer than 4 MiB');
    if (!final) return;
    const whole = Buffer.concat(parts);
    parts = [];
    events.message(whole);
  };
  const feed = (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    try {
      for (let frame = frameAt(rest); frame && !ended; frame = frameAt(rest)) {
        rest = rest.subarray(frame.length);
        take(frame);
      }
    } catch (error) {
      end(error instanceof Error ? error : new Error('the connection broke'));
    }
  };
  socket.on('data', feed);
  socket.on('error', end);
  socket.on('close', () => end(null));
  if (head.length > 0) feed(head);
  return () => {
    if (!ended) socket.write(frameOf(opcodes.close, Buffer.from([0x03, 0xe8])));
    end(null);
  };
}
