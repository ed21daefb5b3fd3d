import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  kubernetesChecks,
  kubernetesExecutors,
  kubernetesReleaseSources,
} from '../../../src/adapters/kubernetes/entries.ts';
import { readSecret } from '../../../src/config/secrets.ts';
import { rulesOf } from '../../../src/domain/cluster-rights.ts';
import type { RunId, TargetId } from '../../../src/domain/ids.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import { type Note, note } from '../../../src/domain/note.ts';
import type { OperationDraft, StepPlan } from '../../../src/domain/plan.ts';
import { type Reason, Refusal } from '../../../src/domain/reason.ts';
import type { Grade, ObservedRelease, ObservedReleases, Release } from '../../../src/domain/release.ts';
import type { Run } from '../../../src/domain/run.ts';
import { clusterRights } from '../../../src/main/cluster-rights.ts';
import type { Check, CheckContext } from '../../../src/ports/check.ts';
import type { ApplyContext, Executor, PlanContext, Settlement } from '../../../src/ports/executor.ts';
import { sayReason } from '../../../templates/say.ts';
import { openApi } from '../../cluster/api.ts';
import type { FaultProxy } from '../../cluster/fault-proxy.ts';
import type { Rules, TestCluster } from '../../cluster/suite.ts';
import { eventually } from '../../cluster/suite.ts';
import { keptInMemory } from '../../fakes/kept-texts.ts';

/** The rights that the documentation states for these kinds of step, check and release source, and no more. */
export function statedRules(...kinds: readonly string[]): Rules {
  return rulesOf(kinds.flatMap(kind => clusterRights[kind]?.rights.filter(({ wide }) => !wide) ?? []));
}

/** The least that a rollback of a Deployment's own template can do with. */
export const neededRules: Rules = [
  { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'patch'] },
  { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['list'] },
  {
    apiGroups: [''],
    resources: ['pods', 'configmaps', 'secrets', 'serviceaccounts', 'persistentvolumeclaims'],
    verbs: ['get', 'list'],
  },
  { apiGroups: [''], resources: ['services'], verbs: ['list'] },
];

/** One namespace with an account of the bot's own, seen through a proxy that can make things go wrong. */
export type Place = {
  readonly namespace: string;
  readonly proxy: FaultProxy;
  readonly kubeconfig: string;
  /** The folder that stands for the catalogue's. */
  readonly folder: string;
  /** What was kept outside the cluster. */
  readonly kept: ReturnType<typeof keptInMemory>;
  executor(kind: string): Promise<Executor>;
  check(): Promise<Check>;
  look(input: JsonObject): Promise<ObservedReleases>;
  /** The same namespace and account through a proxy of its own, and with a folder of its own; the namespace stays when it is closed. */
  beside(): Promise<Place>;
  /** Ends what can be asked for through it, and what works in the namespace. */
  close(): Promise<void>;
};

/** Opens a place: kubeconfig on disk as a real bot has it, role bound and in force, `wide` rights in the whole cluster where named. */
export async function openPlace(cluster: TestCluster, rules: Rules = neededRules, wide?: Rules): Promise<Place> {
  const namespace = await cluster.namespace();
  const proxy = await cluster.faultProxy();
  const text = await cluster.account(namespace, rules, proxy.url, wide);
  const asAccount = await openApi(text);
  const probe = `/api/v1/namespaces/${namespace}/pods`;
  await eventually('role', () => asAccount('GET', probe).catch(() => undefined));
  proxy.clear();
  const place = await placeThrough(cluster, namespace, proxy, text);
  const close = async () => {
    await place.close();
    await cluster.empty(namespace);
  };
  return { ...place, close };
}

