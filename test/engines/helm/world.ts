import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createHelmProbe } from '../../../src/adapters/helm/doctor.ts';
import { createRollback } from '../../../src/adapters/helm/executor.ts';
import { unpack } from '../../../src/adapters/helm/payload.ts';
import { createReleaseSource } from '../../../src/adapters/helm/release-source.ts';
import { executors, releaseSources } from '../../../src/adapters/helm/table.ts';
import { createOpenCluster } from '../../../src/adapters/kubernetes/cluster.ts';
import { createOwners } from '../../../src/adapters/kubernetes/suspending.ts';
import { createProcesses } from '../../../src/adapters/process/processes.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { ObservedReleases } from '../../../src/domain/release.ts';
import type { OpenCluster } from '../../../src/ports/cluster.ts';
import type { Executor } from '../../../src/ports/executor.ts';
import type { Finding } from '../../../src/ports/probe.ts';
import type { Processes } from '../../../src/ports/processes.ts';
import { type Api, openApi } from '../../cluster/api.ts';
import { readClusterEnvironment } from '../../cluster/environment.ts';
import { requireProgram } from '../../cluster/programs.ts';
import type { Rules, TestCluster } from '../../cluster/suite.ts';
import { eventually } from '../../cluster/suite.ts';
import { chartFiles, type Shape } from './chart.ts';

const run = promisify(execFile);

/** Both Helms, as they are told apart in the names of tests. */
export const helms = ['helm3', 'helm4'] as const;
export type Helm = (typeof helms)[number];

