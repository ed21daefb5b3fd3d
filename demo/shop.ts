import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programEnv, root, run, startTime, until } from './programs.ts';

/** The demo's service: a git history, a folder it runs from, and pm2 that runs it. */
export interface Shop {
  readonly folder: string;
  readonly origin: string;
  readonly port: number;
  readonly env: Record<string, string>;
  readonly ecosystem: string;
}

const source = join(root, 'demo', 'shop');
const author = {
  GIT_AUTHOR_NAME: 'Lee Chen',
  GIT_AUTHOR_EMAIL: 'lee@shop.example',
  GIT_COMMITTER_NAME: 'Lee Chen',
  GIT_COMMITTER_EMAIL: 'lee@shop.example',
};
const gitEnv = programEnv({ ...author, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' });
const git = (cwd: string, ...args: string[]): Promise<string> => run(['git', ...args], { cwd, env: gitEnv });

/** The environment in which this demo's pm2 lives: a home of its own, apart from any pm2 of the machine. */
export function pm2Env(home: string): Record<string, string> {
  return programEnv({ PM2_HOME: home, PM2_DISCRETE_MODE: 'true', PM2_DISABLE_VERSION_CHECK: 'true' });
}

/** Builds the history (two good releases), checks the newest out and starts it under pm2. */
export async function openShop(folder: string, port: number): Promise<Shop> {
  const origin = join(folder, 'shop.git');
  const work = join(folder, 'work');
  const app = join(folder, 'app');
  const env = pm2Env(join(folder, 'pm2'));
  await run(['git', 'init', '--quiet', '--bare', '--initial-branch=main', origin], { env: gitEnv });
  await git(folder, 'clone', '--quiet', origin, work).catch(() => '');
  await git(work, 'checkout', '--quiet', '-B', 'main');
  copyFileSync(join(source, 'server.mjs'), join(work, 'server.mjs'));
  await commitRelease(work, '2.13.1', 'plain', 'Release 2.13.1: the shop opens');
  await commitRelease(work, '2.13.2', 'plain', 'Release 2.13.2: faster health page');
  await git(work, 'push', '--quiet', 'origin', 'main', '--tags');
  await git(folder, 'clone', '--quiet', origin, app);
  copyFileSync(join(source, 'deploy.mjs'), deployScript({ folder }));
  const ecosystem = join(folder, 'ecosystem.config.cjs');
  writeFileSync(ecosystem, ecosystemText(app, port));
  mkdirSync(join(folder, 'pm2'), { recursive: true });
  await run(['pm2', 'start', ecosystem, '--silent'], { env });
  await until('the shop', 15_000, async () => ((await fetch(`http://127.0.0.1:${port}/health`)).ok ? true : null));
  return { folder, origin, port, env, ecosystem };
}

async function commitRelease(work: string, version: string, pricing: string, message: string): Promise<void> {
  writeFileSync(join(work, 'release.json'), `${JSON.stringify({ version, pricing }, null, 2)}\n`);
  await git(work, 'add', '--all');
  await git(work, 'commit', '--quiet', '--message', message);
  await git(work, 'tag', '--annotate', `v${version}`, '--message', message);
}

function ecosystemText(app: string, port: number): string {
  const settings = {
    name: 'shop-api',
    script: join(app, 'server.mjs'),
    cwd: app,
    exec_mode: 'cluster',
    instances: 1,
    wait_ready: true,
    listen_timeout: 5_000,
    kill_timeout: 2_000,
    vizion: false,
    env: { SHOP_PORT: String(port), EXPRESS_CHECKOUT: 'true' },
  };
  return `module.exports = { apps: [${JSON.stringify(settings, null, 2)}] };\n`;
}

/** Where the pipeline's script lies. */
export function deployScript({ folder }: Pick<Shop, 'folder'>): string {
  return join(folder, 'deploy.mjs');
}

/** What the deployment script needs; the story and Backout's rollback run the same one. */
export function deployEnv(shop: Shop, hookUrl: string, secret: string, actor: string): Record<string, string> {
  return {
    ...shop.env,
    APP_FOLDER: join(shop.folder, 'app'),
    ECOSYSTEM: shop.ecosystem,
    HOOK_URL: hookUrl,
    HOOK_SECRET: secret,
    ACTOR: actor,
  };
}

/** Commits the bad release, pushes it and lets the pipeline deploy it. */
export async function shipBadRelease(shop: Shop, hookUrl: string, secret: string): Promise<void> {
  const work = join(shop.folder, 'work');
  await commitRelease(work, '2.14.0', 'discounts', 'Release 2.14.0: discounts');
  await git(work, 'push', '--quiet', 'origin', 'main', '--tags');
  await run(['node', deployScript(shop)], { env: deployEnv(shop, hookUrl, secret, 'lee') });
}

/** Ends the shop and its pm2, and waits until the daemon is gone: `pm2 kill` answers before that. */
export async function closeShop(shop: Pick<Shop, 'env'>): Promise<void> {
  const file = join(shop.env.PM2_HOME ?? '', 'pm2.pid');
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  await run(['pm2', 'kill', '--silent'], { env: shop.env });
  await until('the end of pm2', 5_000, async () => (pid === 0 || startTime(pid) === null ? true : null));
}
