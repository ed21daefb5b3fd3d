import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Json } from './block-rules.ts';

/** Slack's end of Socket Mode: hands envelopes to the app that is connected and waits for its acks. */
export interface SocketHost {
  /** What `apps.connections.open` answers. */
  url: string;
  /** Sockets open now. */
  open(): number;
  /** Sends an envelope to one socket and answers the ack's payload; fails after `within` ms. */
  deliver(type: string, payload: Json, within?: number): Promise<Json>;
  /** Cuts all sockets without a word. */
  cut(): void;
  close(): Promise<void>;
}

const opcodes = { text: 1, close: 8, ping: 9, pong: 10 } as const;

function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = length < 126 ? Buffer.alloc(2) : Buffer.alloc(length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  if (length < 126) head[1] = length;
  else if (length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}

/** Takes one whole frame of a client (masked, RFC 6455 §5.2) off the front of a buffer; null while it is not whole. */
function takeFrame(data: Buffer): { opcode: number; payload: Buffer; rest: Buffer } | null {
  if (data.length < 2) return null;
  const short = (data[1] ?? 0) & 0x7f;
  const at = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (data.length < at + 4) return null;
  const length = short === 126 ? data.readUInt16BE(2) : short === 127 ? Number(data.readBigUInt64BE(2)) : short;
  const end = at + 4 + length;
  if (data.length < end) return null;
  const mask = data.subarray(at, at + 4);
  const payload = Buffer.from(data.subarray(at + 4, end).map((byte, index) => byte ^ (mask[index % 4] ?? 0)));
  return { opcode: (data[0] ?? 0) & 0x0f, payload, rest: data.subarray(end) };
}

/** Starts Socket Mode's host on the loopback interface. */
export async function startSocketHost(appId: string): Promise<SocketHost> {
  const sockets = new Set<Duplex>();
  const waiting = new Map<string, (ack: Json) => void>();
  const heard = (socket: Duplex, opcode: number, payload: Buffer): void => {
    if (opcode === opcodes.ping) socket.write(frame(opcodes.pong, payload));
    if (opcode === opcodes.close) socket.end(frame(opcodes.close, payload));
    if (opcode !== opcodes.text) return;
    const ack = JSON.parse(payload.toString()) as { envelope_id: string; payload?: Json };
    waiting.get(ack.envelope_id)?.(ack.payload ?? {});
  };
  const server = createServer((_, response) => response.writeHead(426).end());
  server.on('upgrade', (request, socket: Duplex) => {
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash('sha1').update(key).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.write(
      frame(
        opcodes.text,
        Buffer.from(JSON.stringify({ type: 'hello', num_connections: 1, connection_info: { app_id: appId } })),
      ),
    );
    sockets.add(socket);
    let data: Buffer = Buffer.alloc(0);
    socket.on('data', chunk => {
      data = Buffer.concat([data, chunk as Buffer]);
      for (let one = takeFrame(data); one; one = takeFrame(data)) {
        data = one.rest;
        heard(socket, one.opcode, one.payload);
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/link`,
    open: () => sockets.size,
    deliver(type, payload, within = 5000) {
      const [socket] = sockets;
      if (!socket) return Promise.reject(new Error('no socket is open'));
      const envelope_id = randomUUID();
      const envelope = { envelope_id, type, payload, accepts_response_payload: true };
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no ack within ${within} ms`)), within);
        waiting.set(envelope_id, ack => {
          clearTimeout(timer);
          waiting.delete(envelope_id);
          resolve(ack);
        });
        socket.write(frame(opcodes.text, Buffer.from(JSON.stringify(envelope))));
      });
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
