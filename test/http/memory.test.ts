import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const child = spawn(process.execPath, [join(import.meta.dirname, 'door-process.ts')], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
let port = 0;

beforeAll(async () => {
  const [said] = await once(child.stdout, 'data');
  port = Number(String(said).trim());
});
afterAll(async () => {
  child.kill('SIGTERM');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
});

const megabyte = 1024 * 1024;
const binary = Buffer.alloc(256 * 1024, 0xfe);
const nested = Buffer.alloc(2 * megabyte, '[');
const overlong = Buffer.alloc(megabyte, ' ');

/** Sends a body of `times` chunks; a server that answers early and hangs up is what these bodies ask for. */
function send(chunk: Buffer, times: number, length: number | null): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: 'Bearer one', ...(length === null ? {} : { 'content-length': length }) };
    const call = request({
      port,
      host: '127.0.0.1',
      path: '/hooks/alertmanager/main',
      method: 'POST',
      headers,
      agent: false,
    });
    let status = 0;
    call.on('response', response => {
      status = response.statusCode ?? 0;
      response.resume();
      resolve(status);
      call.destroy();
    });
    call.on('error', failure => (status ? undefined : reject(failure)));
    const write = (left: number) => {
      if (left === 0) call.end();
      else if (!call.destroyed) call.write(chunk, () => write(left - 1));
    };
    write(times);
  });
}

async function rss(): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

const kinds = [
  { name: 'binary', code: 400, send: () => send(binary, 1, binary.length) },
  { name: 'deeply nested', code: 400, send: () => send(nested, 1, nested.length) },
  { name: 'over-long and saying so', code: 413, send: () => send(overlong, 0, 9 * megabyte) },
  { name: 'over-long in chunks', code: 413, send: () => send(overlong, 9, null) },
];

async function sendAll(count: number, wide: number): Promise<Record<string, number>> {
  const codes: Record<string, number> = {};
  let at = 0;
  const work = async () => {
    while (at < count) {
      const kind = kinds[at % 10 === 9 ? 3 : at % 3];
      at += 1;
      const code = await kind?.send();
      const known = `${kind?.name} ${code}`;
      codes[known] = (codes[known] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: wide }, work));
  return codes;
}

/** What any traffic costs (connections, a young heap that grows to its size) is there before the bad bodies are counted. */
async function warmUp(): Promise<void> {
  const good = Buffer.from('{"alerts":[]}');
  for (let round = 0; round < 150; round += 1) {
    const codes = await Promise.all([1, 2, 3, 4].map(() => send(good, 1, good.length)));
    expect(new Set(codes)).toEqual(new Set([202]));
  }
  await sendAll(80, 4);
}

it('a thousand bodies that are no good grow the process by at most 20 MB', async () => {
  await warmUp();
  const before = await rss();
  const codes = await sendAll(1_000, 4);
  expect(Object.keys(codes).toSorted()).toEqual(kinds.map(({ name, code }) => `${name} ${code}`).toSorted());
  const grown = (await rss()) - before;
  expect(grown).toBeLessThanOrEqual(20);
}, 180_000);