async function placeThrough(cluster: TestCluster, namespace: string, proxy: FaultProxy, text: string): Promise<Place> {
  const folder = await cluster.folder('place');
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, text, { mode: 0o600 });
  const kept = keptInMemory();
  const deps = {
    kubeconfig,
    childEnvironment: {},
    clock: { now: () => Date.now() },
    readSecret,
    catalogueFolder: folder,
    kept,
  };
  const entryOf = <T extends { readonly kind: string }>(entries: readonly T[], kind: string): T => {
    const found = entries.find(entry => entry.kind === kind);
    if (!found) throw new Error(`no entry ${kind}`);
    return found;
  };
  return {
    namespace,
    proxy,
    kubeconfig,
    folder,
    kept,
    executor: kind => entryOf(kubernetesExecutors, kind).load(deps),
    check: () => entryOf(kubernetesChecks, 'kubernetes.rollout').load(deps),
    look: async input => {
      const entry = entryOf(kubernetesReleaseSources, 'kubernetes.deployment');
      const source = await entry.load(deps);
      return source.look({ signal: AbortSignal.timeout(30_000) }, entry.input.parse(input));
    },
    beside: async () => {
      const own = await cluster.faultProxy();
      return placeThrough(cluster, namespace, own, text.replaceAll(proxy.url, own.url));
    },
    close: () => proxy.close(),
  };
}

/** A release as the store would hold it, made from what the target shows. */
export function releaseOf(observed: ObservedRelease, grade: Grade = 'verified'): Release {
  return {
    target: 'shop/production' as TargetId,
    key: observed.key,
    version: observed.version,
    identity: observed.identity,
    spans: [],
    deployment: null,
    grade,
    gradeNote: note('graded'),
    gradedAt: 0,
    gradedBy: null,
    firstSeen: 0,
  };
}

/** The release of a history by its label. */
export function pick(releases: ObservedReleases, version: string, grade: Grade = 'verified'): Release {
  const all = [...(releases.current ? [releases.current] : []), ...releases.history];
  const found = all.find(release => release.version === version);
  if (!found) throw new Error(`${version} is not among ${all.map(release => release.version).join(', ')}`);
  return releaseOf(found, grade);
}

/** What others do at the moment a write is on its way, once; answers how many writes the proxy has seen since, tries aside. */
export function atNextWrite(proxy: Place['proxy'], others: () => Promise<void>): () => number {
  proxy.clear();
  proxy.before(async ({ method }) => {
    if (method !== 'PATCH') return;
    proxy.before(undefined);
    await others();
  });
  return () => proxy.seen.filter(({ method, path }) => method === 'PATCH' && !path.includes('dryRun')).length;
}

/** Contexts as the engine hands them over, with the progress notes kept. */
export function contexts(signal: AbortSignal = AbortSignal.timeout(60_000)) {
  const progress: Note[] = [];
  const base = { run: '01K9ZK8STRAPS00000000000000' as RunId, target: 'shop/production' as TargetId, signal };
  const apply: ApplyContext = {
    ...base,
    fence: 1,
    idempotencyKey: `${base.run}/apply/0`,
    progress: told => void progress.push(told),
    child: async () => {},
  };
  return { apply, progress, plan: (to: Release | null): PlanContext => ({ ...base, from: null, to }) };
}

/** A check's context within a run that goes to this release, or to none. */
export function checkContext(to: Release | null): CheckContext {
  const of = { status: 'verifying', plan: to && { to, operations: [] } };
  return { ...contexts().apply, of: of as unknown as Run, checkId: 'rollout', verifyingSince: 0 };
}

/** Applies every operation and settles it; answers how the last one came to rest. */
export async function carryOut(executor: Executor, operations: StepPlan['operations']): Promise<Settlement> {
  let settlement: Settlement | undefined;
  for (const operation of operations) {
    const { apply } = contexts();
    await executor.apply(apply, operation);
    settlement = await executor.settle(apply, operation);
  }
  if (!settlement) throw new Error('there was nothing to carry out');
  return settlement;
}

type Planned = Pick<StepPlan, 'operations'>;

/** The first operation of a plan that has one. */
export function firstOf({ operations: [first] }: Planned): OperationDraft {
  if (!first) throw new Error('nothing planned');
  return first;
}

/** What puts the first operation of a plan back. */
export function inverseOf(plan: Planned): OperationDraft {
  const { inverse } = firstOf(plan);
  if (!inverse) throw new Error('the plan has no inverse');
  return { ...inverse, fingerprint: '', inverse: null };
}

/** The reason of the refusal that a call ends in. */
export async function refusalOf(call: Promise<unknown>): Promise<Reason> {
  const thrown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof Refusal) return thrown.reason;
  throw new Error(`no refusal but ${thrown}`);
}

/** The refusal that a call ends in, as people read it. */
export async function refusedWith(call: Promise<unknown>): Promise<string> {
  return sayReason(await refusalOf(call), 'en');
}
