import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../test/fakes/redis.ts';
import type { SlackRig } from '../test/fakes/slack/rig.ts';
import type { Folder } from './catalogue.ts';

/** The real program, `backout start`, as a process. */
export interface Program {
  readonly url: string;
  readonly pid: number;
  /** Ms from its start until `/readyz` answered 200. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

/** The settings of a process in all roles. */
export async function settingsFor(
  redisUrl: string,
  slack: Pick<SlackRig, 'bot' | 'signingSecret' | 'apiUrl'>,
  folder: Pick<Folder, 'catalogue' | 'stateDir'>,
): Promise<Readonly<Record<string, string>>> {
  return {
    SLACK_BOT_TOKEN: slack.bot.token,
    SLACK_SIGNING_SECRET: slack.signingSecret,
    SLACK_API_URL: slack.apiUrl,
    REDIS_URL: redisUrl,
    PORT: String(await freePort()),
    BACKOUT_CATALOG: folder.catalogue,
    BACKOUT_STATE_DIR: folder.stateDir,
    LOG_LEVEL: 'error',
  };
}

/** Starts the program and waits until it is ready; throws where it is not in 30 s. */
export async function startProgram(settings: Readonly<Record<string, string>>): Promise<Program> {
  const entry = join(import.meta.dirname, '..', 'bin', 'backout.mjs');
  const began = performance.now();
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...settings };
  const child = spawn(process.execPath, [entry, 'start'], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const url = `http://127.0.0.1:${settings.PORT}`;
  try {
    await ready(child, url);
  } catch (failure) {
    child.kill('SIGKILL');
    throw failure;
  }
  const readyMs = performance.now() - began;
  return {
    url,
    pid: child.pid ?? -1,
    readyMs,
    stop: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}

async function ready(child: ChildProcess, url: string): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await delay(10)) {
    if (child.exitCode !== null) throw new Error(`backout start ended with ${child.exitCode}`);
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    await answer?.body?.cancel();
    if (answer?.status === 200) return;
  }
  throw new Error('backout start was not ready in 30 s');
}
