import { type IncomingMessage, request as plainRequest, type ServerResponse } from 'node:http';
import { request } from 'node:https';
import type { Duplex } from 'node:stream';
import { type NewerField, withFields } from './newer-field.ts';

/** The API server behind a proxy. */
export type Upstream = { readonly server: string; readonly ca: Buffer | undefined };

/** What happens to an answer on its way back. */
export type OnTheWay = {
  readonly fields: readonly NewerField[];
  /** The server has done it, its answer is lost. */
  readonly cutAfter: boolean;
  /** After so many lines the line is cut, or falls silent. */
  readonly streamEnd: { readonly lines: number; readonly cut: boolean } | undefined;
};

type Headers = IncomingMessage['headers'];

const without = (headers: Headers, names: readonly string[]): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));

function send(upstream: Upstream, from: IncomingMessage, headers: Headers) {
  const url = new URL(from.url ?? '/', upstream.server);
  const open = url.protocol === 'http:' ? plainRequest : request;
  return open(url, { method: from.method, headers, ...(upstream.ca ? { ca: upstream.ca } : {}) });
}

/** Forwards a request whose body has been read, and its answer. */
export function forward(upstream: Upstream, from: IncomingMessage, body: Buffer, to: ServerResponse, way: OnTheWay) {
  const byLine = way.fields.length > 0 || way.streamEnd !== undefined;
  const headers = without(from.headers, ['host', 'connection', 'transfer-encoding', 'content-length']);
  const length = body.length > 0 ? { 'content-length': String(body.length) } : {};
  const onward = send(upstream, from, { ...(byLine ? without(headers, ['accept-encoding']) : headers), ...length });
  onward.on('response', answer => {
    if (way.cutAfter) {
      answer.resume();
      answer.on('end', () => to.destroy());
      return;
    }
    if (byLine) return passLines(answer, to, way);
    to.writeHead(answer.statusCode ?? 502, answer.headers);
    // A watch begins with its headers, long before its first event.
    to.flushHeaders();
    answer.on('error', () => to.destroy());
    answer.pipe(to);
  });
  onward.on('error', () => to.destroy());
  to.on('close', () => onward.destroy());
  onward.end(body);
}

/** Passes an answer on line by line: a watch has one event on each, any other answer is a single line. */
function passLines(answer: IncomingMessage, to: ServerResponse, way: OnTheWay): void {
  to.writeHead(answer.statusCode ?? 502, without(answer.headers, ['content-length']));
  to.flushHeaders();
  let waiting = '';
  let passed = 0;
  const isOver = () => way.streamEnd !== undefined && passed >= way.streamEnd.lines;
  const endIfOver = () => {
    if (isOver() && way.streamEnd?.cut) to.socket?.destroySoon();
  };
  const pass = (line: string, end: string) => {
    if (isOver()) return;
    to.write(withFields(line, way.fields) + end);
    passed += 1;
    endIfOver();
  };
  endIfOver();
  answer.setEncoding('utf8');
  answer.on('data', (text: string) => {
    const lines = (waiting + text).split('\n');
    waiting = lines.pop() ?? '';
    for (const line of lines) pass(line, '\n');
  });
  answer.on('end', () => {
    if (waiting) pass(waiting, '');
    if (!isOver()) to.end();
  });
  answer.on('error', () => to.destroy());
}

/** Forwards a request for another protocol (a WebSocket of exec or logs) and joins the two ends. */
export function forwardUpgrade(upstream: Upstream, from: IncomingMessage, to: Duplex, head: Buffer, cut: boolean) {
  const onward = send(upstream, from, without(from.headers, ['host']));
  const writeHead = (answer: IncomingMessage) => {
    const lines = answer.rawHeaders.flatMap((name, at, all) => (at % 2 ? [] : [`${name}: ${all[at + 1]}\r\n`]));
    to.write(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n${lines.join('')}\r\n`);
  };
  onward.on('upgrade', (answer, socket, first) => {
    if (cut) {
      socket.destroy();
      return void to.destroy();
    }
    writeHead(answer);
    if (first.length > 0) to.write(first);
    if (head.length > 0) socket.write(head);
    socket.on('error', () => to.destroy()).on('close', () => to.destroy());
    to.on('close', () => socket.destroy());
    socket.pipe(to).pipe(socket);
  });
  onward.on('response', answer => {
    const chunks: Buffer[] = [];
    answer.on('data', chunk => chunks.push(chunk));
    answer.on('end', () => {
      const body = Buffer.concat(chunks);
      const type = answer.headers['content-type'] ?? 'text/plain';
      to.end(
        `HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\nContent-Type: ${type}\r\n` +
          `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
    });
  });
  onward.on('error', () => to.destroy());
  onward.end();
}
