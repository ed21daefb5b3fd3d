import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { readApp } from '../../../src/adapters/pm2/apps.ts';
import { createOnlineCheck } from '../../../src/adapters/pm2/online.ts';
import { createAppSource } from '../../../src/adapters/pm2/release-source.ts';
import { createReload } from '../../../src/adapters/pm2/reload.ts';
import { createSetEnv } from '../../../src/adapters/pm2/set-env.ts';
import { executors } from '../../../src/adapters/pm2/table.ts';
import { createProcesses } from '../../../src/adapters/process/processes.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import { Refusal } from '../../../src/domain/reason.ts';
import type { CheckContext } from '../../../src/ports/check.ts';
import { type ExecutorWorld, executorContract } from '../../contracts/executor.ts';
import { applyContext, contractRun, contractTarget, type Trace } from '../../contracts/protocol.ts';
import { openPm2, type Pm2App } from './pm2-world.ts';

const canary = 'canary-2b9ad00f';
const [setEnv, reload] = executors;
if (!setEnv || !reload) throw new Error('pm2 executors are missing');
const deps = { readSecret: async () => canary, clock: { now: () => Date.now() } };

const normal = { WS_GATEWAY_ONLY_MODE: 'true', WS_STRICT_MODE: 'true', KEEP: 'as it is' };
const emergency = { WS_GATEWAY_ONLY_MODE: false, WS_ALLOW_LEGACY_FALLBACK: true, WS_STRICT_MODE: false };
const shown = [...Object.keys(normal), ...Object.keys(emergency), 'GATEWAY_TOKEN', 'PATH', 'SECRET_OF_THE_BOT'];
const pick = (env: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter(([name]) => shown.includes(name) && name !== 'PATH'));

const pm2 = openPm2();
afterAll(() => pm2.close(), 30_000);

type Shared = Pick<ExecutorWorld, 'from' | 'to' | 'effects' | 'started' | 'close'>;

async function open(instances?: number): Promise<{ app: Pm2App; shared: Shared }> {
  const app = await pm2.start(normal, instances ? { instances } : {});
  await app.seen();
  const before = await app.restarts();
  return {
    app,
    shared: {
      from: null,
      to: null,
      effects: async () => Math.ceil(((await app.restarts()) - before) / (instances ?? 1)),
      started: () => 0,
      close: app.close,
    },
  };
}

const hostile = (world: ExecutorWorld, text: string) => [
  { ...world.input, app: text },
  { ...world.input, home: text },
];

executorContract('pm2.set-env in fork mode', {
  entry: setEnv,
  canary,
  reversible: true,
  refusesDrift: true,
  killAfterMs: [0, 120],
  hostile: (world, text) => [...hostile(world, text), { ...world.input, use: text }],
  open: async () => {
    const { app, shared } = await open();
    return {
      ...shared,
      load: async () => createSetEnv(deps),
      input: {
        app: app.app,
        home: app.home,
        sets: { normal: { WS_STRICT_MODE: true }, emergency },
        use: 'emergency',
        set: { GATEWAY_TOKEN: { env: 'GATEWAY_TOKEN' } },
        stable: '500ms',
      },
      state: async () => (await app.seen()).map(pick),
      wanted: async () => [
        {
          ...normal,
          WS_GATEWAY_ONLY_MODE: 'false',
          WS_ALLOW_LEGACY_FALLBACK: 'true',
          WS_STRICT_MODE: 'false',
          GATEWAY_TOKEN: canary,
        },
      ],
      drift: async () => app.meddle('WS_STRICT_MODE', 'maybe'),
    };
  },
});

executorContract('pm2.reload in cluster mode', {
  entry: reload,
  canary,
  reversible: false,
  refusesDrift: true,
  hostile,
  killAfterMs: [60, 400],
  open: async () => {
    const { app, shared } = await open(2);
    const pids = async () => (await readApp(app, AbortSignal.timeout(9_000))).instances.map(one => one.pid);
    const before = await pids();
    return {
      ...shared,
      load: async () => createReload(deps),
      input: { app: app.app, home: app.home, stable: '300ms' },
      state: async () => (await pids()).map(pid => !before.includes(pid)),
      wanted: async () => [true, true],
      drift: async () => {
        await pm2.cli('scale', app.app, '3');
      },
    };
  },
});

const limits = () => ({ run: contractRun, target: contractTarget, signal: AbortSignal.timeout(30_000) });

async function check(input: JsonObject): Promise<string> {
  const ask = createOnlineCheck(deps).start(
    { ...limits(), checkId: 'pm2', verifyingSince: Date.now() } as CheckContext,
    input,
  );
  const until = Date.now() + 20_000;
  for (;;) {
    const { status, note } = await ask();
    if (status === 'waiting') await delay(50);
    if (status !== 'waiting' || Date.now() > until) return `${status} ${note.code}`;
  }
}

