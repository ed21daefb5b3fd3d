import { randomBytes } from 'node:crypto';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { type Alerting, startAlerting } from './alerting.ts';
import { demoCatalogue } from './catalogue.ts';
import { cleanUp, noteProcesses } from './left-over.ts';
import { freePort, programEnv, type Running, root, run, start, until } from './programs.ts';
import { closeShop, openShop, type Shop, shipBadRelease } from './shop.ts';
import { hasSlackPage, startSlackPage, tokens } from './slack-page.ts';

/** How long the good release runs before the bad one goes out, in ms: longer than it has to soak. */
const goodForMs = 9_000;

const folder = process.env.BACKOUT_DEMO_DIR ?? join(tmpdir(), `backout-demo-${userInfo().username}`);
const closers: (() => Promise<void>)[] = [];
let stopping = false;

async function stop(code: number): Promise<never> {
  if (stopping) return new Promise(() => {});
  stopping = true;
  for (const close of closers.reverse()) await close().catch(failure => console.error(String(failure)));
  console.log('The demo is over; nothing is left running.');
  process.exit(code);
}

interface Doors {
  readonly page: number;
  readonly bot: number;
  readonly shop: number;
}

async function startBot(doors: Doors, shop: Shop, secret: string, log: number): Promise<Running> {
  const botUrl = `http://127.0.0.1:${doors.bot}`;
  const catalogue = join(folder, 'backout.yaml');
  writeFileSync(catalogue, demoCatalogue(shop, `${botUrl}/hooks/deployments/ci`));
  const slack = hasSlackPage()
    ? {
        SLACK_BOT_TOKEN: tokens.bot,
        SLACK_SIGNING_SECRET: tokens.signingSecret,
        SLACK_API_URL: `http://127.0.0.1:${doors.page}/api/`,
      }
    : {};
  const env = programEnv({
    ...slack,
    PORT: String(doors.bot),
    BACKOUT_CATALOG: catalogue,
    BACKOUT_STATE_DIR: join(folder, 'state'),
    BACKOUT_WORKER_NAME: 'demo',
    DEMO_HOOK_SECRET: secret,
  });
  const bot = start('Backout', ['node', join(root, 'bin', 'backout.mjs'), 'start'], env, log);
  closers.push(() => bot.stop());
  bot.process.once('exit', code => {
    if (!stopping) {
      console.error(`Backout ended by itself (${code}). Its last words:\n${lastWords(join(folder, 'log'))}`);
      void stop(1);
    }
  });
  await until('Backout', 20_000, async () => ((await fetch(`${botUrl}/readyz`)).ok ? true : null));
  return bot;
}

function lastWords(log: string): string {
  return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-12).join('\n');
}

function say(doors: Doors): void {
  const backout = `BACKOUT_STATE_DIR=${join(folder, 'state')} BACKOUT_CATALOG=${join(folder, 'backout.yaml')} npx backout`;
  if (!hasSlackPage()) {
    console.log(`
The Slack look-alike page exists for Linux x64 only; here the story goes on in this terminal. Three things to try in another one:
  1. ${backout} candidates shop-api
  2. ${backout} rollback shop-api because "checkout answers 500" --watch
  3. ${backout} history
Ctrl-C ends the demo and leaves nothing running.
`);
    return;
  }
  console.log(`
Open  http://127.0.0.1:${doors.page}/   (the page listens on all interfaces of this machine)

Three things to try:
  1. In #shop-incidents, wait for the offer and click "Roll back to 2.13.2…" as Mara Lind.
  2. Switch "Act as" to Jon Bell, open the thread, look at the diff and approve. Then tick the box of the order.
  3. Type /rollback help, or /rollback candidates shop-api.

The shop: http://127.0.0.1:${doors.shop}/health    The catalogue: ${join(folder, 'backout.yaml')}
Ctrl-C ends the demo and leaves nothing running.
`);
}

async function openDemo(): Promise<{ doors: Doors; shop: Shop; secret: string }> {
  await cleanUp(folder);
  const log = openSync(join(folder, 'log'), 'a', 0o600);
  const [page, bot, shopPort] = [
    Number(process.env.BACKOUT_DEMO_PORT ?? (await freePort())),
    await freePort(),
    await freePort(),
  ];
  const doors = { page, bot, shop: shopPort };
  const secret = randomBytes(24).toString('hex');
  const shopFolder = join(folder, 'shop');
  mkdirSync(shopFolder);
  noteProcesses(folder, [process.pid]);
  console.log('Starting the shop, its Redis, the Slack page and Backout…');
  const slackPage = hasSlackPage() ? await startSlackPage(page, `http://127.0.0.1:${bot}`, folder, log) : null;
  if (slackPage) closers.push(() => slackPage.stop());
  const shop = await openShop(shopFolder, shopPort);
  closers.push(() => closeShop(shop));
  noteProcesses(folder, [process.pid, ...(slackPage?.process.pid ? [slackPage.process.pid] : [])]);
  const backout = await startBot(doors, shop, secret, log);
  const pids = [slackPage?.process.pid, backout.process.pid].filter(pid => pid !== undefined);
  noteProcesses(folder, [process.pid, ...pids]);
  return { doors, shop, secret };
}

async function tellStory(): Promise<void> {
  const { doors, shop, secret } = await openDemo();
  const hooks = `http://127.0.0.1:${doors.bot}/hooks`;
  const alerting: Alerting = startAlerting(doors.shop, `${hooks}/alertmanager/shop`, secret);
  closers.push(async () => alerting.stop());
  say(doors);
  await announceGoodRelease(shop, `${hooks}/deployments/ci`, secret);
  console.log('2.13.2 runs and is good.');
  await new Promise(resolve => setTimeout(resolve, goodForMs));
  if (stopping) return;
  await shipBadRelease(shop, `${hooks}/deployments/ci`, secret);
  console.log('2.14.0 went out: it forgets that an order may have no discount, and /checkout answers 500.');
}

async function announceGoodRelease(shop: Shop, url: string, secret: string): Promise<void> {
  const commit = (await run(['git', '-C', join(shop.folder, 'app'), 'rev-parse', 'HEAD'])).trim();
  const at = new Date().toISOString();
  const told = {
    event: 'deployment',
    status: 'succeeded',
    service: 'shop-api',
    environment: 'production',
    version: '2.13.2',
  };
  await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      ...told,
      commit,
      actor: 'lee',
      startedAt: at,
      finishedAt: at,
      id: `deploy-${commit.slice(0, 12)}`,
    }),
  });
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0));
tellStory().catch(async failure => {
  console.error(failure instanceof Error ? failure.message : failure);
  await stop(1);
});
