// What the two README commands need before any package is installed: npm packages and a Redis server.
// Plain JavaScript for Node >= 20, because it runs before anything else is there.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Finds a program on PATH without running anything; null where it is missing. */
export function which(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {}
  }
  return null;
}

/** Installs the npm packages where they are missing or the lockfile changed since. */
export function ensurePackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, 'node_modules', '.backout-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.log('Installing npm packages (once, about half a minute)…');
  const install = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (install.status !== 0) {
    console.error('npm ci failed; its words stand above. Mend that and run the same command again.');
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}

const managers = [
  {
    program: 'apt-get',
    update: ['update', '-qq'],
    install: ['install', '-y', '-qq', '--no-install-recommends', 'redis-server'],
  },
  { program: 'dnf', update: null, install: ['install', '-y', '-q', 'valkey'] },
  { program: 'apk', update: null, install: ['add', '--quiet', 'redis'] },
  { program: 'pacman', update: null, install: ['-S', '--noconfirm', '--quiet', 'valkey'] },
  { program: 'zypper', update: null, install: ['--non-interactive', '--quiet', 'install', 'redis'] },
  { program: 'brew', update: null, install: ['install', '--quiet', 'redis'], rootless: true },
];

/** Makes sure that a redis-server or valkey-server is there: through the system's package manager, asking nothing; exits 1 with the command to run where that is not allowed. */
export function ensureRedis() {
  if (which('redis-server') || which('valkey-server')) return;
  const manager = managers.find(({ program }) => which(program));
  if (!manager) {
    console.error(
      'Backout needs redis-server (6.2 or newer) or valkey-server on PATH, and no package manager is known here. Install one of them and run the same command again.',
    );
    process.exit(1);
  }
  const prefix = becomeRoot(manager);
  const command = [...(prefix ?? ['sudo']), manager.program, ...manager.install];
  if (!prefix) {
    console.error(
      `redis-server is missing, and installing it needs root. Run this once, then the same command again:\n\n    ${command.join(' ')}\n`,
    );
    process.exit(1);
  }
  console.log(`Installing Redis (${command.join(' ')})…`);
  if (manager.update) runQuietly([...prefix, manager.program, ...manager.update]);
  const status = runQuietly(command);
  if (status !== 0 || !(which('redis-server') || which('valkey-server'))) {
    console.error(
      `Installing Redis failed. Run this yourself to see why, then the same command again:\n\n    ${command.join(' ')}\n`,
    );
    process.exit(1);
  }
}

function becomeRoot(manager) {
  if (manager.rootless || process.getuid?.() === 0) return [];
  if (which('sudo') && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0) return ['sudo', '-n'];
  return null;
}

function runQuietly([program, ...args]) {
  // RUNLEVEL keeps Debian from starting a system-wide Redis that nobody asked for.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const result = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'], env });
  return result.status;
}

/** Runs a program of node_modules/.bin (or any argv) on the Node that comes with the packages, and hands its exit code on. */
export function handOver(argv, env = {}) {
  const bin = join(root, 'node_modules', '.bin');
  const result = spawnSync(argv[0], argv.slice(1), {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` },
  });
  process.exit(result.status ?? 1);
}
