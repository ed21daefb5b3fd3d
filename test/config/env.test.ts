import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readEnvironment, variableNames } from '../../src/config/env.ts';

describe('the environment', () => {
  it('has its defaults', () => {
    const read = readEnvironment({ PORT: '', REDIS_URL: '  ' });
    expect(read).toEqual({
      ok: true,
      env: {
        SLACK_BOT_TOKEN: null,
        SLACK_SIGNING_SECRET: null,
        SLACK_APP_TOKEN: null,
        SLACK_API_URL: null,
        REDIS_URL: null,
        HOST: '127.0.0.1',
        PORT: 3000,
        BACKOUT_CATALOG: './backout.yaml',
        BACKOUT_ROLE: 'all',
        BACKOUT_WORKER_NAME: 'worker',
        BACKOUT_STATE_DIR: './.backout',
        LOG_LEVEL: 'info',
        KUBECONFIG: null,
      },
    });
    expect(read.ok && Object.isFrozen(read.env)).toBe(true);
  });

  it('tells all problems at once and no value of a secret', () => {
    const read = readEnvironment({
      SLACK_BOT_TOKEN: 'hunter2',
      REDIS_URL: 'http://x',
      PORT: '99999',
      BACKOUT_ROLE: 'wroker',
      LOG_LEVEL: 'loud',
    });
    expect(read).toEqual({
      ok: false,
      problems: [
        'SLACK_BOT_TOKEN should begin with `xoxb-`',
        'REDIS_URL should be a URL that begins with redis://, rediss://, unix://',
        'PORT should be a port, 0 to 65535',
        'BACKOUT_ROLE should be one of all, bot, worker; did you mean `worker`?',
        'LOG_LEVEL should be one of fatal, error, warn, info, debug, trace, silent',
      ],
    });
  });

  it('is in step with .env.example', () => {
    const example = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
    const lines = example.split('\n').filter(line => line && !line.startsWith('#'));
    expect(lines.map(line => line.split('=')[0])).toEqual(variableNames);
    const given = Object.fromEntries(lines.map(line => line.split('=') as [string, string]));
    expect(readEnvironment(given)).toEqual(readEnvironment({}));
  });
});
