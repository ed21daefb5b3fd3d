import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { admitHook, type HookDeps, takeHook } from '../../commands/alerts/receive-hook.ts';
import { depthMeter } from '../../src/adapters/http/body.ts';
import { createMetrics } from '../../src/adapters/http/metrics.ts';
import { sameSecret } from '../../src/adapters/http/same-secret.ts';
import { type HttpDoor, openHttpDoor } from '../../src/adapters/http/server.ts';
import { Refusal, reason } from '../../src/domain/reason.ts';
import { useAlerts } from '../alerts/rig.ts';

const rig = useAlerts();
let door: HttpDoor;
let missing: string[] = [];
let rings = 0;
const log = { debug() {}, info() {}, warn() {}, error() {} };

beforeAll(async () => {
  const metrics = createMetrics();
  metrics.gauge('backout_waiting_posts', 'Posts that wait', async () => 3);
  const secrets: Record<string, string> = { ONE: 'one', TWO: 'two' };
  const deps: HookDeps = {
    hooks: () => ({
      alertmanager: [
        { name: 'main', secrets: [{ env: 'ONE' }, { env: 'TWO' }] },
        { name: 'broken', secrets: [{ env: 'NONE' }] },
      ],
      deployments: [{ name: 'ci', secrets: [{ env: 'ONE' }] }],
    }),
    async readSecret(ref) {
      const secret = 'env' in ref ? secrets[ref.env] : undefined;
      if (!secret) throw new Refusal(reason('secret-missing'));
      return secret;
    },
    same: sameSecret,
    alerts: { take: intake => rig.alerts.take(intake) },
    ring() {
      rings += 1;
    },
    log,
  };
  door = await openHttpDoor(
    {
      admit: head => admitHook(deps, head),
      take: call => takeHook(deps, call),
      ready: async () => ({ ok: missing.length === 0, missing }),
      metrics,
      fallback: (_request, response) => response.writeHead(418).end('bolt'),
      clock: { now: () => Date.now() },
      log,
    },
    '127.0.0.1',
    0,
  );
});
beforeEach(() => {
  missing = [];
  rings = 0;
});
afterAll(() => door.close());

const main = '/hooks/alertmanager/main';

async function call(path: string, init: RequestInit = {}): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await fetch(`http://127.0.0.1:${door.port}${path}`, init);
  return { status: response.status, text: await response.text(), headers: response.headers };
}

