// `npm run test:cluster`: builds what is missing of the test cluster, then runs every suite that needs it.
// Plain JavaScript for Node >= 20, because it runs before any package is installed.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensurePackages, ensureRedis, handOver, which } from '../../demo/setup.mjs';

const own = !process.env.BACKOUT_TEST_KUBECONFIG;

/** Programs of the Debian packages without which no node can run. */
const needed = ['containerd', 'ctr', 'runc', 'openssl', 'ip', 'nsenter', 'unshare'];

/** Says what is missing for a cluster of our own, in one line each, and gives up. */
function requireHost() {
  const missing = needed.filter(name => !which(name));
  const packages = 'xargs apt-get install -y --no-install-recommends < test/cluster/debian-packages.txt';
  const troubles = [
    ...(process.platform === 'linux' && process.getuid?.() === 0 ? [] : ['it needs Linux and root']),
    ...(missing.length > 0 ? [`${missing.join(', ')} are missing: ${packages}`] : []),
  ];
  if (troubles.length === 0) return;
  console.error(`The test cluster cannot run here: ${troubles.join('; ')}.`);
  console.error('Set BACKOUT_TEST_KUBECONFIG to run the suites on a cluster of your own (test/cluster/README.md).');
  process.exit(1);
}

/** The suites; of the crash suites those that kill a worker while it acts on the cluster. */
const suites = ['test/engines', 'test/crash/executors/kubernetes', 'test/crash/executors/helm'];

ensurePackages();
ensureRedis();
if (own) requireHost();
const node = join(import.meta.dirname, '../../node_modules/.bin/node');
const built = spawnSync(node, [join(import.meta.dirname, 'cli.ts'), 'build'], { stdio: 'inherit' });
if (built.status !== 0) process.exit(built.status ?? 1);
const named = process.argv.slice(2);
handOver(['vitest', 'run', ...(named.length > 0 ? named : suites)], { BACKOUT_ENGINE_SUITES: '1' });
