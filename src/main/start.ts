import { dirname, resolve } from 'node:path';
import { createRoutes } from '../../commands/routes.ts';
import { type Intake, startIntake } from '../../jobs/intake.ts';
import { createPacing } from '../../jobs/pacing.ts';
import { announceForMs, startReconciler } from '../../jobs/reconcile.ts';
import { createRelay } from '../../jobs/relay.ts';
import { startWatch } from '../../jobs/watch.ts';
import { readAlerts } from '../adapters/alertmanager/normalise.ts';
import { bullDoorbell } from '../adapters/bullmq/doorbell.ts';
import type { Workers } from '../adapters/bullmq/workers.ts';
import { readDeployment } from '../adapters/deployments/normalise.ts';
import { createProcesses } from '../adapters/process/processes.ts';
import { inspectRedis } from '../adapters/redis/inspect.ts';
import { onRelayBell, relayBell } from '../adapters/redis/relay-bell.ts';
import { clusterVariables, type Environment, inheritedVariables } from '../config/env.ts';
import { readSecret } from '../config/secrets.ts';
import type { Catalogue } from '../domain/catalogue.ts';
import { Refusal, reason } from '../domain/reason.ts';
import type { Answering } from '../ports/answering.ts';
import type { Clock } from '../ports/clock.ts';
import type { Doorbell } from '../ports/doorbell.ts';
import type { Log } from '../ports/log.ts';
import { countAnswers } from './answering.ts';
import { doorDeps } from './door.ts';
import { drawPosts } from './draw.ts';
import { openHttp } from './http.ts';
import { doctorProbes } from './probes.ts';
import { type Safety, watchSafety } from './safety.ts';
import { nobodyInSlack, openSlack, openSlackDoor, type SlackSide, slackUnasked } from './slack.ts';
import { openStores, ownRedis, redisUrl, type Stores } from './stores.ts';
import { bindTables } from './tables.ts';
import { readOrRefuse, StartProblems, type Today, todayFromFile, todayFromRedis } from './today.ts';
import { openWorker, ringNear } from './worker.ts';

/** A running Backout. */
export interface Running {
  /** Where its HTTP doors are; null in the worker role. */
  readonly url: string | null;
  /** Closes everything in the reverse order of opening; the embedded Redis last. */
  stop(): Promise<void>;
}

/** What every part of the process is given. */
interface Process {
  readonly env: Environment;
  readonly log: Log;
  readonly clock: Clock;
  readonly stores: Stores;
  readonly today: Today;
  readonly slack: SlackSide | null;
  readonly doorbell: Doorbell;
  readonly answering: Answering;
  /** What has to be closed, the last opened first. */
  readonly closers: (() => Promise<void> | void)[];
}

const none: Catalogue['hooks'] = { alertmanager: [], deployments: [] };

/**
 * Opens a process of the role that the environment names; throws `StartProblems` where it was started with something wrong. `bind` makes
 * the tables that its worker acts with.
 */
export async function start(env: Environment, log: Log, bind: typeof bindTables = bindTables): Promise<Running> {
  const closers: Process['closers'] = [];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) {
      await Promise.resolve(close()).catch(failure => log.warn({ err: failure }, 'Closing'));
    }
  };
  try {
    mustHearSlack(env);
    const opened = await openProcess(env, log, closers);
    const { stores } = opened;
    const inspect = () => inspectRedis(stores.connection);
    const safety = await watchSafety({ inspect, log, againMs: 5_000 });
    closers.push(() => safety.stop());
    const workers = env.BACKOUT_ROLE === 'bot' ? null : await openWorkerSide(opened, safety, bind);
    const worker = env.BACKOUT_ROLE === 'bot' ? null : env.BACKOUT_WORKER_NAME;
    // Known before the doors open: what needs this very worker is refused while it is not there.
    if (worker !== null) await stores.runs.announce(worker, announceForMs).catch(() => undefined);
    const doorbell = workers ? ringNear(opened.doorbell, env.BACKOUT_WORKER_NAME, workers) : opened.doorbell;
    const url = env.BACKOUT_ROLE === 'worker' ? null : await openBotSide({ ...opened, doorbell });
    const reconciler = startReconciler({
      store: stores.runs,
      releases: stores.releases,
      doorbell,
      worker,
      log,
      everyMs: 500,
    });
    closers.push(() => reconciler.stop());
    return { url, stop };
  } catch (failure) {
    await stop();
    throw failure;
  }
}

/** A bot that could post but not hear would look well and answer nobody. */
function mustHearSlack(env: Environment): void {
  const deaf = env.SLACK_SIGNING_SECRET === null && env.SLACK_APP_TOKEN === null;
  if (env.BACKOUT_ROLE !== 'worker' && env.SLACK_BOT_TOKEN !== null && deaf)
    throw new StartProblems([
      'SLACK_BOT_TOKEN needs SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP) beside it',
    ]);
}

