import { runCli } from '../commands/cli/index.ts';
import { EmbeddedRedisError } from './adapters/redis/embedded.ts';
import { type Environment, loadEnvFile, readEnvironment } from './config/env.ts';
import { cliDeps } from './main/cli.ts';
import { createLog } from './main/log.ts';
import { start } from './main/start.ts';
import { StartProblems } from './main/today.ts';

/** How long stopping may take in all, in ms, before the process ends whatever still runs. */
const stopWithinMs = 28_000;

/** Runs Backout until it is told to end by SIGTERM or SIGINT; answers the exit code. */
async function serve(env: Environment): Promise<number> {
  const log = createLog(env.LOG_LEVEL);
  const asked = new Promise<string>(resolve => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => resolve(name));
  });
  try {
    const running = await start(env, log);
    log.info({ role: env.BACKOUT_ROLE, worker: env.BACKOUT_WORKER_NAME, url: running.url }, 'Backout is ready');
    const signal = await asked;
    log.info({ signal }, 'Backout stops at the next operation boundary');
    const hard = setTimeout(() => process.exit(1), stopWithinMs);
    await running.stop();
    clearTimeout(hard);
    return 0;
  } catch (failure) {
    if (failure instanceof StartProblems || failure instanceof EmbeddedRedisError) return refuse(failure);
    if ((failure as NodeJS.ErrnoException).code === 'EADDRINUSE') {
      return refuse(new Error(`${env.HOST}:${env.PORT} is in use by another program; set HOST or PORT`));
    }
    throw failure;
  }
}

function refuse(failure: Error): number {
  process.stderr.write(`Backout did not start:\n${failure.message.replace(/^/gm, '  ')}\n`);
  return 1;
}

async function main(): Promise<number> {
  loadEnvFile('.env');
  const read = readEnvironment();
  if (!read.ok) return refuse(new Error(read.problems.join('\n')));
  const quiet = read.env.LOG_LEVEL === 'info' ? 'error' : read.env.LOG_LEVEL;
  return await runCli(
    cliDeps(read.env, createLog(quiet), () => serve(read.env)),
    process.argv.slice(2),
  );
}

// A reader that has gone wants no more; that is no failure of what was done.
process.stdout.on('error', () => undefined);
const code = await main();
// A pipe takes what was written when its reader does: leaving at once would cut a long answer off.
process.stdout.write('', () => process.exit(code));
