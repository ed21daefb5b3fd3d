import { note } from '../../domain/note.ts';
import { emptyPlan, type StepPlan } from '../../domain/plan.ts';
import { type Reason, Refusal, reason } from '../../domain/reason.ts';
import type { Executor } from '../../ports/executor.ts';
import { type Applying, applyBody } from './apply-body.ts';
import { applyApply, observeApply, settleApply } from './apply-change.ts';
import { applyInput } from './apply-input.ts';
import { type Drafted, draftManifest, type Wanted } from './apply-plan.ts';
import type { Connect, Connection } from './connect.ts';
import { kubectl } from './kubectl.ts';
import { findKind, liveObject } from './live-object.ts';
import { type Manifest, readManifests } from './manifests.ts';
import { objectExecutor } from './object-executor.ts';
import { withOwners } from './owned-executor.ts';

type Input = ReturnType<typeof applyInput.parse>;

/** Applies a folder of manifests server-side, one operation for each object that is not as its manifest says; deletes nothing. */
export function createApply(
  connect: Connect,
  deps: { readonly clock: { now(): number }; readonly catalogueFolder: string },
): Executor {
  const executor = objectExecutor<Applying>(connect, {
    kind: 'kubernetes.apply',
    body: applyBody,
    plan: async (connection, { signal }, raw) => {
      const input = applyInput.parse(raw);
      const wanted = await placed(connection, input, await readManifests(deps.catalogueFolder, input.folder), signal);
      const drafts: Drafted[] = [];
      for (const one of wanted) {
        const draft = await draftManifest(connection, one, signal);
        if (draft) drafts.push(draft);
      }
      return planOf(drafts);
    },
    observe: observeApply,
    apply: applyApply,
    settle: (connection, body, context) => settleApply(connection, body, context, deps.clock),
    byHand,
  });
  return withOwners(connect, deps.clock, executor);
}

/** Each manifest with its place in the cluster; refuses what belongs to no namespace, or to one that the step does not name. */
async function placed(
  connection: Connection,
  { folder, alsoNamespaces, force, graceSeconds, owner, argocd: _, ...where }: Input,
  manifests: readonly Manifest[],
  signal: AbortSignal,
): Promise<Wanted[]> {
  const refusal = ({ file, kind, name }: Manifest, facts: Reason['facts']) => {
    const which = { object: `folder ${folder}`, file, manifest: `${kind} ${name}` };
    return new Refusal(reason('plan-failed', { ...which, ...facts }));
  };
  const kinds = new Map<string, Awaited<ReturnType<typeof findKind>>>();
  const found: Wanted[] = [];
  for (const manifest of manifests) {
    const { apiVersion, kind, name } = manifest;
    const namespace = manifest.namespace ?? where.namespace;
    if (namespace !== where.namespace && !alsoNamespaces.includes(namespace))
      throw refusal(manifest, { why: 'namespace-not-named', namespace });
    const key = `${apiVersion} ${kind}`;
    if (!kinds.has(key)) kinds.set(key, await findKind(connection, manifest, signal));
    const known = kinds.get(key);
    if (!known) throw refusal(manifest, { why: 'kind-unknown', kind: `${kind} (${apiVersion})` });
    if (!known.namespaced) throw refusal(manifest, { why: 'cluster-wide' });
    const { api, plural } = known;
    found.push({ place: { ...where, namespace, api, plural, kind, name }, manifest, force, graceSeconds, owner });
  }
  return found;
}

function planOf(drafts: readonly Drafted[]): StepPlan {
  const operations = drafts.map(({ operation }) => operation);
  const made = operations.filter(({ inverse }) => inverse?.body.action === 'leave').map(({ object }) => object);
  const unsure = drafts.find(({ interruption }) => interruption.kind !== 'none');
  return {
    ...emptyPlan,
    operations,
    blastRadius: drafts.flatMap(({ blastRadius }) => blastRadius),
    interruption: unsure?.interruption ?? { kind: 'none' },
    notRolledBack: made.length > 0 ? [note('objects-stay', { names: made })] : [],
    warnings: drafts.flatMap(({ warnings }) => warnings),
    expectedMs: drafts.reduce((sum, { expectedMs }) => sum + expectedMs, 0),
  };
}

function byHand(body: Applying): readonly string[] {
  if (body.action === 'leave') return [];
  if (body.action === 'restore') {
    const edit = `${kubectl(body, 'edit', body.plural, body.name)} (${body.pointers.join(', ')})`;
    if (body.copy === null) return [edit];
    const old = kubectl(body, 'get', 'secret', body.copy, '-o', 'jsonpath={.data.values\\.json}');
    return [`${old} | base64 -d (old values)`, edit];
  }
  const flags = ['--server-side', '--field-manager=backout', ...(body.force ? ['--force-conflicts'] : [])];
  return [`${kubectl(body, 'apply', ...flags, '-f', body.file)} (${liveObject(body)})`];
}
