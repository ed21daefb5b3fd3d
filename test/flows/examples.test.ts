import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackout } from '../fakes/running.ts';
import type { SlackRig } from '../fakes/slack/rig.ts';
import { hasButton } from './backout.ts';
import { type ExampleHost, openHost } from './example-worlds.ts';

const example = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../examples', name, 'backout.yaml'), 'utf8');

/** The example's text with places that exist only on somebody's host replaced; each must be there, so that no replacement is idle. */
function moved(text: string, places: readonly (readonly [string, string])[]): string {
  return places.reduce((so, [from, to]) => {
    if (!so.includes(from)) throw new Error(`the example does not hold ${from}`);
    return so.replaceAll(from, to);
  }, text);
}

/** A whole Backout on an example's catalogue, with two people who approve for each other. */
async function startExample(text: string, people: readonly [string, string], ids: Readonly<Record<string, string>>) {
  const written = (slack: SlackRig) => {
    const known: Record<string, string> = {
      channel: slack.channel('ops'),
      [people[0]]: slack.user(people[0]),
      [people[1]]: slack.user(people[1]),
    };
    return moved(
      text,
      Object.entries(ids).map(([who, id]) => [id, known[who] ?? '']),
    );
  };
  const { slack, url, close } = await startBackout({ users: [...people], channels: ['ops'] }, written);
  const [asks, approves] = people;
  // Slowly: the workspace limits how often a channel may be read, and every run has a thread in it.
  const posted = async () => {
    await delay(250);
    return slack.messages('ops');
  };
  return {
    say: async (command: string) => JSON.stringify((await slack.command(url, asks, 'ops', command)).json),
    /** Asks, approves by the other person, and answers the root message of the run once it is over. */
    roll: async (command: string): Promise<string> => {
      const before = new Set((await posted()).map(message => message.ts));
      const reply = await slack.command(url, asks, 'ops', command);
      const card = await slack.eventually(
        `the card of "${command}" (${JSON.stringify(reply.json)})`,
        async () => (await posted()).find(message => !before.has(message.ts) && hasButton('run-approve')(message)),
        30_000,
      );
      await slack.click(url, approves, card, 'run-approve');
      const over = /VERIFIED|NEEDS YOU|NOT DONE|PUT BACK|NOTHING TO DO|验证通过|需要|未执行|已恢复|无需/;
      const root = await slack.eventually(
        `the end of "${command}"`,
        async () => (await posted()).find(message => message.ts === card.thread_ts && over.test(message.text)),
        90_000,
      );
      return root.text;
    },
    eventually: slack.eventually,
    close,
  };
}

/** The service of the WebSocket example; what it answers depends on the switches it was started with. */
const websocketServer = (healthyGateway: boolean): string => `
const { readFileSync } = require('node:fs');
const file = Object.fromEntries(readFileSync(process.env.ENV_FILE, 'utf8').split('\\n').filter(l => l.includes('=')).map(l => l.split('=')));
const flag = name => (process.env[name] ?? file[name]) === 'true';
const flags = { gatewayOnlyMode: flag('WS_GATEWAY_ONLY_MODE'), allowLegacyFallback: flag('WS_ALLOW_LEGACY_FALLBACK'), strictMode: flag('WS_STRICT_MODE') };
const healthy = ${healthyGateway} || !flags.gatewayOnlyMode;
const answers = {
  '/api/health': { status: healthy ? 'healthy' : 'down' },
  '/api/health/websocket': {}, '/api/health/stream-data-fetcher': {}, '/api/health/websocket-legacy-support': {},
  '/api/v1/monitoring/feature-flags/websocket': { status: 'healthy', flags },
  '/api/v1/monitoring/connection-pool-stats': { used: 3 }, '/api/v1/monitoring/error-rate': { rate: 0.0004 },
  '/api/v1/stream/test-connection': {}, '/api/v1/receiver/get-stock-quote': { price: 1 },
};
require('node:http').createServer((request, answer) => {
  const body = answers[new URL(request.url, 'http://x').pathname];
  answer.writeHead(body && healthy ? 200 : 503, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {}));
}).listen(Number(process.env.PORT), '127.0.0.1');
`;