function post(
  body: string | Buffer<ArrayBuffer>,
  authorization: string | null = 'Bearer one',
  path = main,
  headers: Record<string, string> = {},
) {
  return call(path, { method: 'POST', body, headers: { ...headers, ...(authorization ? { authorization } : {}) } });
}

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('a hook', () => {
  it('keeps a body and says so; the same once more is taken without effect', async () => {
    expect(await post('{"alerts":[]}')).toMatchObject({ status: 202, text: 'taken\n' });
    expect(await post('{"alerts":[]}')).toMatchObject({ status: 202, text: 'repeated\n' });
    expect(rings).toBe(1);
    expect((await rig.alerts.claim(5, 1_000)).map(({ body, name, door: at }) => [at, name, body])).toEqual([
      ['alertmanager', 'main', '{"alerts":[]}'],
    ]);
  });

  it.each([
    ['the first secret', 'Bearer one', 202],
    ['the second secret', 'bearer two', 202],
    ['a basic password', basic('alertmanager:one'), 202],
    ['a basic password with colons', basic('a:two'), 202],
    ['no secret', null, 401],
    ['a wrong secret', 'Bearer three', 401],
    ['a beginning of it', 'Bearer on', 401],
    ['an empty one', 'Bearer ', 401],
    ['a broken basic one', 'Basic %%%', 401],
    ['a name without a password', basic('one'), 401],
    ['another scheme', 'Digest one', 401],
  ])('with %s', async (_what, authorization, status) => {
    expect((await post('{}', authorization)).status).toBe(status);
  });

  it.each([
    ['a name nobody configured answers as a bad secret does', '/hooks/alertmanager/other', 401],
    ['a secret of another hook is none', '/hooks/alertmanager/broken', 503],
    ['a door that is none', '/hooks/grafana/main', 404],
    ['a name that is none', '/hooks/alertmanager/..%2f', 404],
    ['a name of another door', '/hooks/deployments/main', 401],
  ])('%s', async (_what, path, status) => expect((await post('{}', 'Bearer one', path)).status).toBe(status));

  const limit = 8 * 1024 * 1024;
  const padded = (length: number) => `{"a":"${'x'.repeat(length - 8)}"}`;
  it.each([
    ['an empty body', '', 400, 'empty'],
    ['no JSON', 'hello', 400, 'no JSON'],
    ['binary', Buffer.alloc(70_000, 0xfe), 400, 'no JSON'],
    ['a number', '7', 400, 'no JSON object'],
    ['null', 'null', 400, 'no JSON object'],
    ['half of a body', '{"alerts":[', 400, 'no JSON'],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 400, 'not UTF-8'],
    ['the greatest depth', '['.repeat(64) + ']'.repeat(64), 202, 'taken'],
    ['one level more', '['.repeat(65) + ']'.repeat(65), 400, 'nested deeper'],
    ['brackets in a text', JSON.stringify({ text: '["\\'.repeat(500) }), 202, 'taken'],
    ['ten thousand levels', '{"a":'.repeat(10_000), 400, 'nested deeper'],
    ['a byte order mark', '\u{feff}{"bom":1}', 202, 'taken'],
    ['keys of the prototype', '{"__proto__":{"a":1},"constructor":1}', 202, 'taken'],
    ['the longest body', padded(limit), 202, 'taken'],
    ['a byte more', padded(limit + 1), 413, 'longer than'],
  ])('%s', async (_what, body, status, text) => {
    const answer = await post(body);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(text);
  });

  it('takes no compressed body and no other method', async () => {
    expect((await post('{}', 'Bearer one', main, { 'content-encoding': 'gzip' })).status).toBe(415);
    const got = await call(main, { headers: { authorization: 'Bearer one' } });
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('cuts off a body that goes on for ever without its length', async () => {
    const chunk = Buffer.alloc(65_536, 0x20);
    const said = await new Promise<string>((resolve, reject) => {
      const socket = connect(door.port, '127.0.0.1');
      let text = '';
      socket.on('data', data => {
        text += data;
      });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(text));
      socket.setTimeout(15_000, () => reject(new Error('never cut off')));
      socket.write(
        `POST ${main} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer one\r\ntransfer-encoding: chunked\r\n\r\n`,
      );
      const write = () => {
        if (socket.destroyed || text) return;
        socket.write(`10000\r\n${chunk.toString('latin1')}\r\n`, 'latin1', write);
      };
      write();
    });
    expect(said).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('asks its sender to come again while Redis is away', async () => {
    await rig.server.kill();
    const started = performance.now();
    expect(await post('{"away":1}')).toMatchObject({ status: 503, text: 'not stored: try again\n' });
    expect(performance.now() - started).toBeLessThan(3_000);
    await rig.server.restart();
    await expect.poll(async () => (await post('{"away":2}')).status, { timeout: 10_000 }).toBe(202);
  });
});

describe('the other paths', () => {
  it('tell health, readiness and metrics, and leave the rest to Slack', async () => {
    expect(await call('/healthz')).toMatchObject({ status: 200, text: 'ok\n' });
    expect(await call('/readyz')).toMatchObject({ status: 200, text: 'ready\n' });
    missing = ['Redis is away'];
    expect(await call('/readyz')).toMatchObject({ status: 503, text: 'not ready: Redis is away\n' });
    const metrics = await call('/metrics');
    expect(metrics.headers.get('content-type')).toContain('text/plain');
    expect(metrics.text).toContain('backout_waiting_posts 3');
    expect(metrics.text).toContain('backout_hook_requests_total{door="alertmanager",code="202"}');
    expect(metrics.text.match(/^nodejs_eventloop_lag\w+/gm)).toEqual(['nodejs_eventloop_lag_seconds']);
    expect((await call('/healthz', { method: 'POST' })).status).toBe(405);
    expect(await call('/slack/events?x=1', { method: 'POST' })).toMatchObject({ status: 418, text: 'bolt' });
  });
});

describe('depth', () => {
  it.each([
    ['', 0],
    ['{}', 1],
    ['[[]]', 2],
    ['{"a":[{}]}', 3],
    ['"[[["', 0],
    ['"\\"[["', 0],
    ['[]]]]', 1],
  ])('of %s', (text, depth) => {
    expect(depthMeter()(Buffer.from(text))).toBe(depth);
    const piecewise = depthMeter();
    expect(Math.max(0, ...[...Buffer.from(text)].map(byte => piecewise(Uint8Array.of(byte))))).toBe(depth);
  });
});
