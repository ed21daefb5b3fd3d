import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { buildCrds, crdSets, hasCrds } from './crd-sets.ts';
import type { ClusterEnvironment } from './environment.ts';
import { type Changed, cachedPath, findProgram, moduleFolder, type Program, programs } from './programs.ts';

const run = promisify(execFile);

/** Oldest Go release that builds the modules. */
const oldestGo = [1, 26] as const;

async function checkGo(): Promise<void> {
  const advice = `Go ${oldestGo.join('.')} or newer is needed to build the test cluster: get it from https://go.dev/dl/ and put its bin folder on PATH, or set BACKOUT_TEST_KUBECONFIG to a cluster of your own`;
  const answer = await run('go', ['env', 'GOVERSION']).catch(() => undefined);
  if (!answer) throw new Error(`there is no go on PATH. ${advice}`);
  const [major = 0, minor = 0] = answer.stdout.trim().replace(/^go/, '').split('.').map(Number);
  if (major < oldestGo[0] || (major === oldestGo[0] && minor < oldestGo[1])) {
    throw new Error(`${answer.stdout.trim()} is too old. ${advice}`);
  }
}

/** A server without its version calls itself v0.0.0 and clients complain; it is that of the module that the program comes from. */
async function linkerFlags(program: Program): Promise<string> {
  const of = '{{with .Module}}{{with .Replace}}{{.Version}}{{else}}{{.Version}}{{end}}{{end}}';
  const args = ['list', '-mod=readonly', '-f', of, program.goPackage];
  const { stdout } = await run('go', args, { cwd: moduleFolder(program.module), env: plainGo() });
  const [whole = '', major = '', minor = ''] = /^v(\d+)\.(\d+)\S*/.exec(stdout) ?? [];
  const set = (name: string, value: string) => `-X ${name}=${value}`;
  const versions = program.version
    ? [set(program.version, whole)]
    : program.goPackage.startsWith('k8s.io/kubernetes/')
      ? [
          set('k8s.io/component-base/version.gitVersion', whole),
          set('k8s.io/component-base/version.gitMajor', major),
          set('k8s.io/component-base/version.gitMinor', minor),
        ]
      : [];
  return ['-s -w', ...versions].join(' ');
}

/** A copy of a module with the changes made, and a go.mod that takes it; answers the path of that go.mod. */
async function withChanges({ module, texts }: Changed, folder: string, work: string): Promise<string> {
  await run('go', ['mod', 'download', module], { cwd: folder });
  const source = (await run('go', ['list', '-m', '-f', '{{.Dir}}', module], { cwd: folder })).stdout.trim();
  const copy = join(work, 'source');
  await run('cp', ['-r', '--no-preserve=mode', source, copy]);
  for (const { file, from, to } of texts) {
    const parts = readFileSync(join(copy, file), 'utf8').split(from);
    if (parts.length !== 2) throw new Error(`${module}: ${from} stands ${parts.length - 1} times in ${file}`);
    writeFileSync(join(copy, file), parts.join(to));
  }
  copyFileSync(join(folder, 'go.sum'), join(work, 'go.sum'));
  const goMod = join(work, 'go.mod');
  writeFileSync(goMod, `${readFileSync(join(folder, 'go.mod'), 'utf8')}\nreplace ${module} => ${copy}\n`);
  return goMod;
}

/** The environment in which programs are built: nothing of the machine's own settings changes what comes out. A compiler that collects less is quicker. */
function plainGo(): NodeJS.ProcessEnv {
  return { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOGC: '400' };
}

async function buildProgram(program: Program, target: string): Promise<void> {
  const folder = moduleFolder(program.module);
  const unfinished = `${target}.${process.pid}`;
  const work = mkdtempSync(join(tmpdir(), 'backout-build-'));
  mkdirSync(dirname(target), { recursive: true });
  try {
    const modfile = program.changed ? [`-modfile=${await withChanges(program.changed, folder, work)}`] : [];
    // What only debuggers read is not made: a quarter of the time, and the linker would throw it away.
    const lean = '-gcflags=all=-dwarf=false';
    const flags = ['-mod=readonly', ...modfile, '-trimpath', lean, '-ldflags', await linkerFlags(program)];
    await run('go', ['build', ...flags, '-o', unfinished, program.goPackage], {
      cwd: folder,
      env: plainGo(),
      maxBuffer: 64 * 1024 * 1024,
    });
    renameSync(unfinished, target);
  } finally {
    rmSync(unfinished, { force: true });
    rmSync(work, { recursive: true, force: true });
  }
}

/** Builds what is missing (of the programs named, of all where none is) into the cache, one line of progress for each; a second call has nothing to do. */
export async function buildCluster(
  environment: ClusterEnvironment,
  say: (line: string) => void,
  names: readonly string[] = [],
): Promise<void> {
  const unknown = names.filter(name => !programs.some(program => program.name === name));
  const sets = names.length > 0 ? [] : crdSets.filter(set => !hasCrds(set, environment));
  if (unknown.length > 0) throw new Error(`the test cluster has no program ${unknown.join(', ')}`);
  const wanted = programs.filter(program => names.length === 0 || names.includes(program.name));
  const missing = wanted.filter(program => !findProgram(program.name, environment));
  if (missing.length + sets.length > 0) await checkGo();
  const all = Date.now();
  for (const program of wanted) if (!missing.includes(program)) say(`${program.name}: there`);
  const waiting = [...new Set(missing.map(({ module }) => module))];
  // One module after the other in each lane: while one links, which takes one core, the other compiles.
  const lane = async () => {
    for (let module = waiting.shift(); module; module = waiting.shift()) {
      for (const program of missing.filter(one => one.module === module)) {
        const started = Date.now();
        await buildProgram(program, cachedPath(program, environment.cache));
        say(`${program.name}: built in ${Math.round((Date.now() - started) / 1000)} s`);
      }
    }
  };
  const stopping = (failure: unknown) => {
    waiting.length = 0;
    throw failure;
  };
  await Promise.all([lane().catch(stopping), lane().catch(stopping)]);
  for (const set of sets) {
    await buildCrds(set, environment);
    say(`kinds of ${set}: there`);
  }
  if (missing.length > 0) say(`${missing.length} programs built in ${Math.round((Date.now() - all) / 1000)} s`);
}
