import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createBranchSource } from '../../../src/adapters/git/release-source.ts';
import type { GitDeps } from '../../../src/adapters/git/repository.ts';
import { createRestoreRelease } from '../../../src/adapters/git/restore.ts';
import { executors } from '../../../src/adapters/git/table.ts';
import { createProcesses } from '../../../src/adapters/process/processes.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { StepPlan } from '../../../src/domain/plan.ts';
import { Refusal } from '../../../src/domain/reason.ts';
import { type ExecutorHarness, type ExecutorWorld, executorContract } from '../../contracts/executor.ts';
import {
  applyContext,
  contractRun,
  contractTarget,
  runBackwards,
  runForwards,
  type Trace,
} from '../../contracts/protocol.ts';
import { type GitWorld, openGit, releaseOf } from './git-world.ts';

const canary = 'canary-a77e01';
const [entry] = executors;
if (!entry) throw new Error('no git executor');

const open = new Set<() => void>();
afterEach(() => {
  for (const close of open) close();
  open.clear();
});

type World = Awaited<ReturnType<typeof openGit>>;

async function newWorld(): Promise<{ world: World; deps: GitDeps; started: () => number }> {
  const world = await openGit();
  const stateDir = mkdtempSync(join(tmpdir(), 'backout-git-state-'));
  open.add(() => {
    world.close();
    rmSync(stateDir, { recursive: true, force: true, maxRetries: 5 });
  });
  const processes = createProcesses({ path: '/usr/bin:/bin', home: stateDir, graceMs: 300 });
  let started = 0;
  const run: typeof processes.run = request => {
    started += 1;
    return processes.run(request);
  };
  const deps = {
    processes: { ...processes, run },
    readSecret: async () => canary,
    clock: { now: () => 1_700_000_000_000 },
    stateDir,
  };
  return { world, deps, started: () => started };
}

/** Deploys by writing down which tree runs; counts; slow enough to be killed in the middle. */
const deployProgram = `#!${process.execPath}
const fs = require('node:fs');
const [action, folder] = process.argv.slice(2);
const file = folder + '/running';
const running = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
if (action === 'look') process.exit(running === process.env.BACKOUT_TREE ? 0 : 1);
console.log('deploying with ' + process.env.DEPLOY_TOKEN);
setTimeout(() => { fs.appendFileSync(folder + '/deployed', 'x'); fs.writeFileSync(file, process.env.BACKOUT_TREE); }, 100);
`;

async function openContract(deploys: boolean): Promise<ExecutorWorld> {
  const { world, deps, started } = await newWorld();
  const program = join(world.folder, 'deploy.js');
  writeFileSync(program, deployProgram);
  chmodSync(program, 0o700);
  const running = join(world.folder, 'running');
  const before = await world.tree();
  writeFileSync(running, before);
  const wanted = await world.git('rev-parse', `${world.good}^{tree}`);
  const commits = Number(await world.bare('rev-list', '--count', 'main'));
  const read = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  const deploy = {
    argv: [program, 'deploy', world.folder],
    observe: [program, 'look', world.folder],
    env: { DEPLOY_TOKEN: { env: 'DEPLOY_TOKEN' } },
    settle: '5s',
  };
  return {
    load: async () => createRestoreRelease(deps),
    input: { remote: world.remote, branch: 'main', ...(deploys ? { deploy } : {}) },
    from: releaseOf('2.0.0', { commit: world.bad }),
    to: releaseOf('1.0.0', { commit: world.good }),
    state: async () => ({ tree: await world.tree(), running: deploys ? read(running) : '' }),
    wanted: async () => ({ tree: wanted, running: deploys ? wanted : '' }),
    drift: async () => {
      await world.commit('2.0.1', 'Somebody');
    },
    effects: async () =>
      Number(await world.bare('rev-list', '--count', 'main')) - commits + read(join(world.folder, 'deployed')).length,
    started,
    endChildren: async children => {
      for (const child of children) await deps.processes.end(child);
    },
    traces: async () => [
      spawnSync('grep', ['-rha', canary, deps.stateDir], { encoding: 'utf8' }).stdout,
      await world.bare('log', 'main'),
    ],
    close: async () => {},
  };
}

const harness: Omit<ExecutorHarness, 'open'> = {
  entry,
  canary,
  reversible: true,
  refusesDrift: true,
  killAfterMs: [0, 90],
  hostile: (world, text) => [
    { ...world.input, remote: text },
    ...(text === 'all' ? [] : [{ ...world.input, branch: text }]),
    { ...world.input, deploy: { argv: [text] } },
    { ...world.input, deploy: { webhook: text } },
    { ...world.input, credentials: { username: 'x', password: { file: text } } },
    { ...world.input, remote: `ext::${text}` },
    { ...world.input, remote: `https://user:${text}@host/x` },
  ],
};

