import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildCluster } from './build.ts';
import { readClusterEnvironment } from './environment.ts';
import { writeImages } from './images.ts';
import { isRunning, standingState, stopUnowned } from './shared.ts';
import { startClusterIn } from './start.ts';
import { stopCluster } from './stop.ts';

const environment = readClusterEnvironment();
const say = (line: string) => console.log(line);

async function up(): Promise<void> {
  if (!isRunning(standingState)) {
    await stopCluster(standingState);
    mkdirSync(standingState, { mode: 0o711 });
    try {
      await startClusterIn(standingState, environment);
    } catch (error) {
      await stopCluster(standingState);
      throw error;
    }
  }
  say(join(standingState, 'kubeconfig'));
}

async function down(): Promise<void> {
  for (const state of await stopUnowned(true)) say(`ended ${state}`);
}

const commands: Record<string, () => Promise<void>> = {
  build: () => buildCluster(environment, say, process.argv.slice(3)),
  images: async () => writeImages(resolve(process.argv[3] ?? 'backout-images.tar')),
  up,
  down,
};

const command = commands[process.argv[2] ?? ''];
try {
  if (!command) throw new Error('usage: cli.ts build [PROGRAM…] | images FILE | up | down');
  await command();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
