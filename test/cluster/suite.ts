import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { startFlagger, startMetricsServer, startRolloutsController } from './beside.ts';
import { type CrdSet, installCrds } from './crd-sets.ts';
import { readClusterEnvironment } from './environment.ts';
import { type FurtherPlane, openFurtherPlane } from './further-planes.ts';
import { openPlane, type TestPlane } from './plane.ts';
import { openRegistry, type Registry } from './registry.ts';
import { joinBeside, joinCluster } from './shared.ts';

export { eventually } from './eventually.ts';
export type { Rules } from './plane.ts';

/**
 * A running cluster as a suite sees it. What stands under `start` and `open` is started by the first suite of a run that
 * asks, shared by all suites of the run, and ends with the cluster.
 */
export type TestCluster = TestPlane & {
  /** Has the kinds of another project served; answers the definitions' names. Other suites of the run see them too. */
  installCrds(set: CrdSet): Promise<string[]>;
  /** metrics-server behind the aggregated API; ready once it has figures of the node, some 25 s after its start. */
  startMetricsServer(): Promise<void>;
  /** The controller of Argo Rollouts, for all namespaces. */
  startRolloutsController(): Promise<void>;
  /** Flagger with the provider `kubernetes`, for all namespaces; a Canary may name another provider. */
  startFlagger(): Promise<void>;
  /** A registry on 127.0.0.1 that the kubelet pulls from; choose a repository name of the suite's own. */
  openRegistry(): Promise<Registry>;
  /** A further control plane, without a node; suites that give the same name share it. */
  openPlane(name: string): Promise<FurtherPlane>;
  /** Makes a folder whose name begins so; it goes with the suite, and with the cluster where the suite is killed. */
  folder(name: string): Promise<string>;
};

/** Opens a cluster outside vitest's hooks; the caller deletes what it made. */
export async function openCluster(): Promise<TestCluster & { readonly cleanUp: () => Promise<void> }> {
  const environment = readClusterEnvironment();
  const kubeconfigPath = environment.kubeconfig ?? (await joinCluster(process.ppid));
  const state = () => (environment.kubeconfig ? joinBeside(process.ppid) : Promise.resolve(dirname(kubeconfigPath)));
  const plane = await openPlane(kubeconfigPath, !environment.kubeconfig);
  const cleanUps = [plane.cleanUp];
  const folders: string[] = [];
  const here = async () => ({ state: await state(), kubeconfigPath, api: plane.api, environment });
  return {
    ...plane,
    installCrds: set => installCrds(plane.api, set, environment),
    startMetricsServer: async () => startMetricsServer(await here()),
    startRolloutsController: async () => startRolloutsController(await here()),
    startFlagger: async () => startFlagger(await here()),
    openRegistry: async () => openRegistry(await state(), environment),
    openPlane: async name => {
      const further = await openFurtherPlane(await state(), name, environment);
      cleanUps.push(further.cleanUp);
      return further;
    },
    folder: async name => {
      const folder = mkdtempSync(join(await state(), `${name}-`));
      folders.push(folder);
      return folder;
    },
    cleanUp: async () => {
      try {
        for (const cleanUp of cleanUps) await cleanUp();
      } finally {
        for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
      }
    },
  };
}

/** The cluster of this run of the suites, started by the first suite that asks and ended after the run. */
export function useCluster(): TestCluster {
  let opened: Awaited<ReturnType<typeof openCluster>> | undefined;
  const cluster = () => {
    if (!opened) throw new Error('the cluster can be used inside tests and hooks only');
    return opened;
  };
  beforeAll(async () => {
    opened = await openCluster();
  }, 200_000);
  afterAll(() => opened?.cleanUp());
  return {
    get kubeconfigPath() {
      return cluster().kubeconfigPath;
    },
    get kubeconfig() {
      return cluster().kubeconfig;
    },
    get api() {
      return cluster().api;
    },
    namespace: () => cluster().namespace(),
    empty: name => cluster().empty(name),
    account: (...asked) => cluster().account(...asked),
    faultProxy: () => cluster().faultProxy(),
    installCrds: set => cluster().installCrds(set),
    startMetricsServer: () => cluster().startMetricsServer(),
    startRolloutsController: () => cluster().startRolloutsController(),
    startFlagger: () => cluster().startFlagger(),
    openRegistry: () => cluster().openRegistry(),
    openPlane: name => cluster().openPlane(name),
    folder: name => cluster().folder(name),
  };
}