executorContract('git.restore-release', { ...harness, open: () => openContract(false) });
executorContract('git.restore-release with deployment', {
  ...harness,
  killAfterMs: [90],
  open: () => openContract(true),
});

const limits = () => ({ run: contractRun, target: contractTarget, signal: AbortSignal.timeout(30_000) });
const newTrace = (): Trace => ({ said: [], children: [] });
const planOf = (
  deps: GitDeps,
  world: World,
  more: JsonObject = {},
  to = releaseOf('1.0.0', { commit: world.good }),
): Promise<StepPlan> =>
  createRestoreRelease(deps).plan({ ...limits(), from: null, to }, { remote: world.remote, branch: 'main', ...more });

describe('restoring a release', () => {
  it('is one commit of the good tree on top, through merges and binaries, that names run and origin', async () => {
    const { world, deps } = await newWorld();
    const plan = await planOf(deps, world);
    const executor = createRestoreRelease(deps);
    await runForwards({ load: async () => executor } as ExecutorWorld, plan.operations, newTrace());
    expect(await world.bare('diff', '--stat', world.good, 'main')).toBe('');
    expect(await world.bare('log', '-1', '--format=%P', 'main')).toBe(world.bad);
    expect(await world.bare('log', '-1', '--format=%B', 'main')).toContain(
      `Backout-Run: ${contractRun}\nBackout-Restores: ${world.good}`,
    );
    expect(plan.blastRadius[0]?.facts).toMatchObject({ count: 3 });
    expect(JSON.stringify(plan.blastRadius)).toContain('Mallory: Change to 2.0.0');
    expect(plan.operations[0]?.preview.diff).toContain('side.bin');
    expect((await planOf(deps, world)).operations).toEqual([]);
  });

  it('is taken as there where somebody else restored the same tree', async () => {
    const { world, deps } = await newWorld();
    const plan = await planOf(deps, world);
    const [operation] = plan.operations;
    if (!operation) throw new Error('no operation');
    const commit = await world.git('commit-tree', `${world.good}^{tree}`, '-p', world.bad, '-m', 'by hand');
    await world.git('push', '--quiet', 'origin', `${commit}:main`);
    expect((await createRestoreRelease(deps).observe(limits(), operation)).state).toBe('applied');
    await world.git('reset', '--quiet', '--hard', commit);
    await world.commit('3.0.0');
    expect((await createRestoreRelease(deps).observe(limits(), operation)).state).toBe('not-applied');
  });

  it('is unknown where people went on after it', async () => {
    const { world, deps } = await newWorld();
    const plan = await planOf(deps, world);
    const executor = createRestoreRelease(deps);
    await runForwards({ load: async () => executor } as ExecutorWorld, plan.operations, newTrace());
    await world.git('pull', '--quiet', 'origin', 'main');
    await world.commit('2.0.2');
    const [operation] = plan.operations;
    if (!operation) throw new Error('no operation');
    expect((await executor.observe(limits(), operation)).state).toBe('unknown');
  });

  it('shows what a protected branch says', async () => {
    const { world, deps } = await newWorld();
    const hook = join(world.remote, 'hooks', 'pre-receive');
    writeFileSync(
      hook,
      `#!${process.execPath}\nconsole.error('GH006: Protected branch update failed'); process.exit(1);\n`,
    );
    chmodSync(hook, 0o755);
    const plan = await planOf(deps, world);
    const [operation] = plan.operations;
    if (!operation) throw new Error('no operation');
    const refused = await createRestoreRelease(deps)
      .apply(applyContext(newTrace(), 'apply/0', 1, limits().signal), operation)
      .catch(failure => failure);
    expect(refused).toBeInstanceOf(Refusal);
    expect((refused as Refusal).reason).toMatchObject({ code: 'permission-missing' });
    expect((refused as Refusal).reason.detail).toMatch(/GH006: Protected branch update failed[\s\S]*remote rejected/);
  });

  it('refuses a release that the branch never had, and finds one by its tree', async () => {
    const { world, deps } = await newWorld();
    const stray = await world.git('commit-tree', `${world.good}^{tree}`, '-m', 'stray');
    await expect(planOf(deps, world, {}, releaseOf('x', { commit: stray }))).rejects.toThrow('release-not-eligible');
    await expect(planOf(deps, world, {}, releaseOf('x', { commit: '--output=/tmp/x' }))).rejects.toThrow(
      'release-not-eligible',
    );
    const tree = await world.git('rev-parse', `${world.good}^{tree}`);
    expect((await planOf(deps, world, {}, releaseOf('1.0.0', { tree }))).operations).toHaveLength(1);
  });

  it('makes the same commit again where the clone was lost', async () => {
    const { world, deps } = await newWorld();
    const plan = await planOf(deps, world);
    rmSync(join(deps.stateDir, 'git'), { recursive: true });
    const executor = createRestoreRelease(deps);
    await runForwards({ load: async () => executor } as ExecutorWorld, plan.operations, newTrace());
    await runBackwards({ load: async () => executor } as ExecutorWorld, plan.operations, newTrace());
    expect(await world.bare('diff', '--stat', world.bad, 'main')).toBe('');
  });
});