const all = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];
/** What helm needs for the test's chart, and what is needed to follow it. */
export const neededRules: Rules = [
  { apiGroups: [''], resources: ['secrets', 'configmaps', 'services', 'persistentvolumeclaims', 'pods'], verbs: all },
  { apiGroups: ['apps'], resources: ['deployments', 'statefulsets', 'daemonsets'], verbs: all },
  { apiGroups: ['apps'], resources: ['replicasets', 'controllerrevisions'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: [''], resources: ['events'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['batch'], resources: ['jobs'], verbs: all },
];

/** One namespace in which a person uses helm, and in which Backout acts with an account of its own. */
export interface HelmPlace {
  readonly namespace: string;
  readonly binary: string;
  readonly kubeconfig: string;
  /** Command lines of the programs that Backout has started. */
  readonly started: string[];
  /** Paths that Backout has asked the API server for. */
  readonly asked: string[];
  readonly input: JsonObject;
  /** Runs helm as a person does; rejects where it fails. */
  helm(...args: readonly string[]): Promise<string>;
  /** Installs or upgrades the release to a shape of the chart. */
  deploy(shape: Shape, ...flags: readonly string[]): Promise<string>;
  /** The same for a release of another name. */
  deployAs(release: string, shape: Shape, ...flags: readonly string[]): Promise<string>;
  /** What stands in the release's Secrets, oldest first: the same that `helm history` tells, without a process for each look. */
  history(release?: string): Promise<{ revision: number; status: string; description: string }[]>;
  executor(): Executor;
  /** What `doctor` says of the release. */
  examine(input: { readonly binary?: string }): Promise<readonly Finding[]>;
  /** An executor whose helm is killed so many ms after its start. */
  executorWith(processes: (real: Processes) => Processes): Executor;
  look(release?: string): Promise<ObservedReleases>;
  endChild(child: { readonly pid: number; readonly startTime: string }): Promise<boolean>;
  /** The same namespace and account, acted in for a release of another name; the namespace stays when it is closed. */
  beside(release: string): Promise<HelmPlace>;
  /** Lets so much time go by for Backout, in ms. */
  later(ms: number): void;
  /** Ends the helm that runs, and what works in the namespace. */
  close(): Promise<void>;
}

/** The home of all people of a suite. */
let home: Promise<string> | undefined;

/** Opens it. */
export async function openHelm(cluster: TestCluster, program: Helm, rules: Rules = neededRules): Promise<HelmPlace> {
  const namespace = await cluster.namespace();
  const text = await cluster.account(namespace, rules);
  const asAccount = await openApi(text);
  await eventually('role', () => asAccount('GET', `/api/v1/namespaces/${namespace}/secrets`).catch(() => undefined));
  const folder = await cluster.folder('helm');
  writeFileSync(join(folder, 'kubeconfig'), text, { mode: 0o600 });
  const place = await placeAs(cluster, program, { namespace, folder, own: 'shop' });
  const close = async () => {
    await place.close();
    await cluster.empty(namespace);
  };
  return { ...place, close };
}

async function placeAs(
  cluster: TestCluster,
  program: Helm,
  account: { readonly namespace: string; readonly folder: string; readonly own: string },
): Promise<HelmPlace> {
  const { namespace, folder, own } = account;
  const binary = requireProgram(program, readClusterEnvironment());
  const kubeconfig = join(folder, 'kubeconfig');
  const started: string[] = [];
  const asked: string[] = [];
  const real = createProcesses({ path: '/usr/bin:/bin', home: folder });
  const counting: Processes = {
    ...real,
    run: request => {
      started.push(request.argv.join(' '));
      return real.run(request);
    },
  };
  let ahead = 0;
  const clock = { now: () => Date.now() + ahead };
  const shared = { kubeconfig, clusterVariables: {}, stateDir: folder, clock };
  // What helm knows of the API server stays on disk for all places, and it ends before it has memory worth collecting.
  home ??= cluster.folder('helm-home');
  const env = { PATH: '/usr/bin:/bin', HOME: await home, KUBECONFIG: cluster.kubeconfigPath, GOGC: 'off' };
  const over = new AbortController();
  const options = { env, maxBuffer: 64 * 1024 * 1024, signal: over.signal, killSignal: 'SIGKILL' } as const;
  const helm = async (...args: readonly string[]): Promise<string> =>
    (await run(binary, [...args, '--namespace', namespace], options)).stdout;
  const where = { release: own, namespace };
  const deployAs = async (release: string, shape: Shape, ...flags: readonly string[]) => {
    over.signal.throwIfAborted();
    charts += 1;
    const chart = join(folder, `${own}-chart-${charts}`);
    for (const [name, body] of Object.entries(chartFiles(shape))) {
      mkdirSync(dirname(join(chart, name)), { recursive: true });
      writeFileSync(join(chart, name), body);
    }
    // Comparing with the API's schema is two thirds of what helm does, and the chart is right.
    return helm('upgrade', '--install', release, chart, '--disable-openapi-validation', ...flags);
  };
  let charts = 0;
  const open = createOpenCluster({ kubeconfig, childEnvironment: {} });
  const openCluster: OpenCluster = async where => {
    const { ask } = await open(where);
    return {
      ask: request => {
        asked.push(request.path);
        return ask(request);
      },
    };
  };
  const owners = createOwners({ kubeconfig, childEnvironment: {}, clock });
  const executorWith = (wrap: (real: Processes) => Processes) =>
    owners.around(
      createRollback({ ...shared, processes: wrap(counting), openCluster, openOwners: async () => owners }),
    );
  return {
    ...{ namespace, binary, kubeconfig, started, asked, helm, executorWith },
    input: rowOf(executors, 'helm.rollback').input.parse({ ...where, binary, timeout: '30s' }),
    deployAs,
    deploy: (shape, ...flags) => deployAs(own, shape, ...flags),
    history: (release = own) => historyOf(cluster.api, namespace, release),
    executor: () => executorWith(processes => processes),
    examine: input => {
      const named = { ...where, context: null, kubeconfig: null, binary, ...input };
      const probe = createHelmProbe({ ...shared, processes: real, openCluster }, [named]);
      return probe({ signal: AbortSignal.timeout(30_000) });
    },
    look: async (release = own) => {
      const source = createReleaseSource({ openCluster: createOpenCluster({ kubeconfig, childEnvironment: {} }) });
      const input = rowOf(releaseSources, 'helm.release').input.parse({ ...where, release });
      return source.look({ signal: AbortSignal.timeout(30_000) }, input);
    },
    endChild: child => real.end(child),
    later: ms => {
      ahead += ms;
    },
    beside: async release => placeAs(cluster, program, { ...account, own: release }),
    close: async () => over.abort(),
  };
}

async function historyOf(api: Api, namespace: string, release: string) {
  const labels = encodeURIComponent(`owner=helm,name=${release}`);
  const { items } = await api('GET', `/api/v1/namespaces/${namespace}/secrets?labelSelector=${labels}`);
  const books = [...(items ?? [])].map(({ data }) => {
    const { version, info } = JSON.parse(unpack(String(data?.release)));
    return { revision: Number(version), status: String(info.status), description: String(info.description) };
  });
  return books.sort((a, b) => a.revision - b.revision);
}

function rowOf<Row extends { readonly kind: string }>(rows: readonly Row[], kind: string): Row {
  const row = rows.find(one => one.kind === kind);
  if (!row) throw new Error(`no row ${kind}`);
  return row;
}
