import { z } from 'zod';
import { levelChecklists } from '../../templates/checklists/index.ts';
import { executors as envFileExecutors } from '../adapters/env-file/table.ts';
import * as git from '../adapters/git/table.ts';
import * as helm from '../adapters/helm/table.ts';
import { checks as httpChecks } from '../adapters/http/table.ts';
import { kubernetesChecks, kubernetesExecutors, kubernetesReleaseSources } from '../adapters/kubernetes/entries.ts';
import * as pm2 from '../adapters/pm2/table.ts';
import * as processes from '../adapters/process/table.ts';
import type { CatalogueTables } from '../config/tables.ts';
import type { StepSpec } from '../domain/catalogue.ts';
import { takesRelease } from '../plan/takes-release.ts';
import type { AlertStore } from '../ports/alert-store.ts';
import type { BoundCheck, CheckEntry } from '../ports/check.ts';
import type { OpenCluster } from '../ports/cluster.ts';
import type { BoundExecutor, ExecutorEntry } from '../ports/executor.ts';
import type { KeptTexts } from '../ports/kept-texts.ts';
import type { OpenOwners, Owners } from '../ports/owners.ts';
import type { Processes } from '../ports/processes.ts';
import type { BoundReleaseSource, ReleaseSourceEntry } from '../ports/release-source.ts';
import type { ReadSecret } from '../ports/secrets.ts';
import { alertCleared } from '../verify/checks/alert-cleared.ts';
import { manual, manualKind } from '../verify/checks/manual.ts';

/** What the tables' rows are loaded with. */
export interface TableDeps {
  readonly processes: Processes;
  readonly readSecret: ReadSecret;
  readonly clock: { now(): number };
  readonly alerts: Pick<AlertStore, 'episode'>;
  readonly kubeconfig: string | null;
  /** PATH, HOME and LANG for plugins that a kubeconfig names. */
  readonly childEnvironment: Readonly<Record<string, string>>;
  /** The variables by which a program in a pod finds its API server; empty outside of one. */
  readonly clusterVariables: Readonly<Record<string, string>>;
  readonly stateDir: string;
  /** Absolute path of the folder that the catalogue lies in. */
  readonly catalogueFolder: string;
  readonly kept: KeptTexts;
}

/** Checks that need nothing of the outside but our own state. */
const ownChecks: readonly CheckEntry<TableDeps>[] = [
  {
    kind: 'alert-cleared',
    input: z.strictObject({}),
    summary: 'Passes once the alert that started the run is resolved; an alert nobody hears of stays open.',
    hostLocal: false,
    load: async deps => alertCleared(deps),
  },
  {
    kind: manualKind,
    input: z.strictObject({}),
    summary: 'A box that a named person ticks in Slack.',
    hostLocal: false,
    load: async () => manual(),
  },
];

/** What the rows are loaded with: clusters beside it, opened by the adapter that knows how, for a tool that keeps its books in them. */
interface RowDeps extends TableDeps {
  readonly openCluster: OpenCluster;
  readonly openOwners: OpenOwners;
}

function withClusters(deps: TableDeps): RowDeps {
  const loadCluster = once(async () => (await import('../adapters/kubernetes/cluster.ts')).createOpenCluster(deps));
  const openOwners = once<Owners>(async () =>
    (await import('../adapters/kubernetes/suspending.ts')).createOwners(deps),
  );
  return { ...deps, openCluster: async place => (await loadCluster())(place), openOwners };
}

/** Loads when it is first needed, and only then. */
function once<Loaded>(load: () => Promise<Loaded>): () => Promise<Loaded> {
  let loaded: Promise<Loaded> | null = null;
  return () => {
    loaded ??= load();
    return loaded;
  };
}

/** Every kind of step. */
const executors: readonly ExecutorEntry<RowDeps>[] = [
  ...kubernetesExecutors,
  ...helm.executors,
  ...pm2.executors,
  ...envFileExecutors,
  ...git.executors,
  ...processes.executors,
];

/** Every kind of check. */
const checks: readonly CheckEntry<TableDeps>[] = [
  ...httpChecks,
  ...kubernetesChecks,
  ...pm2.checks,
  ...processes.checks,
  ...ownChecks,
];

/** Everything that shows which release is live. */
const releaseSources: readonly ReleaseSourceEntry<RowDeps>[] = [
  ...kubernetesReleaseSources,
  ...helm.releaseSources,
  ...git.releaseSources,
  ...pm2.releaseSources,
];

/** What a catalogue may name. */
export const catalogueTables: CatalogueTables = { executors, checks, releaseSources, checklists: levelChecklists };

/** Whether a step takes the target to a release. */
export function needsRelease(step: Pick<StepSpec, 'kind' | 'input'>): boolean {
  return executors.some(entry => entry.kind === step.kind && takesRelease(entry, step));
}

type Bound<Loaded> = { readonly kind: string; load(): Promise<Loaded> };

/** Binds the rows' dependencies; each is loaded once, when it is first needed. */
function bind<Loaded, Row extends { readonly kind: string; load(deps: RowDeps): Promise<Loaded> }>(
  rows: readonly Row[],
  deps: RowDeps,
): ReadonlyMap<string, Omit<Row, 'load'> & Bound<Loaded>> {
  return new Map(rows.map(row => [row.kind, { ...row, load: once(() => row.load(deps)) }]));
}

/** The tables as the engine sees them. */
export function bindTables(deps: TableDeps): {
  readonly executors: ReadonlyMap<string, BoundExecutor>;
  readonly checks: ReadonlyMap<string, BoundCheck>;
  readonly releaseSources: ReadonlyMap<string, BoundReleaseSource>;
} {
  const all = withClusters(deps);
  return {
    executors: bind(executors, all),
    checks: bind(checks, all),
    releaseSources: bind(releaseSources, all),
  };
}