async function openProcess(env: Environment, log: Log, closers: Process['closers']): Promise<Process> {
  const clock = { now: () => Date.now() };
  const catalogue = env.BACKOUT_ROLE === 'worker' ? null : await readOrRefuse(env.BACKOUT_CATALOG, log);
  const [redis, slack] = await Promise.all([ownRedis(env), openSlack(env, clock, log)]);
  if (redis) closers.push(() => redis.stop());
  const known: { today: Today | null } = { today: null };
  const stores = await openStores(redisUrl(env), log, target => known.today?.soakMs(target) ?? 3_600_000);
  closers.push(() => stores.close());
  const today = catalogue
    ? await todayFromFile(env, catalogue, stores.catalogues, log)
    : await todayFromRedis(stores.catalogues, log);
  known.today = today;
  closers.push(() => today.stop());
  const bell = relayBell(stores.connection);
  closers.push(() => bell.close());
  const trouble = (failure: Error): void => log.warn({ err: failure }, 'BullMQ');
  const doorbell = await bullDoorbell({ connection: stores.place, ringRelay: bell.ring, trouble });
  closers.push(() => doorbell.close());
  return { env, log, clock, stores, today, slack, doorbell, answering: countAnswers(), closers };
}

async function openWorkerSide(opened: Process, safety: Safety, bind: typeof bindTables): Promise<Workers> {
  const { env, log, clock, stores, slack, doorbell, today, answering, closers } = opened;
  const { PATH = '', HOME = '/', LANG } = inheritedVariables();
  const processes = createProcesses({ path: PATH, home: HOME, ...(LANG ? { lang: LANG } : {}) });
  const tables = bind({
    processes,
    readSecret,
    clock,
    alerts: stores.alerts,
    kubeconfig: env.KUBECONFIG,
    childEnvironment: inheritedVariables(),
    clusterVariables: clusterVariables(),
    stateDir: env.BACKOUT_STATE_DIR,
    catalogueFolder: dirname(resolve(env.BACKOUT_CATALOG)),
    kept: stores.kept,
  });
  const directory = slack?.directory ?? (env.BACKOUT_ROLE === 'worker' ? slackUnasked : nobodyInSlack);
  const parts = { env, stores, tables, doorbell, directory, processes, log, safety };
  const silent = () => {
    log.error({}, 'The workers went silent twice; this process ends so that a new one can start');
    process.kill(process.pid, 'SIGTERM');
  };
  const workers = await openWorker(parts, silent, answering.calm);
  closers.push(() => workers.close(25_000));
  const stopWatch = startWatch({
    catalogue: () => today.current(),
    releaseSources: tables.releaseSources,
    releases: stores.releases,
    runs: stores.runs,
    once: stores.once,
    worker: env.BACKOUT_WORKER_NAME,
    random: Math.random,
    log,
  });
  closers.push(stopWatch);
  return workers;
}

async function openBotSide(opened: Process): Promise<string> {
  const { env, log, clock, stores, today, slack, doorbell, answering, closers } = opened;
  const intake = openIntake(opened, () => inForce(today));
  if (slack) openRelay(opened, slack);
  const trouble: { of: () => string | null } = { of: () => null };
  const socketTrouble = (): string | null => trouble.of();
  const probes = doctorProbes({ env, stores, slack, clock, today: () => today.current(), socketTrouble });
  const directory = slack?.directory ?? nobodyInSlack;
  const file = env.BACKOUT_CATALOG;
  const routes = createRoutes(doorDeps({ stores, directory, doorbell, clock, probes, holder: today.holder, file }));
  const door = slack && (await openSlackDoor(env, slack, { routes, once: stores.once, answering, clock, log }));
  if (door) trouble.of = () => door.trouble();
  const hooks = (): Catalogue['hooks'] => today.current()?.hooks ?? none;
  const http = await openHttp({
    env,
    stores,
    hooks,
    slack: door?.listener ?? null,
    socketTrouble,
    ringIntake: intake.ring,
    clock,
    log,
  });
  closers.push(() => http.close());
  if (door) {
    closers.push(() => door.stop());
    door.start();
  }
  return `http://${env.HOST}:${http.port}`;
}

function inForce(today: Today): Catalogue {
  const catalogue = today.current();
  if (!catalogue) throw new Refusal(reason('catalogue-invalid'));
  return catalogue;
}

function openIntake({ stores, doorbell, log, closers }: Process, catalogue: () => Catalogue): Intake {
  const intake = startIntake({
    alerts: stores.alerts,
    releases: stores.releases,
    runs: stores.runs,
    catalogue,
    doorbell,
    readAlerts,
    readDeployment,
    log,
  });
  closers.push(() => intake.stop());
  return intake;
}

function openRelay({ stores, clock, log, today, answering, closers }: Process, slack: SlackSide): void {
  const relay = createRelay({
    outbox: stores.outbox,
    notifier: slack.notifier,
    runs: stores.runs,
    pacing: createPacing(clock),
    log,
    render: drawPosts(stores),
    opsChannel: async () => today.current()?.opsChannel ?? null,
  });
  const stopListening = onRelayBell(
    { trouble: failure => log.warn({ err: failure }, 'Redis') },
    stores.url,
    () => void (answering.calm()?.then(relay.ring) ?? relay.ring()),
  );
  closers.push(() => relay.stop(), stopListening);
}
