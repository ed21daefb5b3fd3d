import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCatalogue } from '../../src/config/catalogue.ts';
import { readEnvironment } from '../../src/config/env.ts';
import { peopleAndRules } from '../../src/config/init.ts';
import { createLog } from '../../src/main/log.ts';
import { doctorProbes } from '../../src/main/probes.ts';
import { openStores, type Stores } from '../../src/main/stores.ts';
import { catalogueTables } from '../../src/main/tables.ts';
import type { Finding } from '../../src/ports/probe.ts';
import { startRedis, type TestRedis } from '../fakes/redis.ts';

describe('doctor on targets in clusters', () => {
  const folder = mkdtempSync(join(tmpdir(), 'backout-probes-'));
  const sockets = new Set<Socket>();
  const silent = createServer(socket => void sockets.add(socket));
  const kubeconfig = join(folder, 'silent');
  let redis: TestRedis;
  let stores: Stores;
  beforeAll(async () => {
    await new Promise<void>(done => silent.listen(0, '127.0.0.1', done));
    const { port } = silent.address() as AddressInfo;
    const cluster = { name: 'c', cluster: { server: `https://127.0.0.1:${port}` } };
    const context = { name: 'c', context: { cluster: 'c', user: 'u' } };
    const users = [{ name: 'u', user: {} }];
    const text = { clusters: [cluster], contexts: [context], users, 'current-context': 'c' };
    writeFileSync(kubeconfig, JSON.stringify(text));
    redis = await startRedis();
    stores = await openStores(redis.url, createLog('silent'), () => 0);
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    silent.close();
    await stores.close();
    await redis.stop();
    rmSync(folder, { recursive: true });
  });

  const missing = join(folder, 'missing');
  const named = `${peopleAndRules({ account: 'mara', slackUser: null, channel: null })}
services:
  shop:
    releases: { source: { kubernetes.deployment: {} } }
    runbooks: { back: { level: 3, title: Back, steps: [{ kubernetes.rollout-undo: {} }] } }
    environments:
      staging: { target: { kubernetes: { namespace: shop, deployment: web, kubeconfig: ${missing} } } }
      production: { target: { kubernetes: { namespace: shop, deployment: web, kubeconfig: ${kubeconfig} } } }
  price:
    releases: { source: { helm.release: {} } }
    runbooks: { back: { level: 3, title: Back, steps: [{ kubernetes.rollout-undo: { deployment: price } }] } }
    environments:
      production:
        target:
          kubernetes: { namespace: price, kubeconfig: ${kubeconfig} }
          helm: { namespace: price, release: price, kubeconfig: ${kubeconfig} }
`;

  async function found(role: string, subjects: readonly string[], text = named): Promise<readonly Finding[]> {
    const env = readEnvironment({ BACKOUT_ROLE: role, BACKOUT_STATE_DIR: folder });
    const read = readCatalogue(catalogueTables, text, 'backout.yaml');
    if (!env.ok || !read.ok) throw new Error(JSON.stringify(read));
    const clock = { now: () => Date.now() };
    const today = () => read.catalogue;
    const probes = doctorProbes({ env: env.env, stores, slack: null, clock, today, socketTrouble: () => null });
    const signal = AbortSignal.timeout(500);
    const outside = probes.filter(({ subject }) => !['Redis', 'secrets', 'workers', 'Slack'].includes(subject));
    expect(outside.map(({ subject }) => subject)).toEqual(subjects);
    return (await Promise.all(outside.map(({ look }) => look({ signal })))).flat();
  }

  it('knows nothing of what did not answer in time, and tells what else there is', async () => {
    const states = (await found('worker', ['Kubernetes', 'Helm'])).map(({ subject, state }) => [subject, state]);
    expect(states).toEqual([
      ['deployment shop/web', 'broken'],
      ['deployment shop/web', 'unknown'],
      ['namespace price', 'unknown'],
      ['deployment price/price', 'unknown'],
      ['helm release price/price', 'unknown'],
    ]);
  });

  it('says where to look at them from, asked of a bot', async () => {
    expect(await found('bot', ['targets'])).toMatchObject([
      { state: 'warning', message: expect.stringContaining('not looked at from here') },
    ]);
    const none = `${named.slice(0, named.indexOf('services:'))}
services:
  shop:
    environments: { production: {} }
    runbooks: { back: { level: 2, title: Back, steps: [{ command: { argv: ['true'] } }] } }
`;
    expect(await found('bot', ['targets'], none)).toEqual([]);
  });
});
