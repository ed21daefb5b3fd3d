import { afterEach, describe, expect, test, vi } from 'vitest';
import { redisCatalogues } from '../../../src/adapters/redis/catalogues.ts';
import { openRedis, type RedisConnection, reconnectDelay, redisPlace } from '../../../src/adapters/redis/connection.ts';
import { keys } from '../../../src/adapters/redis/keys.ts';
import { redisOnce } from '../../../src/adapters/redis/once.ts';
import { redisRunStore } from '../../../src/adapters/redis/run-store.ts';
import type { Catalogue } from '../../../src/domain/catalogue.ts';
import { Refusal } from '../../../src/domain/reason.ts';
import { quiet } from '../../engine/rig.ts';
import { aRun, events } from '../../engine/sample.ts';
import { startRedis, type TestRedis } from '../../fakes/redis.ts';

const servers: TestRedis[] = [];
const connections: RedisConnection[] = [];

afterEach(async () => {
  for (const connection of connections.splice(0)) await connection.close();
  for (const server of servers.splice(0)) await server.stop();
});

async function aServer(): Promise<TestRedis> {
  const server = await startRedis();
  servers.push(server);
  return server;
}

async function connect(url: string): Promise<RedisConnection> {
  const connection = await openRedis(quiet, url);
  connections.push(connection);
  return connection;
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const failure = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return failure instanceof Refusal ? failure.reason.code : `not refused: ${failure}`;
}

describe('where Redis is', () => {
  test.each([
    ['redis://localhost', { host: 'localhost', port: 6379 }],
    ['redis://me:p%40ss@[::1]:7000/3', { host: '::1', port: 7000, username: 'me', password: 'p@ss', db: 3 }],
    ['rediss://cache.example.com:6380', { host: 'cache.example.com', port: 6380, tls: {} }],
    ['unix:///run/redis%20a/s.sock?db=2', { path: '/run/redis a/s.sock', db: 2 }],
    ['redis+unix:///run/s.sock', { path: '/run/s.sock' }],
    ['/run/s.sock', { path: '/run/s.sock' }],
  ])('%s', (url, place) => {
    expect(redisPlace(url)).toEqual(place);
  });

  test.each(['localhost', 'http://localhost', ''])('%j is refused without repeating it', url => {
    expect(() => redisPlace(url)).toThrow(/REDIS_URL/);
  });

  test('it is tried again quickly at first and never less often than every 2 s', () => {
    expect([1, 2, 3, 7, 100].map(reconnectDelay)).toEqual([50, 100, 200, 2_000, 2_000]);
  });
});

describe('Redis away', () => {
  test('nothing is confirmed, at once, and it comes back by itself', async () => {
    const server = await aServer();
    const store = redisRunStore(await connect(server.url));
    const run = aRun();
    await store.create(run);
    await server.kill();
    const began = performance.now();
    expect(await refusal(store.create(aRun()))).toBe('not-confirmed');
    expect(await refusal(store.read(run.id))).toBe('not-confirmed');
    expect(await refusal(store.tick())).toBe('not-confirmed');
    expect(performance.now() - began).toBeLessThan(1_500);
    await server.restart();
    const back = async () => expect((await store.read(run.id))?.run.status).toBe('requested');
    await vi.waitFor(back, { timeout: 10_000, interval: 50 });
    const changed = await store.change(run.id, { version: 1 }, { events: [events.stopAsked] });
    expect(changed).toMatchObject({ ok: true, version: 2 });
  });

  test('a server that hangs is given up within 3 s, and what it was told is never told twice', async () => {
    const server = await aServer();
    const connection = await connect(server.url);
    const store = redisRunStore(connection);
    const run = aRun();
    await store.create(run);
    const change = { events: [events.stopAsked] };
    await store.change(run.id, { version: 1 }, change);
    server.pause();
    const began = performance.now();
    expect(await refusal(store.change(run.id, { version: 2 }, change))).toBe('not-confirmed');
    expect(performance.now() - began).toBeLessThan(3_000);
    server.resume();
    await vi.waitFor(async () => expect((await store.read(run.id))?.run.version).toBe(3), { timeout: 5_000 });
    const late = await store.change(run.id, { version: 2 }, change);
    expect(late).toEqual({ ok: false, why: 'conflict' });
  });

  test('a command whose reply was cut off is not sent again', async () => {
    const server = await aServer();
    const [connection, other] = [await connect(server.url), await connect(server.url)];
    server.pause();
    const counted = refusal(connection.confirmed(connection.redis.incr('count')));
    await vi.waitFor(() => expect(connection.redis.status).toBe('ready'));
    connection.redis.disconnect(true);
    expect(await counted).toBe('not-confirmed');
    server.resume();
    await vi.waitFor(() => connection.redis.ping(), { timeout: 5_000 });
    expect(Number(await other.redis.get('count'))).toBeLessThanOrEqual(1);
  });

  test('a process that starts while Redis is away waits for it', async () => {
    const server = await aServer();
    await server.kill();
    const connection = await connect(server.url);
    expect(await refusal(redisRunStore(connection).now())).toBe('not-confirmed');
    await server.restart();
    const store = redisRunStore(connection);
    await vi.waitFor(async () => expect(await store.now()).toBeGreaterThan(0), { timeout: 10_000, interval: 50 });
    await vi.waitFor(() => expect(connection.identity().client).toMatch(/^\d+$/));
  });

  test('a server that cannot write confirms nothing', async () => {
    const server = await aServer();
    const connection = await connect(server.url);
    await connection.redis.config('SET', 'maxmemory', '1');
    expect(await refusal(redisRunStore(connection).create(aRun()))).toBe('not-confirmed');
    await connection.redis.config('SET', 'maxmemory', '0');
    await connection.redis.script('FLUSH');
    expect(await redisRunStore(connection).create(aRun())).toMatchObject({ kind: 'created' });
  });
});

test('a key is new once', async () => {
  const connection = await connect((await aServer()).url);
  const first = redisOnce(connection);
  expect([await first('click 1', 50), await first('click 1', 50), await first('click 2', 50)]).toEqual([
    true,
    false,
    true,
  ]);
  await vi.waitFor(async () => expect(await first('click 1', 50)).toBe(true), { interval: 60 });
});

test('a catalogue is kept under its hash, and the last published is today’s', async () => {
  const connection = await connect((await aServer()).url);
  const catalogues = redisCatalogues(connection);
  const catalogue = (hash: string) => ({ hash, locale: 'en', scenarios: [], people: [] }) as unknown as Catalogue;
  expect(await catalogues.current()).toBeNull();
  await catalogues.publish(catalogue('a'));
  await catalogues.publish(catalogue('b'));
  expect(await redisCatalogues(connection).current()).toEqual(catalogue('b'));
  expect(await catalogues.byHash('a')).toEqual(catalogue('a'));
  expect(await catalogues.byHash('c')).toBeNull();
  expect(await connection.redis.get(keys.currentCatalogue)).toBe('b');
});
