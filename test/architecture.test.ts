import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter(file => /\.(ts|mjs)$/.test(file));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const product = files.filter(file => /^(src|commands|jobs|templates)\/.*\.ts$/.test(file));

/** The room a file lives in: the unit of the import rule. */
function roomOf(file: string): string {
  if (file === 'src/main.ts' || file.startsWith('src/main/')) return 'main';
  const adapter = /^src\/adapters\/(?<vendor>[^/]+)\//.exec(file)?.groups?.vendor;
  if (adapter) return `adapter:${adapter}`;
  return /^src\/(?<room>[^/]+)\//.exec(file)?.groups?.room ?? file.split('/')[0] ?? file;
}

const stages = ['detect', 'plan', 'approve', 'execute', 'verify', 'record'];

/** Which rooms each room may import, and which packages: imports point inwards and stop at domain. */
const rule: Record<string, { rooms: readonly string[]; packages: readonly RegExp[]; builtins: boolean }> = {
  domain: { rooms: [], packages: [], builtins: false },
  ports: { rooms: ['domain'], packages: [/^zod$/], builtins: false },
  ...Object.fromEntries(
    stages.map(stage => [stage, { rooms: ['domain', 'ports'], packages: [/^date-fns\//], builtins: false }]),
  ),
  templates: { rooms: ['domain'], packages: [/^date-fns\//, /^@slack\/types$/], builtins: false },
  config: { rooms: ['domain', 'ports'], packages: [/^zod$/, /^yaml$/, /^fastest-levenshtein$/], builtins: true },
  commands: {
    rooms: ['domain', 'ports', 'approve', 'detect', 'templates'],
    packages: [/^zod$/, /^fastest-levenshtein$/, /^ulid$/],
    builtins: false,
  },
  jobs: { rooms: ['domain', 'ports', ...stages, 'templates'], packages: [/^ulid$/, /^date-fns\//], builtins: false },
  main: { rooms: ['*'], packages: [/./], builtins: true },
};
const adapterRule = {
  rooms: ['domain', 'ports'],
  packages: [/^(?!bullmq|ioredis|@slack\/|@kubernetes\/)/],
  builtins: true,
};

/** Packages that only one adapter may see. */
const vendorPackages: Record<string, readonly RegExp[]> = {
  slack: [/^@slack\//],
  redis: [/^ioredis$/],
  bullmq: [/^bullmq$/, /^ioredis$/],
  kubernetes: [/^@kubernetes\/client-node$/],
};

interface Import {
  readonly from: string;
  readonly name: string;
}

function importsOf(file: string): Import[] {
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s[^;'"]*?from\s*['"](?<a>[^'"]+)['"]|import\(\s*['"](?<b>[^'"]+)['"]\s*\)|(?:^|\n)import\s*['"](?<c>[^'"]+)['"]/g;
  return [...read(file).matchAll(pattern)].map(match => ({
    from: file,
    name: match.groups?.a ?? match.groups?.b ?? match.groups?.c ?? '',
  }));
}

function problemOf({ from, name }: Import): string | null {
  const room = roomOf(from);
  const vendor = room.startsWith('adapter:') ? room.slice('adapter:'.length) : null;
  const allowed = vendor ? adapterRule : rule[room];
  if (!allowed) return `${from}: no rule for the room ${room}`;
  if (name.startsWith('.')) {
    const to = roomOf(normalize(join(dirname(from), name)));
    return to === room || allowed.rooms.includes('*') || allowed.rooms.includes(to)
      ? null
      : `${from} imports ${to} (${name})`;
  }
  if (name.startsWith('node:')) return allowed.builtins ? null : `${from} imports ${name}`;
  const own = vendor ? (vendorPackages[vendor] ?? []) : [];
  return [...allowed.packages, ...own].some(pattern => pattern.test(name))
    ? null
    : `${from} imports the package ${name}`;
}

describe('the house', () => {
  it('imports point inwards: stages never meet, vendors stay in their adapter', () => {
    const problems = product.flatMap(importsOf).flatMap(found => problemOf(found) ?? []);
    expect(problems).toEqual([]);
  });

  it('nobody imports main', () => {
    const outside = product.filter(file => roomOf(file) !== 'main').flatMap(importsOf);
    expect(outside.filter(({ name }) => /(^|\/)main(\/|\.ts$)/.test(name))).toEqual([]);
  });

  it('date-fns comes by subpath, its root costs 388 MB', () => {
    expect(files.filter(file => /from 'date-fns'/.test(read(file)) && file !== 'test/architecture.test.ts')).toEqual(
      [],
    );
  });

  it('a source file has at most 250 lines', () => {
    const long = product
      .map(file => ({ file, lines: read(file).split('\n').length - 1 }))
      .filter(({ lines }) => lines > 250);
    expect(long).toEqual([]);
  });

  const banned: readonly { what: string; pattern: RegExp; where: (file: string) => boolean }[] = [
    { what: 'a default export', pattern: /^export default /m, where: file => file !== 'vitest.config.ts' },
    {
      what: 'a suppression',
      pattern: /@ts-(ignore|expect-error|nocheck)|biome-ignore/,
      where: file => !file.startsWith('test/types/'),
    },
    { what: 'a module mock', pattern: /\bvi\.(mock|fn|spyOn|doMock)\(/, where: () => true },
    { what: 'a focused or skipped test', pattern: /\b(it|test|describe)\.(only|skip)\(/, where: () => true },
    {
      what: 'process.env',
      pattern: /process\.env\b/,
      where: file => product.includes(file) && file !== 'src/config/env.ts',
    },
    { what: 'a minted permit', pattern: /as ApprovedPlan\b/, where: file => !file.startsWith('src/approve/') },
    {
      what: 'a shell',
      pattern: /shell:\s*true|\bexecSync\(|['"](ba)?sh['"],\s*['"]-c['"]/,
      where: file => product.includes(file),
    },
  ];
  it.each(banned)('nothing holds $what', ({ pattern, where }) => {
    const found = files.filter(file => file !== 'test/architecture.test.ts' && where(file) && pattern.test(read(file)));
    expect(found).toEqual([]);
  });

  it('folders are named by what the product does', () => {
    expect(files.filter(file => /(^|\/)(utils?|helpers?|common|misc|services)(\/|\.ts$)/.test(file))).toEqual([]);
  });

  it('dependencies are pinned exactly', () => {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read('package.json')) as Record<
      string,
      Record<string, string>
    >;
    const all = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
    expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });
});
