import { describe, expect, test } from 'vitest';
import { openRedis } from '../../../src/adapters/redis/connection.ts';
import { inspectRedis } from '../../../src/adapters/redis/inspect.ts';
import { quiet } from '../../engine/rig.ts';
import { startRedis } from '../../fakes/redis.ts';

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
