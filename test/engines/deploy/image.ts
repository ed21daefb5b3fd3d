import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Docker, needed } from './docker.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../..');
const certificates = '/etc/ssl/certs/ca-certificates.crt';

/** The image that the suite installs. */
export const image = 'backout:test';

/** Where apt gets this Debian from, and its name: the base is of the same one. */
async function debian(): Promise<{ readonly mirror: string; readonly suite: string }> {
  const suite = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'bookworm';
  const format = ['--format', '$(REPO_URI) $(CODENAME)', 'Created-By: Packages'];
  const { stdout } = await run('apt-get', ['indextargets', ...format]);
  const lines = stdout.split('\n').map(line => line.split(' '));
  const mirror = lines.find(([, codename]) => codename === suite)?.[0];
  if (!mirror) throw new Error(`apt knows no package source of ${suite}`);
  return { mirror, suite };
}

/** The npm of this machine: its folder, and where it gets packages from. */
async function npm(): Promise<{ readonly folder: string; readonly registry: string }> {
  const found = (process.env.PATH ?? '').split(':').map(folder => join(folder, 'npm'));
  const folders = found.filter(file => existsSync(file)).map(file => dirname(dirname(realpathSync(file))));
  const folder = folders.find(one => existsSync(join(one, 'bin/npm-cli.js')));
  if (!folder) throw new Error('npm is not found in PATH');
  const { stdout } = await run(process.execPath, [join(folder, 'bin/npm-cli.js'), 'config', 'get', 'registry']);
  return { folder, registry: stdout.trim() };
}

/** Parts of a Debian that nothing here reads: the image is handed over in each run. */
const unread = ['var/cache/apt/archives', 'var/lib/apt/lists', 'usr/share/doc', 'usr/share/locale', 'usr/share/man'];

/** Makes the base image where it is not there yet: this Debian with git, the Node of the tests, this machine's npm and what it trusts. */
async function makeBase(docker: Docker, cache: string): Promise<string> {
  const [{ mirror, suite }, { folder: npmFolder, registry }] = await Promise.all([debian(), npm()]);
  const node = realpathSync(join(root, 'node_modules/node/bin/node'));
  const npmVersion = JSON.parse(readFileSync(join(npmFolder, 'package.json'), 'utf8')).version;
  const parts = [unread, mirror, suite, process.version, npmVersion, registry, readFileSync(certificates, 'utf8')];
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
  const base = `backout-base:${hash}`;
  if (await docker.has(base)) return base;
  const folder = mkdtempSync(join(cache, 'debootstrap-'));
  try {
    const flags = ['--variant=minbase', '--include=git,ca-certificates', suite, folder, mirror];
    const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' };
    await run(needed('debootstrap', 'debootstrap'), flags, { env, maxBuffer: 64 * 1024 * 1024 });
    const local = join(folder, 'usr/local');
    cpSync(node, join(local, 'bin/node'));
    mkdirSync(join(local, 'lib/node_modules'), { recursive: true });
    cpSync(npmFolder, join(local, 'lib/node_modules/npm'), { recursive: true });
    symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin/npm'));
    cpSync(realpathSync(certificates), join(folder, certificates));
    for (const part of unread) rmSync(join(folder, part), { recursive: true, force: true });
    await docker.importFolder(folder, base, { NODE_EXTRA_CA_CERTS: certificates, NPM_CONFIG_REGISTRY: registry });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return base;
}

/** The C library, which the base has. */
const ofSystem = /^(libc|libm|libdl|libpthread|librt|ld-linux.*)\.so/;

/** Writes what stands beside the bot in the suite into a folder: Redis with the libraries it is linked to, and the emulated Slack. */
export async function writeBeside(folder: string): Promise<void> {
  const server = needed('redis-server', 'redis-server');
  const { stdout } = await run('ldd', [server]);
  const libraries = [...stdout.matchAll(/=> (\/\S+)/g)].map(([, file = '']) => file);
  cpSync(realpathSync(server), join(folder, 'redis/redis-server'));
  for (const file of libraries.filter(one => !ofSystem.test(basename(one)))) {
    cpSync(realpathSync(file), join(folder, 'redis/lib', basename(file)));
  }
  const slack = join(folder, 'slack');
  for (const part of ['test/fakes/slack', 'test/engines/deploy/slack-sidecar.ts', 'package.json']) {
    cpSync(join(root, part), join(slack, part), { recursive: true });
  }
  for (const name of ['emulate', 'commander', 'picocolors', 'yaml']) {
    const from = realpathSync(join(root, 'node_modules', name));
    cpSync(from, join(slack, 'node_modules', name), { recursive: true });
  }
}

/** Builds deploy/Dockerfile on a base made here; what did not change comes out of the cache. */
export async function buildImage(docker: Docker, cache: string): Promise<void> {
  const base = await makeBase(docker, cache);
  const dockerfile = ['--file', join(root, 'deploy/Dockerfile'), '--build-arg', `BASE=${base}`];
  await docker.docker(['build', '--network=host', '--force-rm', ...dockerfile, '--tag', image, root], 900_000);
}
