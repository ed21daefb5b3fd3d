import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironment } from '../../src/config/env.ts';
import { start } from '../../src/main/start.ts';
import { type KeptLog, keptLog } from '../adapters/slack/door.ts';
import { openParts } from './parts.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { type RigOptions, type SlackRig, startSlackRig } from './slack/rig.ts';

/** A whole Backout in this process, every role of it, on a workspace and a Redis of its own. */
export interface RunningBackout {
  readonly slack: SlackRig;
  readonly redis: TestRedis;
  readonly log: KeptLog;
  /** The folder of the catalogue and of what is kept. */
  readonly folder: string;
  readonly url: string;
  close(): Promise<void>;
}

/** Starts one on the catalogue that `text` makes of the workspace and its folder, which lies in `place`. */
export function startBackout(
  workspace: RigOptions,
  text: (slack: SlackRig, folder: string) => string,
  more: Readonly<Record<string, string>> = {},
  place = tmpdir(),
): Promise<RunningBackout> {
  return openParts(async later => {
    const folder = await mkdtemp(join(place, 'backout-running-'));
    later(() => rm(folder, { recursive: true, force: true }));
    const redis = await startRedis();
    later(redis.stop);
    const slack = await startSlackRig(workspace);
    later(slack.close);
    const file = join(folder, 'backout.yaml');
    await writeFile(file, text(slack, folder));
    const read = readEnvironment({
      SLACK_BOT_TOKEN: slack.bot.token,
      SLACK_SIGNING_SECRET: slack.signingSecret,
      SLACK_API_URL: slack.apiUrl,
      REDIS_URL: redis.url,
      PORT: '0',
      BACKOUT_CATALOG: file,
      BACKOUT_STATE_DIR: folder,
      ...more,
    });
    if (!read.ok) throw new Error(read.problems.join('\n'));
    const log = keptLog();
    const running = await start(read.env, log);
    later(running.stop);
    return { slack, redis, log, folder, url: running.url ?? '' };
  });
}