describe('deployment by webhook', () => {
  async function serve(status: number): Promise<{ url: string; calls: { auth: string; body: JsonObject }[] }> {
    const calls: { auth: string; body: JsonObject }[] = [];
    const server: Server = createServer((request, answer) => {
      let text = '';
      request.on('data', chunk => {
        text += chunk;
      });
      request.on('end', () => {
        calls.push({ auth: request.headers.authorization ?? '', body: JSON.parse(text) as JsonObject });
        answer.writeHead(status).end(`said ${request.headers.authorization}`);
      });
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    open.add(() => server.close());
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/deploy`, calls };
  }

  it('posts once what to deploy, with the token', async () => {
    const { world, deps } = await newWorld();
    const { url, calls } = await serve(202);
    const plan = await planOf(deps, world, { deploy: { webhook: url, token: { env: 'T' } } });
    const trace = newTrace();
    const executor = createRestoreRelease(deps);
    await runForwards({ load: async () => executor } as ExecutorWorld, plan.operations, trace);
    expect(calls).toEqual([
      {
        auth: `Bearer ${canary}`,
        body: expect.objectContaining({
          run: contractRun,
          branch: 'main',
          version: '1.0.0',
          commit: await world.bare('rev-parse', 'main'),
        }),
      },
    ]);
    expect(JSON.stringify([plan, trace])).not.toContain(canary);
  });

  it('that is refused fails with its answer, less the token', async () => {
    const { world, deps } = await newWorld();
    const { url } = await serve(403);
    const plan = await planOf(deps, world, { deploy: { webhook: url, token: { env: 'T' } } });
    const deploying = plan.operations[1];
    if (!deploying) throw new Error('no deployment');
    const refused = createRestoreRelease(deps).apply(
      applyContext(newTrace(), 'apply/1', 1, limits().signal),
      deploying,
    );
    await expect(refused).rejects.toThrow('the webhook answered 403: said Bearer [redacted]');
  });
});

describe('the release source git.branch', () => {
  const look = (deps: GitDeps, world: GitWorld, more: JsonObject = {}) =>
    createBranchSource(deps).look(
      { signal: AbortSignal.timeout(30_000) },
      { remote: world.remote, branch: 'main', ...more },
    );

  it('knows a restored tree as the release it restores', async () => {
    const { world, deps } = await newWorld();
    const before = await look(deps, world);
    expect(before.current).toMatchObject({ version: world.bad.slice(0, 12), identity: { commit: world.bad } });
    expect(before.history.map(one => one.version)).toEqual([expect.any(String), 'v1']);
    const plan = await planOf(deps, world);
    const executor = createRestoreRelease(deps);
    await runForwards({ load: async () => executor } as ExecutorWorld, plan.operations, newTrace());
    const after = await look(deps, world);
    expect(after.current).toMatchObject({
      key: before.history[1]?.key,
      version: 'v1',
      identity: { commit: world.good },
    });
    expect((await look(deps, world, { versionFile: 'release.json' })).current?.version).toBe('1.0.0');
  });

  it('keeps the order of the branch where commits carry the same second', async () => {
    const { world, deps } = await newWorld();
    const { current, history } = await look(deps, world);
    const times = [current, ...history].map(one => one?.createdAt ?? 0);
    expect(times).toHaveLength(3);
    expect(times).toEqual([...new Set(times)].sort((one, other) => other - one));
  });

  it('looks at a deployed folder where the catalogue names one', async () => {
    const { world, deps } = await newWorld();
    const folder = join(world.folder, 'deployed');
    await world.git('worktree', 'add', '--quiet', '--detach', folder, world.good);
    const seen = await look(deps, world, { folder });
    expect([seen.current?.version, seen.history.length]).toEqual(['v1', 0]);
  });
});
