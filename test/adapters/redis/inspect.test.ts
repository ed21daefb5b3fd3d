import { describe, expect, test, vi } from 'vitest';
import { openRedis } from '../../../src/adapters/redis/connection.ts';
import { inspectRedis } from '../../../src/adapters/redis/inspect.ts';
import { redisOutbox } from '../../../src/adapters/redis/outbox.ts';
import { redisRunStore } from '../../../src/adapters/redis/run-store.ts';
import { quiet } from '../../engine/rig.ts';
import { executing, outcome } from '../../engine/sample.ts';
import { freePort, startRedis } from '../../fakes/redis.ts';

describe('what is unsafe is said plainly', () => {
  test.each([
    ['as recommended', { appendfsync: 'always' }, [], true, /on disk before it is answered/, 'ok'],
    ['everysec', { appendfsync: 'everysec' }, [], true, /everysec: a power loss can lose the last second/, 'warning'],
    ['no fsync', { appendfsync: 'no' }, [], false, /no automatic rollback/, 'warning'],
    ['no persistence', {}, ['--appendonly', 'no'], false, /no append-only file/, 'warning'],
    ['eviction', {}, ['--maxmemory-policy', 'allkeys-lru'], false, /allkeys-lru lets the server throw/, 'warning'],
    ['CONFIG renamed', {}, ['--rename-command', 'CONFIG', ''], false, /cannot be seen/, 'warning'],
  ] as const)('%s', async (_, settings, more, safe, message, state) => {
    const server = await startRedis({ ...settings, more: [...more] });
    const connection = await openRedis(quiet, server.url);
    const inspection = await inspectRedis(connection);
    await connection.close();
    await server.stop();
    expect(inspection).toMatchObject({ safeForAutomatic: safe, usable: true });
    const said = inspection.findings.find(finding => message.test(finding.message));
    expect(said?.state).toBe(state);
    if (state !== 'ok') expect(said?.remedy).toBeTruthy();
  });
});

test('in a cluster every script is legal on the node that holds the keys, and a missing node is said', async () => {
  const bus = await freePort();
  const server = await startRedis({ tcp: true, more: ['--cluster-enabled', 'yes', '--cluster-port', String(bus)] });
  const connection = await openRedis(quiet, server.url);
  expect((await inspectRedis(connection)).usable).toBe(false);
  await connection.redis.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await vi.waitFor(async () => expect((await inspectRedis(connection)).usable).toBe(true), { timeout: 10_000 });
  const store = redisRunStore(connection);
  const outbox = redisOutbox(connection);
  const { id, fence, target } = await executing(store);
  expect(await store.begin(id, { phase: 'apply', index: 0, fence, worker: 'w' })).toBe('fresh');
  expect(await store.outcome(id, outcome(fence, 0))).toBe('ok');
  expect(await store.acquire(target, id, 'other', 5_000, false)).toMatchObject({ ok: false });
  expect(await store.list({ target, open: true, limit: 5 })).toHaveLength(1);
  const [row] = await outbox.claim(5, 1_000);
  if (row) await outbox.sent(row, '1.1');
  await outbox.move(id, 'C2');
  expect((await store.tick()).readyThreads).toBe(1);
  await store.release(target, fence);
  await connection.close();
  await server.stop();
});
