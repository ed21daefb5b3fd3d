import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTime, until } from '../../demo/programs.ts';

const root = join(import.meta.dirname, '..', '..');
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
const quiet = ['--disable-background-networking', '--disable-component-update'];

/** A screenshot of the finished thread goes here where this is set. */
const picture = process.env.BACKOUT_SCREENSHOT;

interface Noted {
  readonly pid: number;
  readonly startTime: string;
}

describe('npm run demo, clicked through', () => {
  const folder = picture ? join(tmpdir(), 'backout-demo') : mkdtempSync(join(tmpdir(), 'backout-demo-'));
  let demo: ChildProcess;
  let browser: Browser;
  let page: Page;
  let said = '';
  let noted: Noted[] = [];

  beforeAll(async () => {
    expect(executablePath, 'Chromium is missing: apt-get install chromium').toBeDefined();
    demo = spawn('node', [join(root, 'demo', 'main.ts')], {
      cwd: root,
      env: { ...process.env, BACKOUT_DEMO_DIR: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    demo.stdout?.on('data', chunk => {
      said += chunk;
    });
    const url = await until('the address', 60_000, async () => /Open {2}(\S+)/.exec(said)?.[1] ?? null);
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: [...flags, ...quiet] });
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(60_000);
    await page.goto(url);
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  async function stop(): Promise<unknown> {
    if (demo.exitCode !== null) return demo.exitCode;
    const ended = new Promise(resolve => demo.once('exit', resolve));
    demo.kill('SIGINT');
    return await ended;
  }

  const actAs = (name: string) => page.locator('.actas select').selectOption({ label: name });
  const thread = () => page.locator('.thread-panel, .thread, aside, section').last();
  const text = () => page.locator('body').innerText();

  it('offers the rollback unprompted', async () => {
    await page.getByRole('button', { name: 'Roll back to 2.13.2…' }).waitFor();
    expect(await text()).toContain('Cause not proven');
    expect(await text()).toContain('Last good: 2.13.2');
  }, 90_000);

  it('takes the request as Mara', async () => {
    await actAs('Mara Lind');
    await page.getByRole('button', { name: 'Roll back to 2.13.2…' }).click();
    await page.getByRole('button', { name: 'Ask for approval' }).click();
    await page.getByText('Nothing has changed yet.').waitFor();
    await page.locator('.modal-x').click();
    await page.getByText('WAITING FOR APPROVAL (0 of 1)').waitFor();
  }, 90_000);

  it('counts no approval of Mara, and the one of Jon', async () => {
    await page.locator('.thread-summary').last().click();
    await page.getByRole('button', { name: 'Approve 2.13.2' }).click();
    await page.getByText('Not counted').first().waitFor();
    await actAs('Jon Bell');
    await page.getByRole('button', { name: 'Approve 2.13.2' }).click();
    await page.getByText('approved by @Jon Bell').first().waitFor();
  }, 90_000);

  it('shows progress, and waits for the box of the checklist', async () => {
    await page.getByText('VERIFYING 2.13.2, 3 of 4').first().waitFor();
    await page.getByRole('button', { name: 'It holds' }).first().click();
  }, 90_000);

  it('ends verified, with the record in the thread and the service well', async () => {
    await page.getByText('ROLLED BACK, VERIFIED').first().waitFor();
    await page.getByText('succeeded').first().waitFor();
    const health = /The shop: (\S+)/.exec(said)?.[1] ?? '';
    expect(await (await fetch(health)).json()).toMatchObject({ status: 'healthy', version: '2.13.2' });
    if (picture) {
      await thread().evaluate(panel => panel.scrollTo(0, panel.scrollHeight));
      await page.screenshot({ path: picture });
    }
  }, 90_000);

  it('leaves nothing running after Ctrl-C', async () => {
    noted = JSON.parse(readFileSync(join(folder, 'processes.json'), 'utf8'));
    const pm2 = Number(readFileSync(join(folder, 'shop', 'pm2', 'pm2.pid'), 'utf8'));
    const redis: Noted = JSON.parse(readFileSync(join(folder, 'state', 'redis', 'server.json'), 'utf8'));
    expect(await stop()).toBe(0);
    for (const one of [...noted, redis]) expect(startTime(one.pid)).not.toBe(one.startTime);
    expect(startTime(pm2)).toBeNull();
  }, 60_000);
});
