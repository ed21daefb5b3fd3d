import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterEnvironment } from './environment.ts';

/** A program of the tests and the Go package it is built from. */
export type Program = {
  readonly name: string;
  readonly module: string;
  readonly goPackage: string;
  /** The variable that holds the program's own version, for one that would otherwise tell less than the truth. */
  readonly version?: string;
  /** What is built in the place of what the module has. */
  readonly changed?: Changed;
};

/** Changes in the files of a module: each text must be there once. */
export type Changed = {
  readonly module: string;
  readonly texts: readonly { readonly file: string; readonly from: string; readonly to: string }[];
};

/** Every program of the cluster and beside it, in the order in which building is fastest: the first of a module compiles what its others share. */
export const programs: readonly Program[] = [
  { name: 'kube-apiserver', module: 'kubernetes', goPackage: 'k8s.io/kubernetes/cmd/kube-apiserver' },
  { name: 'kube-controller-manager', module: 'kubernetes', goPackage: 'k8s.io/kubernetes/cmd/kube-controller-manager' },
  { name: 'kube-scheduler', module: 'kubernetes', goPackage: 'k8s.io/kubernetes/cmd/kube-scheduler' },
  { name: 'kubelet', module: 'kubernetes', goPackage: 'k8s.io/kubernetes/cmd/kubelet' },
  { name: 'kubectl', module: 'kubernetes', goPackage: 'k8s.io/kubernetes/cmd/kubectl' },
  {
    name: 'argo-rollouts',
    module: 'kubernetes',
    goPackage: 'github.com/argoproj/argo-rollouts/cmd/rollouts-controller',
    version: 'github.com/argoproj/argo-rollouts/utils/version.version',
    // A listener that would be open to the whole network.
    changed: {
      module: 'github.com/argoproj/argo-rollouts',
      texts: [{ file: 'controller/controller.go', from: '"0.0.0.0:%d"', to: '"127.0.0.1:%d"' }],
    },
  },
  {
    name: 'flagger',
    module: 'kubernetes',
    goPackage: 'github.com/fluxcd/flagger/cmd/flagger',
    // The same, and a kind of lock that the libraries of the cluster have no more; it is taken by none but two Flaggers at once.
    changed: {
      module: 'github.com/fluxcd/flagger',
      texts: [
        { file: 'pkg/server/server.go', from: '":" + port', to: '"127.0.0.1:" + port' },
        { file: 'cmd/flagger/main.go', from: 'ConfigMapsLeasesResourceLock', to: 'LeasesResourceLock' },
      ],
    },
  },
  { name: 'etcd', module: 'etcd', goPackage: 'go.etcd.io/etcd/server/v3' },
  {
    name: 'helm4',
    module: 'helm',
    goPackage: 'helm.sh/helm/v4/cmd/helm',
    version: 'helm.sh/helm/v4/internal/version.version',
  },
  {
    name: 'helm3',
    module: 'helm',
    goPackage: 'helm.sh/helm/v3/cmd/helm',
    version: 'helm.sh/helm/v3/internal/version.version',
  },
  { name: 'metrics-server', module: 'helm', goPackage: 'sigs.k8s.io/metrics-server/cmd/metrics-server' },
  { name: 'registry', module: 'registry', goPackage: '.' },
];

/** Folder with the go.mod of a module. */
export function moduleFolder(module: string): string {
  return join(import.meta.dirname, 'modules', module);
}

/** Where a program lies in the cache: one folder for each state of its module's go.mod, its main.go and what is changed in it. */
export function cachedPath(program: Program, cache: string): string {
  const hash = createHash('sha256');
  for (const name of ['go.mod', 'main.go']) {
    const file = join(moduleFolder(program.module), name);
    if (existsSync(file)) hash.update(readFileSync(file));
  }
  if (program.changed) hash.update(JSON.stringify(program.changed));
  return join(cache, `${program.module}-${hash.digest('hex').slice(0, 12)}`, program.name);
}

/** Path of a usable program (KUBEBUILDER_ASSETS first, then the cache), or undefined when it has to be built. */
export function findProgram(name: string, environment: ClusterEnvironment): string | undefined {
  const asset = environment.assets && join(environment.assets, name);
  if (asset && existsSync(asset)) return asset;
  const program = programs.find(entry => entry.name === name);
  const cached = program && cachedPath(program, environment.cache);
  return cached && existsSync(cached) ? cached : undefined;
}

/** Path of a program that must be there; throws with the command that builds it. */
export function requireProgram(name: string, environment: ClusterEnvironment): string {
  const path = findProgram(name, environment);
  if (!path) throw new Error(`${name} of the test cluster is not built yet: run npm run cluster:build`);
  return path;
}
