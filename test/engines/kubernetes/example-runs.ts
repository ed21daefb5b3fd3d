import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createProcesses } from '../../../src/adapters/process/processes.ts';
import { readCatalogue } from '../../../src/config/catalogue.ts';
import { readSecret } from '../../../src/config/secrets.ts';
import type { CheckSpec, Runbook, TargetSpec } from '../../../src/domain/catalogue.ts';
import type { CheckOutcome } from '../../../src/domain/check.ts';
import type { StepPlan } from '../../../src/domain/plan.ts';
import type { Release } from '../../../src/domain/release.ts';
import type { Run } from '../../../src/domain/run.ts';
import { bindTables, catalogueTables } from '../../../src/main/tables.ts';
import { manualKind } from '../../../src/verify/checks/manual.ts';
import { eventually, type TestCluster } from '../../cluster/suite.ts';
import { keptInMemory } from '../../fakes/kept-texts.ts';
import { checkContext, contexts, pick } from './targets.ts';

/** An example's target on a real cluster: its runbooks are planned, carried out and verified as the engine does it. */
export interface ExampleRuns {
  readonly target: TargetSpec;
  runbook(id: string): Runbook;
  /** A release out of what the target's own source shows. */
  release(version: string): Promise<Release>;
  /** Plans every step, as the engine does before it asks anybody. */
  plan(id: string, to?: Release | null): Promise<readonly { readonly kind: string; readonly plan: StepPlan }[]>;
  /** Plans and carries out a runbook; then its checks, those for people aside, until each has passed. */
  run(id: string, to?: Release | null): Promise<readonly StepPlan[]>;
}

/** What stands in an example's text and what it becomes here; each must stand there. */
type Places = readonly (readonly [string, string])[];

/** Opens an example's target with the cluster's own rights. */
export async function openExample(
  name: string,
  [service, environment]: readonly [string, string],
  cluster: TestCluster,
  places: Places,
): Promise<ExampleRuns> {
  const file = join(import.meta.dirname, '../../../examples', name, 'backout.yaml');
  const text = places.reduce(
    (so, [from, to]) => {
      if (!so.includes(from)) throw new Error(`the example does not hold ${from}`);
      return so.replaceAll(from, to);
    },
    readFileSync(file, 'utf8'),
  );
  const read = readCatalogue(catalogueTables, text, file);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const target = read.catalogue.services[service]?.environments[environment];
  if (!target) throw new Error(`the example has no target ${service}/${environment}`);
  const stateDir = await cluster.folder('example');
  const tables = bindTables({
    processes: createProcesses({ path: '/usr/bin:/bin', home: stateDir }),
    readSecret,
    clock: { now: () => Date.now() },
    alerts: { episode: async () => null },
    kubeconfig: cluster.kubeconfigPath,
    childEnvironment: {},
    clusterVariables: {},
    stateDir,
    catalogueFolder: dirname(file),
    kept: keptInMemory(),
  });
  const loaded = <T>(table: ReadonlyMap<string, { load(): Promise<T> }>, kind: string): Promise<T> => {
    const row = table.get(kind);
    if (!row) throw new Error(`no ${kind}`);
    return row.load();
  };
  const runbook = (id: string): Runbook => {
    const found = target.runbooks.find(one => one.id === id);
    if (!found) throw new Error(`no runbook ${id}`);
    return found;
  };
  const plan: ExampleRuns['plan'] = async (id, to = null) => {
    const plans: { kind: string; plan: StepPlan }[] = [];
    for (const { kind, input } of runbook(id).steps) {
      const executor = await loaded(tables.executors, kind);
      plans.push({ kind, plan: await executor.plan(contexts().plan(to), input) });
    }
    return plans;
  };
  const passes = async (spec: CheckSpec, to: Release | null, began: number, operations: readonly object[]) => {
    const check = await loaded(tables.checks, spec.kind);
    const context = checkContext(to);
    const plan = { to, operations };
    const of = { ...context.of, plan, since: { executing: began }, createdAt: began, checks: [], ticks: {} };
    const look = check.start(
      { ...context, of: of as unknown as Run, checkId: spec.id, verifyingSince: Date.now() },
      spec.input,
    );
    const outcome = await eventually<CheckOutcome>(spec.title, async () => {
      const seen = await look();
      return seen.status !== 'waiting' && seen;
    });
    if (outcome.status !== 'passed') throw new Error(`${spec.title}: ${JSON.stringify(outcome)}`);
  };
  return {
    target,
    runbook,
    plan,
    release: async version => {
      const { kind, input } = target.releaseSource ?? { kind: 'none', input: {} };
      const source = await loaded(tables.releaseSources, kind);
      return pick(await source.look({ signal: AbortSignal.timeout(30_000) }, input), version);
    },
    run: async (id, to = null) => {
      const plans = await plan(id, to);
      const began = Date.now();
      for (const { kind, plan: step } of plans) {
        const executor = await loaded(tables.executors, kind);
        for (const operation of step.operations) {
          const { apply } = contexts();
          await executor.apply(apply, operation);
          const settled = await executor.settle(apply, operation);
          if (settled.state !== 'settled') throw new Error(`${operation.object}: ${JSON.stringify(settled.reason)}`);
        }
      }
      const operations = plans.flatMap(({ kind, plan: step }) =>
        step.operations.map(operation => ({ ...operation, executor: kind })),
      );
      const own = runbook(id).checks.map(({ id: check }) => check);
      const checks = [...target.checks.filter(check => !own.includes(check.id)), ...runbook(id).checks];
      await Promise.all(
        checks.filter(({ kind }) => kind !== manualKind).map(spec => passes(spec, to, began, operations)),
      );
      return plans.map(one => one.plan);
    },
  };
}
