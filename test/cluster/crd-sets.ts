import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import type { Api, Json } from './api.ts';
import type { ClusterEnvironment } from './environment.ts';
import { eventually } from './eventually.ts';

const run = promisify(execFile);

type Source = {
  readonly module: string;
  /** The module's checksum, as Go's checksum database has it. */
  readonly sum: string;
  /** A file with definitions, or a folder of such files. */
  readonly path: string;
};

/** Kinds of other projects whose objects the suites make, each from the project's own Go module. */
const sources = {
  'gateway-api': [
    {
      module: 'sigs.k8s.io/gateway-api@v1.4.0',
      sum: 'h1:ZwlNM6zOHq0h3WUX2gfByPs2yAEsy/EenYJB78jpQfQ=',
      path: 'config/crd/standard',
    },
  ],
  'argo-cd': [
    {
      module: 'github.com/argoproj/argo-cd/v3@v3.2.0',
      sum: 'h1:m2eGAV+nXQGgzZbH5SyJD5laaPW27mzWXBrgisUHY/0=',
      path: 'manifests/crds',
    },
  ],
  flux: [
    {
      module: 'github.com/fluxcd/source-controller@v1.7.2',
      sum: 'h1:PQLzvgHNEYsstl8uATBZg/70b/i0tj63e0IqnYDeJyg=',
      path: 'config/crd/bases',
    },
    {
      module: 'github.com/fluxcd/kustomize-controller@v1.7.2',
      sum: 'h1:xmOWILtm9329M7MQCS/iCHXc2R+Xm9HjFSft9fh/PCA=',
      path: 'config/crd/bases',
    },
    {
      module: 'github.com/fluxcd/helm-controller@v1.4.0',
      sum: 'h1:rkm8rmB6Na7eNc4pJOnvtXEaJ19iKluRtayHKjBxcUM=',
      path: 'config/crd/bases',
    },
  ],
  'argo-rollouts': [
    {
      module: 'github.com/argoproj/argo-rollouts@v1.10.0',
      sum: 'h1:1/DTeu/eGzJzcz8FxMBFzr0jlNQia/lnctkw83AUph0=',
      path: 'manifests/crds',
    },
  ],
  flagger: [
    {
      module: 'github.com/fluxcd/flagger@v1.36.1',
      sum: 'h1:X2PumtNwZz9YSGaOtZLFm2zAKLgHhFkbNv8beg7ifyc=',
      path: 'artifacts/flagger/crd.yaml',
    },
  ],
} as const satisfies Record<string, readonly Source[]>;

/** Name of a set of custom resource definitions. */
export type CrdSet = keyof typeof sources;

/** All sets there are. */
export const crdSets = Object.keys(sources) as readonly CrdSet[];

function cachedSet(set: CrdSet, cache: string): string {
  const hash = createHash('sha256').update(JSON.stringify(sources[set])).digest('hex');
  return join(cache, `crds-${set}-${hash.slice(0, 12)}.json`);
}

async function definitionsOf({ module, sum, path }: Source): Promise<unknown[]> {
  const { stdout } = await run('go', ['mod', 'download', '-json', module], { env: { ...process.env, GOFLAGS: '' } });
  const { Dir: folder, Sum: found } = JSON.parse(stdout);
  if (found !== sum) throw new Error(`${module} has the checksum ${found} instead of ${sum}`);
  const place = join(folder, path);
  const files = statSync(place).isDirectory() ? readdirSync(place).map(name => join(place, name)) : [place];
  return files
    .filter(file => file.endsWith('.yaml'))
    .flatMap(file => parseAllDocuments(readFileSync(file, 'utf8')))
    .map(document => document.toJS({ maxAliasCount: -1 }))
    .filter(object => object?.kind === 'CustomResourceDefinition');
}

/** Whether a set lies in the cache. */
export function hasCrds(set: CrdSet, environment: ClusterEnvironment): boolean {
  return existsSync(cachedSet(set, environment.cache));
}

/** Reads a set's definitions out of the modules into the cache. */
export async function buildCrds(set: CrdSet, environment: ClusterEnvironment): Promise<void> {
  const definitions: unknown[] = [];
  for (const source of sources[set]) definitions.push(...(await definitionsOf(source)));
  if (definitions.length === 0) throw new Error(`no definitions of ${set} were found`);
  const target = cachedSet(set, environment.cache);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(`${target}.${process.pid}`, JSON.stringify(definitions));
  renameSync(`${target}.${process.pid}`, target);
}

const definitionsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

const isEstablished = (definition: Json | undefined) =>
  [...(definition?.status?.conditions ?? [])].some(
    ({ type, status }) => String(type) === 'Established' && String(status) === 'True',
  );

/** Definitions are up to a megabyte: on a busy machine the server may need longer for one than a request may take, and have made it nevertheless. */
const patience = 90_000;

async function install(api: Api, definition: Json, name: string): Promise<void> {
  const look = () =>
    api('GET', `${definitionsPath}/${name}`).catch(error => {
      if (error.status === 404) return undefined;
      throw error;
    });
  await eventually(
    `${name} is made`,
    async () =>
      (await look().catch(() => undefined)) ?? api('POST', definitionsPath, definition).catch(() => undefined),
    patience,
  );
  await eventually(`${name} is served`, async () => isEstablished(await look().catch(() => undefined)), patience);
}

/** Leaves the descriptions of fields out: they are most of a definition, and the server would keep and serve them all. */
const withoutWords = (key: string, value: unknown) =>
  key === 'description' && typeof value === 'string' ? undefined : value;

/** Creates what a cluster lacks of a set, one definition after the other, and waits until its kinds are served; answers their names. */
export async function installCrds(api: Api, set: CrdSet, environment: ClusterEnvironment): Promise<string[]> {
  const file = cachedSet(set, environment.cache);
  if (!existsSync(file)) throw new Error(`the definitions of ${set} are not built yet: run npm run cluster:build`);
  const definitions: readonly Json[] = JSON.parse(readFileSync(file, 'utf8'), withoutWords);
  const names: string[] = [];
  for (const definition of definitions) {
    const name = String(definition.metadata?.name);
    await install(api, definition, name);
    names.push(name);
  }
  return names;
}