describe('the WebSocket example on real parts', { timeout: 120_000 }, () => {
  let host: ExampleHost;
  let bot: Awaited<ReturnType<typeof startExample>>;
  let envFile: string;

  beforeAll(async () => {
    host = await openHost('newstockapi-backend');
    envFile = join(host.folder, 'shared', '.env');
    mkdirSync(join(host.folder, 'shared'));
    writeFileSync(
      envFile,
      '# switches\nWS_GATEWAY_ONLY_MODE=true\nWS_ALLOW_LEGACY_FALLBACK=false\nWS_STRICT_MODE=true\nOTHER=1\n',
    );
    const shared = {
      'package.json': JSON.stringify({
        version: '1.0.0',
        scripts: { 'typecheck:file': 'node --check', build: 'node --check server.cjs' },
      }),
      'src/websocket-server.provider.js': 'module.exports = {};\n',
      'test/manual/websocket-connection-test.js': 'process.exit(0);\n',
    };
    await host.commit('Before the clean-up', { ...shared, 'server.cjs': websocketServer(true) }, 'v1.0.0');
    await host.commit('Clean the two servers up', { 'server.cjs': websocketServer(false) }, 'v2.0.0');
    await host.firstStart('newstockapi-backend', { PORT: String(host.port), ENV_FILE: envFile });
    const text = moved(example('websocket'), [
      ['http://127.0.0.1:3000', `http://127.0.0.1:${host.port}`],
      ['/srv/newstockapi/bin/deploy', host.deployProgram],
      ['/srv/newstockapi/current', host.current],
      ['/srv/newstockapi/shared/.env', envFile],
      ['/srv/git/newstockapi.git', host.remote],
      ['/home/deploy/.pm2', host.home],
    ]);
    bot = await startExample(text, ['lin', 'chen'], { channel: 'C0NEWSTOCKOPS', lin: 'U0LIN', chen: 'U0CHEN' });
  }, 60_000);
  afterAll(async () => {
    await bot?.close();
    await host?.close();
  }, 60_000);

  it('layer 1 in the .env file: every switch set, the rest byte for byte, the process restarted with them (23, 48, 50, 178)', async () => {
    expect(await bot.roll('newstockapi-backend strategy switch-file because the gateway is down')).toMatch(/验证通过/);
    expect(readFileSync(envFile, 'utf8')).toBe(
      '# switches\nWS_GATEWAY_ONLY_MODE=false\nWS_ALLOW_LEGACY_FALLBACK=true\nWS_STRICT_MODE=false\nOTHER=1\nWS_VALIDATION_MODE=production\n',
    );
  });

  it('layer 1 in pm2 (45, 46, 49)', async () => {
    expect(await bot.roll('newstockapi-backend strategy switch because the gateway is down')).toMatch(/验证通过/);
  });

  it('layer 2: check, build, restart (24, 69, 70, 71, 179)', async () => {
    expect(await bot.roll('newstockapi-backend level 2 scenario performance-drop because answers are slow')).toMatch(
      /验证通过/,
    );
  });

  it('layer 3: the whole code of the release before, deployed and verified as a system (25, 27, 67, 68, 183-188)', async () => {
    await bot.eventually(
      'the release before among the candidates',
      async () => /v1\.0\.0/.test(await bot.say('candidates newstockapi-backend')),
      40_000,
    );
    await bot.say('grade newstockapi-backend v1.0.0 good because it ran for a year');
    const end = await bot.roll('newstockapi-backend to v1.0.0 level 3 because the architecture is at fault');
    expect(end).toMatch(/验证通过/);
    expect(readFileSync(join(host.current, 'server.cjs'), 'utf8')).toBe(websocketServer(true));
  });

  it('the way forward: back to the normal switches (51)', async () => {
    expect(await bot.roll('newstockapi-backend strategy roll-forward scenario recovered because all is well')).toMatch(
      /验证通过/,
    );
  });
});

describe('the strategy chapter on a real host', { timeout: 120_000 }, () => {
  const server = `
const { version } = require('./package.json');
require('node:http').createServer((_, answer) => answer.end(JSON.stringify({ status: 'ok', version }))).listen(Number(process.env.PORT), '127.0.0.1');
`;

  it('stops the current version, starts the target version, and believes only an answer from it (75, 371-373)', async () => {
    const host = await openHost('my-app');
    let bot: Awaited<ReturnType<typeof startExample>> | undefined;
    try {
      await host.commit('1.9.0', { 'package.json': '{"version":"1.9.0"}', 'server.cjs': server });
      await host.commit('1.10.0', { 'package.json': '{"version":"1.10.0"}' });
      await host.commit('1.11.0', { 'package.json': '{"version":"1.11.0"}' });
      await host.firstStart('my-app', { PORT: String(host.port) });
      const text = moved(example('strategy-chapter'), [
        ['http://127.0.0.1:8080', `http://127.0.0.1:${host.port}`],
        ['/srv/my-app/bin/version', host.deployProgram],
        ['/srv/my-app/current', host.current],
        ['/srv/git/my-app.git', host.remote],
      ]);
      bot = await startExample(text, ['ada', 'max'], { channel: 'C0CHAPTEROPS', ada: 'U0ADA', max: 'U0MAX' });
      const { say, roll, eventually } = bot;
      await eventually('the releases', async () => /1\.10\.0/.test(await say('candidates my-app in host')), 40_000);
      for (const good of ['1.9.0', '1.10.0']) await say(`grade my-app in host ${good} good because it ran well`);
      expect(await roll('my-app in host level 3 because users complain')).toMatch(/VERIFIED/);
      expect(JSON.parse(readFileSync(join(host.current, 'package.json'), 'utf8'))).toEqual({ version: '1.10.0' });
    } finally {
      await bot?.close();
      await host.close();
    }
  });
});
