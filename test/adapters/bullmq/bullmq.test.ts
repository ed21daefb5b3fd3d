import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type BullDoorbell, bullDoorbell } from '../../../src/adapters/bullmq/doorbell.ts';
import { watchdog } from '../../../src/adapters/bullmq/watchdog.ts';
import { startWorkers, type Turn, type Workers } from '../../../src/adapters/bullmq/workers.ts';
import { openRedis, redisPlace } from '../../../src/adapters/redis/connection.ts';
import { onRelayBell, relayBell } from '../../../src/adapters/redis/relay-bell.ts';
import type { RunId } from '../../../src/domain/ids.ts';
import { quiet } from '../../engine/rig.ts';
import { newId } from '../../engine/sample.ts';
import { startRedis, type TestRedis } from '../../fakes/redis.ts';

let server: TestRedis;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  server = await startRedis();
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(async () => {
  await server.stop();
});

async function aDoorbell(): Promise<BullDoorbell> {
  const bell = await bullDoorbell({ connection: redisPlace(server.url), ringRelay: () => undefined, ...quiet });
  closing.push(() => bell.close());
  return bell;
}

async function someWorkers(
  name: string | null,
  drive: (run: RunId, turn: Turn) => Promise<void>,
  pace?: { lookEveryMs: number; silentAfterMs: number },
): Promise<Workers> {
  const deps = { connection: redisPlace(server.url), drive, silent: () => undefined, ...quiet };
  const workers = await startWorkers(deps, name, pace);
  closing.push(() => workers.close(1_000));
  return workers;
}

describe('rings', () => {
  test('a ring is driven once for its key, on the queue it was meant for', async () => {
    const driven: string[] = [];
    await someWorkers('host-1', async run => void driven.push(run));
    const bell = await aDoorbell();
    const [common, local, elsewhere] = [newId(), newId(), newId()];
    await bell.ring(common, '1', null);
    await bell.ring(common, '1', null);
    await bell.ring(elsewhere, '1', 'host:2');
    await bell.ring(local, '1', 'host-1');
    await vi.waitFor(() => expect([...driven].sort()).toEqual([common, local].sort()), 5_000);
    const other: string[] = [];
    await someWorkers('host:2', async run => void other.push(run));
    await vi.waitFor(() => expect(other).toEqual([elsewhere]), 5_000);
    expect(driven).toHaveLength(2);
  });

  test('a failing drive neither stops the worker nor is tried again by BullMQ', async () => {
    const driven: string[] = [];
    await someWorkers(null, async run => {
      driven.push(run);
      if (driven.length === 1) throw new Error('broken');
    });
    const bell = await aDoorbell();
    await bell.ring(newId(), '1', null);
    await bell.ring(newId(), '1', null);
    await vi.waitFor(() => expect(driven).toHaveLength(2), 5_000);
  });

  test('rings fail quietly and at once while Redis is away, and work again afterwards', async () => {
    const driven: string[] = [];
    const bell = await aDoorbell();
    await someWorkers(null, async run => void driven.push(run));
    await server.kill();
    const began = performance.now();
    await bell.ring(newId(), '1', null);
    expect(performance.now() - began).toBeLessThan(2_500);
    await server.restart();
    const run = newId();
    const ring = async () => {
      await bell.ring(run, '1', null);
      expect(driven).toContain(run);
    };
    await vi.waitFor(ring, { timeout: 10_000, interval: 100 });
  });
});

describe('shutdown', () => {
  test('running work is asked to stop at a boundary and waited for', async () => {
    let stopped = false;
    const workers = await someWorkers(null, async (_, turn) => {
      await new Promise(resolve => turn.stopping.addEventListener('abort', resolve));
      stopped = !turn.abort.aborted;
    });
    const bell = await aDoorbell();
    await bell.ring(newId(), '1', null);
    await vi.waitFor(async () => expect(await activeJobs()).toBe(1), 5_000);
    await workers.close(10_000);
    expect(stopped).toBe(true);
  });

  test('work that does not stop is ended at the limit', async () => {
    let aborted = false;
    const workers = await someWorkers(null, async (_, turn) => {
      await new Promise(resolve => turn.abort.addEventListener('abort', resolve));
      aborted = true;
    });
    const bell = await aDoorbell();
    await bell.ring(newId(), '1', null);
    await vi.waitFor(async () => expect(await activeJobs()).toBe(1), 5_000);
    await workers.close(100);
    expect(aborted).toBe(true);
  });
});

async function activeJobs(): Promise<number> {
  const connection = await openRedis(quiet, server.url);
  const active = await connection.redis.llen('{backout}:work:active');
  await connection.close();
  return active;
}

describe('watchdog', () => {
  test.each([
    ['jobs wait and nothing is taken', 3, ['replace', 'give up']],
    ['nothing waits', 0, []],
  ])('%s', async (_, waiting, expected) => {
    const did: string[] = [];
    let looks = 0;
    const dog = watchdog(
      { lookEveryMs: 5, silentAfterMs: 20 },
      {
        waiting: async () => {
          looks += 1;
          return waiting;
        },
        replace: () => void did.push('replace'),
        giveUp: () => {
          did.push('give up');
          dog.stop();
        },
        trouble: () => undefined,
      },
    );
    await vi.waitFor(() => expect(looks > 20 || did.includes('give up')).toBe(true), 5_000);
    dog.stop();
    expect(did).toEqual(expected);
  });
});

test('a ring wakes relays in other processes', async () => {
  const connection = await openRedis(quiet, server.url);
  let rings = 0;
  const stop = onRelayBell(quiet, server.url, () => {
    rings += 1;
  });
  await vi.waitFor(() => expect(rings).toBeGreaterThan(0), 5_000);
  const before = rings;
  const bell = relayBell(connection);
  const again = () => {
    bell.ring();
    expect(rings).toBeGreaterThan(before);
  };
  await vi.waitFor(again, { timeout: 5_000, interval: 30 });
  bell.close();
  stop();
  await connection.close();
});
