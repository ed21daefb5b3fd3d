import { homedir } from 'node:os';
import { join } from 'node:path';

/** What the test cluster takes from the environment; KUBECONFIG is deliberately not among it, a shell may point that at production. */
export type ClusterEnvironment = {
  /** Folder that holds the built programs between runs. */
  readonly cache: string;
  /** Folder with ready-made etcd, kube-apiserver and kubectl, as envtest uses it. */
  readonly assets: string | undefined;
  /** Kubeconfig of another cluster to run the suites on. */
  readonly kubeconfig: string | undefined;
};

/** Reads the cluster's settings: BACKOUT_CLUSTER_CACHE, KUBEBUILDER_ASSETS and BACKOUT_TEST_KUBECONFIG. */
export function readClusterEnvironment(env: NodeJS.ProcessEnv = process.env): ClusterEnvironment {
  return {
    cache: env.BACKOUT_CLUSTER_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'backout-cluster'),
    assets: env.KUBEBUILDER_ASSETS || undefined,
    kubeconfig: env.BACKOUT_TEST_KUBECONFIG || undefined,
  };
}
