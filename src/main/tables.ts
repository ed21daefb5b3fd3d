import { z } from 'zod';
import { levelChecklists } from '../../templates/checklists/index.ts';
import { executors as envFileExecutors } from '../adapters/env-file/table.ts';
import * as git from '../adapters/git/table.ts';
import { checks as httpChecks } from '../adapters/http/table.ts';
import { kubernetesChecks, kubernetesExecutors, kubernetesReleaseSources } from '../adapters/kubernetes/entries.ts';
import * as pm2 from '../adapters/pm2/table.ts';
import * as processes from '../adapters/process/table.ts';
import type { CatalogueTables } from '../config/tables.ts';
import type { AlertStore } from '../ports/alert-store.ts';
import type { BoundCheck, CheckEntry } from '../ports/check.ts';
import type { BoundExecutor, ExecutorEntry } from '../ports/executor.ts';
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
  readonly stateDir: string;
  /** Absolute path of the folder that the catalogue lies in. */
  readonly catalogueFolder: string;
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

/** Every kind of step. */
const executors: readonly ExecutorEntry<TableDeps>[] = [
  ...kubernetesExecutors,
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
const releaseSources: readonly ReleaseSourceEntry<TableDeps>[] = [
  ...kubernetesReleaseSources,
  ...git.releaseSources,
  ...pm2.releaseSources,
];

/** What a catalogue may name. */
export const catalogueTables: CatalogueTables = { executors, checks, releaseSources, checklists: levelChecklists };

/** Whether a kind of step takes the target to a release. */
export function needsRelease(kind: string): boolean {
  return executors.some(entry => entry.kind === kind && entry.needsRelease);
}

type Bound<Loaded> = { readonly kind: string; load(): Promise<Loaded> };

/** Binds the rows' dependencies; each is loaded once, when it is first needed. */
function bind<Loaded, Row extends { readonly kind: string; load(deps: TableDeps): Promise<Loaded> }>(
  rows: readonly Row[],
  deps: TableDeps,
): ReadonlyMap<string, Omit<Row, 'load'> & Bound<Loaded>> {
  return new Map(
    rows.map(row => {
      let loaded: Promise<Loaded> | null = null;
      const load = (): Promise<Loaded> => {
        loaded ??= row.load(deps);
        return loaded;
      };
      return [row.kind, { ...row, load }];
    }),
  );
}

/** The tables as the engine sees them. */
export function bindTables(deps: TableDeps): {
  readonly executors: ReadonlyMap<string, BoundExecutor>;
  readonly checks: ReadonlyMap<string, BoundCheck>;
  readonly releaseSources: ReadonlyMap<string, BoundReleaseSource>;
} {
  return {
    executors: bind(executors, deps),
    checks: bind(checks, deps),
    releaseSources: bind(releaseSources, deps),
  };
}