describe('a pm2 app', () => {
  it('whose new environment makes it crash fails early, has not served, and gets its old one back', async () => {
    const app = await pm2.start({ ...normal, CRASH: 'no' });
    await app.seen();
    const executor = createSetEnv(deps);
    const input = { app: app.app, home: app.home, set: { CRASH: 'yes' }, stable: '1s' };
    const plan = await executor.plan({ ...limits(), from: null, to: null }, input);
    const [operation] = plan.operations;
    if (!operation?.inverse) throw new Error('no operation');
    const trace: Trace = { said: [], children: [] };
    await executor.apply(applyContext(trace, 'apply/0', 1, limits().signal), operation);
    expect(await executor.settle(applyContext(trace, 'apply/0', 1, limits().signal), operation)).toMatchObject({
      state: 'failed',
      served: false,
    });
    expect((await executor.observe(limits(), operation)).state).toBe('in-progress');
    expect(await check({ app: app.app, home: app.home })).toBe('failed pm2-online-down');
    await executor.apply(applyContext(trace, 'revert/0', 1, limits().signal), operation.inverse);
    expect(await executor.settle(applyContext(trace, 'revert/0', 1, limits().signal), operation.inverse)).toMatchObject(
      { state: 'settled' },
    );
    expect((await app.seen()).map(pick)).toEqual([normal]);
    expect(await check({ app: app.app, home: app.home, stable: '500ms' })).toBe('passed pm2-online');
    expect(await check({ app: app.app, home: app.home, instances: 2 })).toBe('failed pm2-online-too-few');
  });

  it('in fork mode says that there is a gap, in cluster mode that there is none', async () => {
    const fork = await pm2.start(normal);
    const cluster = await pm2.start(normal, { instances: 1 });
    const planOf = async (app: Pm2App) =>
      (await createReload(deps).plan({ ...limits(), from: null, to: null }, { app: app.app, home: app.home }))
        .interruption;
    expect([await planOf(fork), await planOf(cluster)]).toEqual([{ kind: 'gap', ms: 1_000 }, { kind: 'none' }]);
  });

  it('that is not there, or a pm2 that does not run, is refused and nothing is started', async () => {
    const plan = (place: { app: string; home: string }) =>
      createReload(deps).plan({ ...limits(), from: null, to: null }, place);
    await pm2.start(normal);
    await expect(plan({ app: 'nobody', home: pm2.home })).rejects.toBeInstanceOf(Refusal);
    const idle = openPm2();
    await expect(plan({ app: 'nobody', home: idle.home })).rejects.toThrow('no pm2 daemon answers');
    await idle.close();
    expect(await check({ app: 'nobody', home: idle.home })).toBe('unknown pm2-online-unseen');
  });

  it('shows the release it runs: the commit of its folder, and what makes it another one', async () => {
    const processes = createProcesses({ path: '/usr/bin:/bin', home: pm2.home });
    const app = await pm2.start({ ...normal, APP_VERSION: '2.1.0' });
    const look = (more: JsonObject = {}) =>
      createAppSource({ ...deps, processes }).look(
        { signal: limits().signal },
        { app: app.app, home: app.home, ...more },
      );
    expect((await look()).current).toBeNull();
    const git = (...args: string[]) =>
      processes.run({
        argv: ['git', '-c', 'user.name=Dev', '-c', 'user.email=dev@localhost', ...args],
        cwd: app.folder,
        timeoutMs: 20_000,
        signal: limits().signal,
      });
    await git('init', '--quiet');
    await git('add', 'app.cjs');
    await git('commit', '--quiet', '-m', 'app');
    const commit = (await git('rev-parse', 'HEAD')).stdout.trim();
    const tree = (await git('rev-parse', 'HEAD^{tree}')).stdout.trim();
    expect((await look()).current).toMatchObject({
      key: tree,
      version: commit.slice(0, 12),
      identity: { commit, tree },
    });
    const named = await look({ versionEnv: 'APP_VERSION' });
    expect(named.current).toMatchObject({ version: '2.1.0', identity: { commit, environment: expect.any(String) } });
    await app.meddle('APP_VERSION', '2.2.0');
    const other = await look({ versionEnv: 'APP_VERSION' });
    expect([other.current?.version, other.current?.key === named.current?.key]).toEqual(['2.2.0', false]);
  });

  it('shows no secret in its diff, and plans nothing where all is set', async () => {
    const app = await pm2.start({ ...normal, API_TOKEN: 'hunter2' });
    const plan = (set: JsonObject) =>
      createSetEnv(deps).plan({ ...limits(), from: null, to: null }, { app: app.app, home: app.home, set });
    const changed = await plan({ WS_STRICT_MODE: false, API_TOKEN: { env: 'X' } });
    expect(changed.operations[0]?.preview.diff.split('\n').slice(2)).toEqual([
      '-WS_STRICT_MODE=true',
      '+WS_STRICT_MODE=false',
      '-API_TOKEN=(hidden)',
      '+API_TOKEN=(hidden, changed)',
    ]);
    expect(JSON.stringify(changed)).not.toContain('hunter2');
    expect((await plan({ WS_STRICT_MODE: true })).operations).toEqual([]);
  });
});
