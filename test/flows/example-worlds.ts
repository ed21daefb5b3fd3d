import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const pm2Program = createRequire(import.meta.url).resolve('pm2/bin/pm2');

/** A host as an example's catalogue describes it: a repository, a deployed folder, pm2, a deployment program. */
export interface ExampleHost {
  readonly folder: string;
  readonly port: number;
  readonly home: string;
  readonly remote: string;
  readonly current: string;
  readonly deployProgram: string;
  /** Commits files in the people's clone and pushes main; answers the commit. */
  commit(message: string, files: Readonly<Record<string, string>>, tag?: string): Promise<string>;
  /** Checks main out in the deployed folder and starts the app under pm2 for the first time. */
  firstStart(app: string, env: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
}

/** Checks the branch out, reloads the app and notes the tree that runs since; `running` tells whether that is BACKOUT_TREE. */
const deployScript = (settings: object): string => `#!${process.execPath}
const { execFileSync } = require('node:child_process');
const { current, pm2, env, app } = ${JSON.stringify(settings)};
const git = (...args) => execFileSync('git', ['-C', current, ...args], { env, encoding: 'utf8' }).trim();
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const noted = current + '.tree';
const running = existsSync(noted) ? readFileSync(noted, 'utf8') : '';
if (process.argv[2] === 'running') process.exit(running === process.env.BACKOUT_TREE ? 0 : 1);
git('fetch', '--quiet', 'origin', 'main');
git('checkout', '--quiet', '--detach', process.env.BACKOUT_COMMIT || 'origin/main');
execFileSync(process.execPath, [pm2, 'reload', app], { env, stdio: 'ignore' });
writeFileSync(noted, git('rev-parse', 'HEAD^{tree}'));
`;

/** Opens one. */
export async function openHost(app: string): Promise<ExampleHost> {
  const folder = mkdtempSync(join(tmpdir(), 'bex-'));
  const [remote, work, current, home] = ['repo.git', 'work', 'current', 'h'].map(name => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  const env = {
    PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
    HOME: folder,
    GIT_CONFIG_GLOBAL: '/dev/null',
    PM2_HOME: home,
    PM2_DISCRETE_MODE: 'true',
    PM2_DISABLE_VERSION_CHECK: 'true',
  };
  const git = async (cwd: string, ...args: string[]): Promise<string> =>
    (await run('git', ['-c', 'user.name=Dev', '-c', 'user.email=dev@localhost', ...args], { cwd, env })).stdout.trim();
  const pm2 = (...args: string[]) =>
    run(process.execPath, [pm2Program, ...args], { cwd: folder, env, timeout: 30_000 });
  await git(folder, 'init', '--quiet', '--bare', '--initial-branch=main', remote);
  await git(folder, 'clone', '--quiet', remote, work);
  const deployProgram = join(folder, 'deploy');
  writeFileSync(deployProgram, deployScript({ current, pm2: pm2Program, env, app }));
  chmodSync(deployProgram, 0o700);
  let started = false;
  return {
    folder,
    port: await freePort(),
    home,
    remote,
    current,
    deployProgram,
    commit: async (message, files, tag) => {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(work, name)), { recursive: true });
        writeFileSync(join(work, name), text);
      }
      await git(work, 'add', '.');
      await git(work, 'commit', '--quiet', '-m', message);
      if (tag) await git(work, 'tag', tag);
      await git(work, 'push', '--quiet', '--tags', 'origin', 'HEAD:main');
      return git(work, 'rev-parse', 'HEAD');
    },
    firstStart: async (name, own) => {
      await git(folder, 'clone', '--quiet', remote, current);
      await git(current, 'checkout', '--quiet', '--detach', 'origin/main');
      const one = { name, script: join(current, 'server.cjs'), cwd: current, env: own, vizion: false };
      writeFileSync(join(folder, 'ecosystem.json'), JSON.stringify({ apps: [one] }));
      started = true;
      await pm2('start', join(folder, 'ecosystem.json'));
    },
    close: async () => {
      try {
        if (started) await pm2('kill');
      } finally {
        rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
      }
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
