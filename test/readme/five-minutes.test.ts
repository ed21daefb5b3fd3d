import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { slackManifest } from '../../src/adapters/slack/manifest.ts';
import { type SlackRig, startSlackRig } from '../fakes/slack/rig.ts';

const program = join(import.meta.dirname, '../../bin/backout.mjs');
const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
const shown = /## Your own workspace[^\n]*\n([\s\S]*?)\n## /.exec(readme)?.[1] ?? '';

let folder: string;
let slack: SlackRig;
let running: ChildProcess | null = null;
let url = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backout-readme-'));
  slack = await startSlackRig({ users: ['mara'], channels: ['ops'] });
});
afterAll(async () => {
  running?.kill('SIGTERM');
  await slack.close();
  await rm(folder, { recursive: true, force: true });
});

const env = { PATH: process.env.PATH, HOME: process.env.HOME, LANG: 'C.UTF-8' };

/** Types a command of the README in the folder; answers its exit code and all that it said. */
function backout(...argv: readonly string[]): Promise<{ code: number; said: string }> {
  return new Promise(resolve => {
    execFile(process.execPath, [program, ...argv], { cwd: folder, env, timeout: 30_000 }, (failure, out, err) =>
      resolve({ code: failure ? Number(failure.code ?? -1) : 0, said: `${out}${err}` }),
    );
  });
}

/** Replaces an example in the catalogue by something real; fails where the example is not there. */
async function fillIn(example: string, real: string): Promise<void> {
  const file = join(folder, 'backout.yaml');
  const text = await readFile(file, 'utf8');
  expect(text).toContain(example);
  await writeFile(file, text.replaceAll(example, real));
}

/** The ids of processes that were started in the folder or name it. */
function processesOf(place: string): readonly string[] {
  return readdirSync('/proc').filter(id => {
    if (!/^\d+$/.test(id) || id === String(process.pid)) return false;
    try {
      return (
        readlinkSync(`/proc/${id}/cwd`).startsWith(place) || readFileSync(`/proc/${id}/cmdline`, 'utf8').includes(place)
      );
    } catch {
      return false;
    }
  });
}

async function start(): Promise<string> {
  const child = spawn(process.execPath, [program, 'start'], { cwd: folder, env, stdio: ['ignore', 'inherit', 'pipe'] });
  running = child;
  let said = '';
  child.stderr.on('data', chunk => {
    said += chunk;
  });
  const ready = () => /"url":"(http:[^"]+)".*Backout is ready/.exec(said)?.[1];
  return await slack.eventually('Backout is ready', ready, 30_000);
}

describe('the five-minute path of the README', { timeout: 60_000 }, () => {
  it('has these commands, in this order', () => {
    expect([...shown.matchAll(/npx backout (\w+)/g)].map(([, name]) => name)).toEqual([
      'init',
      'check',
      'start',
      'doctor',
    ]);
  });

  it('1, 2: init writes a catalogue and the manifest for Socket Mode', async () => {
    const { code, said } = await backout('init', 'shop');
    expect(code, said).toBe(0);
    expect(JSON.parse(await readFile(join(folder, 'slack-manifest.json'), 'utf8'))).toEqual(
      slackManifest({ socketMode: true }),
    );
    expect((await backout('init', 'shop')).code).toBe(1);
  });

  it('3, 4: with tokens, a person and a channel filled in, check finds nothing wrong', async () => {
    const tokens = {
      SLACK_BOT_TOKEN: slack.bot.token,
      SLACK_SIGNING_SECRET: slack.signingSecret,
      SLACK_API_URL: slack.apiUrl,
      PORT: '0',
    };
    const lines = Object.entries(tokens).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(join(folder, '.env'), lines.join(''));
    await fillIn('C0123456789 # fill in', slack.channel('ops'));
    await fillIn('U0123456789 # fill in', slack.user('mara'));
    expect(await backout('check')).toMatchObject({
      code: 0,
      said: expect.stringContaining('nothing wrong, 1 service'),
    });
    await fillIn('mode: observe', 'mode: observed');
    expect(await backout('check')).toMatchObject({ code: 1, said: expect.stringMatching(/observe/) });
    await fillIn('mode: observed', 'mode: observe');
  });

  it('a token that Slack could not answer to is refused at start', async () => {
    const file = join(folder, '.env');
    const whole = await readFile(file, 'utf8');
    await writeFile(file, whole.replace(/SLACK_SIGNING_SECRET=.*\n/, ''));
    expect(await backout('start')).toMatchObject({ code: 1, said: expect.stringContaining('needs SLACK_APP_TOKEN') });
    await writeFile(file, whole);
  });

  it('before the start doctor says what is missing, and other commands that nothing is confirmed', async () => {
    const doctor = await backout('doctor');
    expect(doctor).toMatchObject({
      code: 1,
      said: expect.stringMatching(/Redis: does not answer[\s\S]*backout start/),
    });
    expect(await backout('status')).toMatchObject({ code: 3, said: expect.stringContaining('Not confirmed') });
  });

  it('5: start brings up Redis, the worker and the door, and doctor finds nothing broken', async () => {
    url = await start();
    const doctor = await backout('doctor');
    expect(doctor, doctor.said).toMatchObject({ code: 0, said: expect.stringMatching(/worker worker: is running/) });
  });

  it('/rollback opens the form; with words it plans and shows, and changes nothing', async () => {
    await slack.command(url, 'mara', 'ops', '');
    const form = await slack.eventually('the form', () =>
      slack.workspace.views.findLast(view => view.callback_id === 'request'),
    );
    expect(JSON.stringify((await slack.suggest(url, 'mara', form, 'select-service', 'sho')).json)).toContain('shop');
    const typed = await slack.command(url, 'mara', 'ops', 'shop because payments fail');
    expect(typed.status).toBe(200);
    const root = await slack.eventually('the end of the run', async () =>
      (await slack.messages('ops')).find(message => /observe/i.test(message.text)),
    );
    expect(root.text).toContain('shop');
    expect(await backout('history', 'shop')).toMatchObject({ code: 0, said: expect.stringContaining('shop') });
  });

  it('after a change to the file, reload takes it, and a broken one keeps the one before', async () => {
    await fillIn('within: 10m', 'within: 12m');
    expect(await backout('reload')).toMatchObject({ code: 0 });
    await fillIn('within: 12m', 'within: soon');
    const broken = await backout('reload');
    expect(broken, broken.said).toMatchObject({ code: 1, said: expect.stringMatching(/within/) });
    await fillIn('within: soon', 'within: 12m');
  });

  it('Ctrl-C leaves no process and no socket', async () => {
    const ended = new Promise(resolve => running?.once('exit', resolve));
    running?.kill('SIGINT');
    expect(await ended).toBe(0);
    running = null;
    expect(processesOf(folder)).toEqual([]);
    expect(existsSync(join(folder, '.backout/redis/redis.sock'))).toBe(false);
  });
});
