import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { accountName, actingUid } from '../../commands/cli/account.ts';
import type { CheckedCatalogue, CliDeps, Engine } from '../../commands/cli/deps.ts';
import { createRoutes } from '../../commands/routes.ts';
import { pause } from '../../jobs/pause.ts';
import { bullDoorbell } from '../adapters/bullmq/doorbell.ts';
import { relayBell } from '../adapters/redis/relay-bell.ts';
import { slackManifest } from '../adapters/slack/manifest.ts';
import { discoveredCatalogue, readerRole } from '../config/discovered.ts';
import { type Environment, environmentVariable, inheritedVariables } from '../config/env.ts';
import { starterCatalogue } from '../config/init.ts';
import { catalogueJsonSchema } from '../config/json-schema.ts';
import { formatProblem } from '../config/problem.ts';
import { holdCatalogue, readCatalogueFile } from '../config/reload.ts';
import type { Catalogue } from '../domain/catalogue.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { NamedProbe } from '../ports/probe.ts';
import { lookingRights } from './cluster-rights.ts';
import { doorDeps } from './door.ts';
import { drawPosts } from './draw.ts';
import { doctorProbes } from './probes.ts';
import { openSlack, slackUnasked } from './slack.ts';
import { openStores, redisUrl, type Stores } from './stores.ts';
import { catalogueTables } from './tables.ts';

const above = join(import.meta.dirname, '..', '..');
/** The checkout's or the package's folder: what is built lies one deeper than what it was built from. */
const packageRoot = existsSync(join(above, 'package.json')) ? above : join(above, '..');

const clock: Clock = { now: () => Date.now() };
const hourMs = 3_600_000;

/** Who acts: the account of the process's real user id, or of SUDO_UID where that is root's; no other variable counts. */
function account(): string | null {
  const uid = actingUid({ uid: process.getuid?.() ?? -1, sudoUid: environmentVariable('SUDO_UID') });
  return accountName(readFileSync('/etc/passwd', 'utf8'), uid);
}

async function checkFile(env: Environment, file: string | null): Promise<CheckedCatalogue> {
  const path = file ?? env.BACKOUT_CATALOG;
  const read = await readCatalogueFile(catalogueTables, path);
  if (read.ok)
    return { kind: 'fine', file: path, catalogue: read.catalogue, warnings: read.warnings.map(formatProblem) };
  const problems = read.problems.map(problem => ({ ...problem, suggestion: null }));
  return { kind: 'broken', data: { file: path, problems, kept: false } };
}

async function today(env: Environment, stores: Stores): Promise<Catalogue | null> {
  const published = await stores.catalogues.current().catch(() => null);
  if (published) return published;
  const read = await readCatalogueFile(catalogueTables, env.BACKOUT_CATALOG);
  return read.ok ? read.catalogue : null;
}

/** Opens what a command needs: the same stores and routes as the bot's; whatever is to be done is rung for a worker. */
async function openEngine(env: Environment, log: Log): Promise<Engine> {
  const [stores, slack] = await Promise.all([openStores(redisUrl(env), log, () => hourMs), openSlack(env, clock, log)]);
  const bell = relayBell(stores.connection);
  const doorbell = await bullDoorbell({
    connection: stores.place,
    ringRelay: bell.ring,
    trouble: failure => log.debug({ err: failure }, 'BullMQ'),
  });
  const catalogue = await today(env, stores);
  const probes = doctorProbes({ env, stores, slack, clock, today: () => catalogue, socketTrouble: () => null });
  const directory = slack?.directory ?? slackUnasked;
  const file = env.BACKOUT_CATALOG;
  const publish = (found: Catalogue) => stores.catalogues.publish(found);
  const holder = catalogue && holdCatalogue({ tables: catalogueTables, file, publish }, catalogue);
  const routes = createRoutes(doorDeps({ stores, directory, doorbell, clock, probes, holder, file }));
  return {
    routes,
    runs: stores.runs,
    catalogues: stores.catalogues,
    draw: drawPosts(stores),
    async close() {
      bell.close();
      await doorbell.close();
      await stores.close();
    },
  };
}

async function probes(env: Environment, log: Log): Promise<readonly NamedProbe[]> {
  const [stores, slack] = await Promise.all([openStores(redisUrl(env), log, () => hourMs), openSlack(env, clock, log)]);
  const catalogue = await today(env, stores);
  const all = doctorProbes({ env, stores, slack, clock, today: () => catalogue, socketTrouble: () => null });
  let left = all.length;
  const counted = all.map(
    ({ subject, look }): NamedProbe => ({
      subject,
      look: async context => {
        try {
          return await look(context);
        } finally {
          left -= 1;
          if (left === 0) await stores.close();
        }
      },
    }),
  );
  return counted;
}

async function writeNew(file: string, text: string): Promise<boolean> {
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o644 });
    return true;
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw failure;
  }
}

function demo(): Promise<number> {
  const child = spawn(process.execPath, [join(packageRoot, 'demo', 'run.mjs')], { stdio: 'inherit' });
  return new Promise(resolve => {
    child.on('error', () => resolve(1));
    child.on('exit', code => resolve(code ?? 1));
  });
}

/** Makes what the command line works with. */
export function cliDeps(env: Environment, log: Log, startProgram: () => Promise<number>): CliDeps {
  const interrupted = new AbortController();
  return {
    out: text => process.stdout.write(`${text}\n`),
    err: text => process.stderr.write(`${text}\n`),
    trouble: failure => log.error({ err: failure }, 'A command failed'),
    account,
    locale: /^zh/i.test(environmentVariable('LANG') ?? '') ? 'zh-CN' : 'en',
    version: JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')).version,
    clock,
    requestId: () => `cli:${randomUUID()}`,
    pause,
    interrupted: interruptible(interrupted),
    open: () => openEngine(env, log),
    check: file => checkFile(env, file),
    schema: () => catalogueJsonSchema(catalogueTables),
    probes: () => probes(env, log),
    starter: ({ service, account: who }) => ({
      'backout.yaml': starterCatalogue({ service, account: who, slackUser: null, channel: null }),
      'slack-manifest.json': `${JSON.stringify(slackManifest({ socketMode: true }), null, 2)}\n`,
    }),
    discover: async ({ namespaces, account: who, signal }) => {
      const { createDiscover } = await import('../adapters/kubernetes/discover.ts');
      const found = await createDiscover({ kubeconfig: env.KUBECONFIG, childEnvironment: inheritedVariables(), clock })(
        namespaces,
        signal,
      );
      const catalogue = discoveredCatalogue(found, who);
      const role = { 'backout-reader.yaml': readerRole(namespaces, lookingRights()) };
      return { found: found.length, files: catalogue ? { 'backout.discovered.yaml': catalogue, ...role } : {} };
    },
    writeNew,
    start: startProgram,
    demo,
  };
}

function interruptible(controller: AbortController): AbortSignal {
  process.once('SIGINT', () => controller.abort());
  return controller.signal;
}
