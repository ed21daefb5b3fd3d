import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { readProcesses, startProcess, startTime } from '../../cluster/processes.ts';
import { containerdSocket } from '../../cluster/settings.ts';

const run = promisify(execFile);
const folders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const path = folders.join(':');

/** Path of a program that the suite needs; throws with what installs it, so that nobody takes silence for success. */
export function needed(name: string, packageName: string): string {
  const found = folders.map(folder => join(folder, name)).find(file => existsSync(file));
  if (!found) throw new Error(`${name} is missing: apt-get install --no-install-recommends ${packageName}`);
  return found;
}

/** A Docker of the suite's own, without a network for containers: images are built and handed over. */
export interface Docker {
  /** Runs `docker …`; rejects with what it said where it fails. */
  docker(argv: readonly string[], limitMs?: number): Promise<string>;
  has(image: string): Promise<boolean>;
  /** Makes an image of a folder as it is. */
  importFolder(folder: string, image: string, environment: Readonly<Record<string, string>>): Promise<void>;
  /** Hands an image over to a cluster's containerd. */
  load(image: string, state: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it with its images in the cache, so that layers that did not change are not built again; its processes end with the cluster. */
export async function startDocker(state: string, cache: string): Promise<Docker> {
  const daemon = needed('dockerd', 'docker.io');
  const client = needed('docker', 'docker.io');
  const root = join(cache, 'docker');
  mkdirSync(root, { recursive: true, mode: 0o700 });
  await untilFree(join(root, 'dockerd.pid'));
  const socket = join(state, 'docker.sock');
  const places = [
    '--data-root',
    join(root, 'data'),
    '--exec-root',
    join(state, 'docker'),
    '--host',
    `unix://${socket}`,
  ];
  const network = ['--bridge', 'none', '--iptables=false', '--ip6tables=false', '--ip-forward=false'];
  // It mounts a network namespace into its folder and leaves it there: in a mount namespace of its own that goes with it.
  const alone = [needed('unshare', 'util-linux'), '--mount', '--propagation', 'private'];
  const pidfile = ['--pidfile', join(root, 'dockerd.pid')];
  startProcess(state, 'dockerd', [...alone, daemon, ...places, ...pidfile, ...network]);
  // The classic builder needs no plugin, and the Dockerfile no more than it knows.
  const env = { PATH: path, HOME: state, DOCKER_BUILDKIT: '0', DOCKER_HOST: `unix://${socket}` };
  const docker: Docker['docker'] = async (argv, timeout = 60_000) =>
    (await run(client, [...argv], { env, timeout, maxBuffer: 64 * 1024 * 1024 })).stdout;
  await untilUp(state, () => docker(['version'], 5_000));
  return {
    docker,
    has: image =>
      docker(['image', 'inspect', image]).then(
        () => true,
        () => false,
      ),
    importFolder: (folder, image, environment) => {
      const changes = Object.entries(environment).flatMap(([name, value]) => ['--change', `ENV ${name}=${value}`]);
      return pipe(['tar', '-C', folder, '-c', '.'], [client, 'import', ...changes, '-', image], env);
    },
    load: (image, at) => {
      const into = ['--address', containerdSocket(at), '-n', 'k8s.io', 'images', 'import', '-'];
      return pipe([client, 'save', image], [needed('ctr', 'containerd'), ...into], env);
    },
    stop: async () => {
      // Layers that no build has asked for in a while.
      await docker(['image', 'prune', '--force', '--filter', 'until=240h']).catch(() => '');
      await stop(state);
    },
  };
}

async function stop(state: string): Promise<void> {
  const own = readProcesses(state).get('dockerd');
  if (!own || startTime(own.pid) !== own.started) return;
  process.kill(own.pid, 'SIGTERM');
  for (let waited = 0; startTime(own.pid) === own.started && waited < 15_000; waited += 100) await delay(100);
}

/** Another run of the suites may be building on the same images. */
async function untilFree(pidfile: string): Promise<void> {
  const deadline = Date.now() + 240_000;
  const isHeld = () => existsSync(pidfile) && startTime(Number(readFileSync(pidfile, 'utf8'))) !== undefined;
  while (isHeld()) {
    if (Date.now() > deadline) throw new Error(`another run holds the images: ${pidfile}`);
    await delay(500);
  }
}

async function untilUp(state: string, look: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + 60_000;
  const isUp = () =>
    look().then(
      () => true,
      () => false,
    );
  while (!(await isUp())) {
    const own = readProcesses(state).get('dockerd');
    if (Date.now() > deadline || !own || startTime(own.pid) !== own.started) {
      const log = readFileSync(join(state, 'dockerd.log'), 'utf8').split('\n').slice(-15).join('\n');
      throw new Error(`dockerd did not get ready\n${log}`);
    }
    await delay(100);
  }
}

/** Lets one program read what another writes; rejects where either fails. */
async function pipe(from: readonly string[], to: readonly string[], env: Record<string, string>): Promise<void> {
  const writer = spawn(from[0] ?? '', from.slice(1), { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const reader = spawn(to[0] ?? '', to.slice(1), { env, stdio: ['pipe', 'ignore', 'pipe'] });
  writer.stdout.pipe(reader.stdin);
  // A reader that ends early is told of by its exit code.
  reader.stdin.on('error', () => {});
  const ends = [writer, reader].map(
    child =>
      new Promise<void>((resolve, reject) => {
        let said = '';
        child.stderr.on('data', chunk => {
          said += chunk;
        });
        child.on('error', reject);
        child.on('close', code =>
          code === 0 ? resolve() : reject(new Error(`${child.spawnargs.join(' ')}: ${said}`)),
        );
      }),
  );
  await Promise.all(ends);
}
