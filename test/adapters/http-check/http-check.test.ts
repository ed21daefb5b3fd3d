import { createServer as createHttp, type RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpCheck } from '../../../src/adapters/http/check.ts';
import { httpCheckInput } from '../../../src/adapters/http/check-input.ts';
import type { CheckOutcome } from '../../../src/domain/check.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { CheckContext } from '../../../src/ports/check.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const http = (answer: RequestListener): Promise<string> => listen(createHttp(answer));
const raw = (talk: (socket: Socket) => void): Promise<string> =>
  listen(createServer(socket => talk(socket.on('error', () => {}))));
const json =
  (body: unknown, status = 200, headers = {}): RequestListener =>
  (_, answer) =>
    answer.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

const canary = 'canary-41dd';
const to = {
  key: 'k',
  version: '2.13.2',
  identity: { commit: 'a1b2c3d4e5f60718293a4b5c6d7e8f9012345678' },
  grade: 'verified',
};

async function run(url: string, more: JsonObject = {}): Promise<{ asked: number; last: CheckOutcome; all: string[] }> {
  let now = 0;
  const check = createHttpCheck({ readSecret: async () => canary, clock: { now: () => now } });
  const context = { of: { plan: { to } }, signal: AbortSignal.timeout(20_000) } as unknown as CheckContext;
  const ask = check.start(context, { url, every: '1s', timeout: '500ms', failAfter: 3, ...more });
  const all: string[] = [];
  for (let asked = 1; ; asked += 1) {
    const last = await ask();
    all.push(last.note.code);
    if (last.status !== 'waiting' || asked === 50) return { asked, last, all };
    await ask();
    now += 1_000;
  }
}

describe('the http check', () => {
  it('passes after so many good answers in a row, asks no faster than told, and tells how long each part took', async () => {
    let asked = 0;
    const url = await http((request, answer) => {
      asked += 1;
      json({ status: 'healthy', flags: { strictMode: false } })(request, answer);
    });
    const { last } = await run(`${url}/api/health?token=${canary}`, {
      json: [
        { path: 'status', equals: 'healthy' },
        { path: 'flags.strictMode', equals: false },
      ],
    });
    expect(last).toMatchObject({ status: 'passed', note: { code: 'http-good' } });
    expect(last.note.facts).toMatchObject({
      good: 3,
      url: `${url}/api/health`,
      connect: expect.any(Number),
      firstByte: expect.any(Number),
    });
    expect(asked).toBe(3);
  });

  it('begins anew after a bad answer', async () => {
    const statuses = [200, 200, 503, 200, 200, 200];
    let at = 0;
    const url = await http((request, answer) => json({}, statuses[at++] ?? 200)(request, answer));
    const { asked, all } = await run(url);
    expect([asked, all.filter(code => code === 'http-bad').length]).toEqual([6, 1]);
  });

  const bad: readonly [string, () => Promise<string>, JsonObject, RegExp][] = [
    ['another status', () => http(json({}, 500)), {}, /status 500, expected 200/],
    [
      'a redirect, which is not followed',
      () => http((_, answer) => answer.writeHead(302, { location: '/' }).end()),
      {},
      /status 302/,
    ],
    [
      'a field that does not fit',
      () => http(json({ status: 'degraded' })),
      { json: [{ path: 'status', equals: 'healthy' }] },
      /status is "degraded", expected = "healthy"/,
    ],
    [
      'a number over its bound',
      () => http(json({ rate: 0.2 })),
      { json: [{ path: 'rate', atMost: 0.05 }] },
      /rate is 0.2, expected ≤ 0.05/,
    ],
    ['a missing field', () => http(json({})), { json: [{ path: 'a.b', atLeast: 1 }] }, /a\.b is missing/],
    ['no JSON', () => http((_, answer) => answer.end('<html>')), { json: [{ path: 'a' }] }, /no JSON/],
    [
      'a body without the text',
      () => http((_, answer) => answer.end('no')),
      { contains: 'yes' },
      /does not hold "yes"/,
    ],
    [
      'another header',
      () => http(json({}, 200, { 'x-mode': 'gateway' })),
      { header: { 'X-Mode': 'legacy' } },
      /header X-Mode is gateway, expected legacy/,
    ],
    [
      'a slow answer',
      () =>
        http(async (request, answer) => {
          await delay(120);
          json({})(request, answer);
        }),
      { within: '50ms' },
      /took \d+ ms, expected at most 50 ms/,
    ],
    ['no answer', () => raw(() => {}), { timeout: '100ms' }, /no answer within 100 ms/],
    ['a connection that closes at once', () => raw(socket => socket.destroy()), {}, /ECONNRESET|hang up/],
    [
      'headers that end with bare line feeds',
      () => raw(socket => socket.end('HTTP/1.1 200 OK\nContent-Length: 2\n\nok')),
      {},
      /HPE_|Parse Error/,
    ],
    ['nobody listening', async () => 'http://127.0.0.1:9', {}, /ECONNREFUSED/],
    [
      'an endless body',
      () =>
        raw(socket => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n');
          const pour = (): void => {
            while (socket.writable && socket.write('x'.repeat(65_536)));
          };
          socket.on('drain', pour);
          pour();
        }),
      {},
      /longer than 1 MiB/,
    ],
    [
      'another version',
      () => http(json({ version: '2.14.0' })),
      { version: { json: 'version' } },
      /it says version 2.14.0, expected 2.13.2/,
    ],
    ['no version', () => http(json({})), { version: { header: 'x-version' } }, /it says version nothing/],
  ];
  it.each(bad)('counts %s as bad, with its reason, and fails after so many', async (_what, serve, more, reason) => {
    const { asked, last } = await run(await serve(), more);
    expect(last.status).toBe('failed');
    expect(last.note.detail).toMatch(reason);
    expect(asked).toBe(3);
  });

  it.each([
    ['by its name', { version: '2.13.2' }],
    ['by its short commit', { version: 'a1b2c3d4e5' }],
  ])('knows the release gone back to %s', async (_how, body) => {
    const { last } = await run(await http(json(body)), { version: { json: 'version' } });
    expect(last.status).toBe('passed');
  });

  it('sends secrets that it never tells', async () => {
    const seen: (string | undefined)[] = [];
    const url = await http((request, answer) => {
      seen.push(request.headers.authorization);
      answer.end('ok');
    });
    const { last } = await run(url, { headers: { authorization: { env: 'T' } }, times: 1 });
    expect(seen).toEqual([canary]);
    expect(JSON.stringify(last)).not.toContain(canary);
  });

  it.each(['file:///etc/passwd', 'ftp://x', 'http://user:pw@host/', 'no url', 'javascript:1'])('refuses %s', url => {
    expect(httpCheckInput.safeParse({ url }).success).toBe(false);
  });

  it('refuses a secret written out', () => {
    expect(httpCheckInput.safeParse({ url: 'http://x/', headers: { Authorization: 'Bearer abc' } }).success).toBe(
      false,
    );
  });
});
