import { parseDuration } from '../../domain/duration.ts';
import { note } from '../../domain/note.ts';
import { emptyPlan, type OperationDraft, type StepPlan } from '../../domain/plan.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { Release } from '../../domain/release.ts';
import type { PlanContext } from '../../ports/executor.ts';
import { majorOf, requireBinary } from './binary.ts';
import type { Rollback } from './body.ts';
import { notesOf } from './consequences.ts';
import type { History, Revisions, Stored } from './history.ts';
import { type HelmDeps, objectOf, type Place, type RollbackInput } from './input.ts';
import { type Comparison, compareManifests, partsOf, wordsOf } from './manifest.ts';
import { fingerprintOf } from './observe.ts';
import { planOwners } from './owners.ts';
import { manifestDiff } from './preview.ts';
import { isPending, type Revision, rollbackHooks, wasDeployed } from './revision.ts';

/** Time that a rollback usually takes, in ms: helm waits for the pods. */
const expectedMs = 30_000;

/** Plans a rollback to the newest revision that holds the chosen release; shows what changes by the manifests that helm stored. */
export async function planRollback(
  deps: HelmDeps,
  history: History,
  context: PlanContext,
  input: RollbackInput,
): Promise<StepPlan> {
  const { signal, to } = context;
  const object = objectOf(input);
  requireBinary(deps, input.binary);
  if (!to) throw new Refusal(reason('no-good-release', { object, why: 'none-chosen' }));
  const cluster = await deps.openCluster(input);
  const found = await history.read(cluster, input, signal);
  const latest = latestOf(input, found);
  if (latest.status === 'deployed' && latest.key === to.key) return emptyPlan;
  refuseBusy(deps, input, latest);
  const target = targetOf(object, found.revisions, latest, to);
  const [before, after] = await Promise.all([
    history.open(cluster, input, latest.number, signal),
    history.open(cluster, input, target.number, signal),
  ]);
  if (!before || !after) throw new Refusal(reason('target-changed', { object }));
  const parts = { before: partsIn(before, input), after: partsIn(after, input) };
  const owners = await planOwners(deps.openOwners, input, [...parts.before, ...parts.after], signal);
  const compared = compareManifests(parts.before, parts.after);
  const body = bodyOf(input, latest, target, await majorOf(deps, input.binary, signal), to.version);
  const notes = notesOf({ input, object, latest, target, revisions: found.revisions, compared, to });
  return {
    operations: [...owners.operations, operationOf(body, latest, target, compared)],
    expectedMs,
    ...notes,
    warnings: [...owners.warnings, ...notes.warnings],
  };
}

function partsIn({ payload }: Stored, { namespace }: Place) {
  return partsOf(payload.manifest, namespace);
}

/** The newest revision. Throws `Refusal` where there is none that can be built on. */
function latestOf(place: Place, { revisions, unread }: Revisions): Revision {
  const object = objectOf(place);
  const [latest] = revisions;
  if (unread.some(number => number > (latest?.number ?? 0)))
    throw new Refusal(reason('plan-failed', { object, why: 'newest-unreadable' }));
  if (!latest) throw new Refusal(reason('plan-failed', { object, why: 'no-such-release' }));
  const { status } = latest;
  if (status.startsWith('uninstall')) throw new Refusal(reason('plan-failed', { object, why: 'uninstalled', status }));
  return latest;
}

/** A pending revision that is younger than helm's own time limit may be somebody's helm at work. */
function refuseBusy({ clock }: HelmDeps, input: RollbackInput, latest: Revision): void {
  if (!isPending(latest)) return;
  const age = latest.madeAt === null ? 0 : clock.now() - latest.madeAt;
  const limit = parseDuration(input.timeout) ?? 0;
  if (age > limit) return;
  const facts = { object: objectOf(input), revision: latest.number, status: latest.status };
  const seconds = Math.ceil((limit - age) / 1_000);
  throw new Refusal(reason('plan-failed', { ...facts, why: 'helm-at-work', seconds }));
}

/** The newest revision below the live one that holds the release and was once rolled out. */
function targetOf(object: string, revisions: readonly Revision[], latest: Revision, to: Release): Revision {
  const held = revisions.filter(({ key, number }) => key === to.key && number < latest.number);
  const good = held.find(wasDeployed);
  if (good) return good;
  const [other] = held;
  const facts = { object, release: to.version };
  if (other) {
    const { number: revision, status } = other;
    throw new Refusal(reason('release-not-eligible', { ...facts, why: 'revision-is', revision, status }));
  }
  throw new Refusal(reason('release-not-eligible', { ...facts, why: 'revision-not-kept', kept: revisions.length }));
}

function bodyOf(input: RollbackInput, latest: Revision, target: Revision, major: 3 | 4, version: string): Rollback {
  const { release, namespace, context, kubeconfig, binary, waitForJobs, cleanupOnFail, force, forceConflicts } = input;
  const hooks = input.hooks === 'run';
  return {
    ...{ release, namespace, context, kubeconfig, binary, major, waitForJobs, cleanupOnFail, force, forceConflicts },
    timeoutSeconds: Math.ceil((parseDuration(input.timeout) ?? 0) / 1_000),
    hooks,
    base: { number: latest.number, uid: latest.secret.uid, status: latest.status, content: latest.content },
    to: { number: target.number, uid: target.secret.uid, content: target.content, version },
    over: null,
    expected: latest.number + 1,
    unseenHooks: hooks && rollbackHooks(target).length > 0,
  };
}

function operationOf(body: Rollback, latest: Revision, target: Revision, compared: Comparison): OperationDraft {
  const object = objectOf(body);
  const names = { before: `in revision ${latest.number}`, after: `in revision ${target.number}` };
  const facts = {
    object,
    from: latest.number,
    to: target.number,
    was: latest.version,
    version: target.version,
    chart: target.chart,
    changed: compared.changed.length,
    created: compared.created.length,
    deleted: compared.deleted.map(wordsOf),
  };
  return {
    object,
    body,
    preview: { summary: note('helm-goes-back', facts), diff: manifestDiff(compared, names) },
    fingerprint: fingerprintOf(latest, body.to),
    idempotent: false,
    inverse: isPending(latest) ? null : inverseOf(body, latest, compared),
  };
}

/** Back to the revision that was live, as it stands in the same books. */
function inverseOf(body: Rollback, latest: Revision, compared: Comparison): OperationDraft['inverse'] {
  const object = objectOf(body);
  const { changed, created, deleted, kept } = compared;
  const turned: Comparison = {
    changed: changed.map(({ before, after }) => ({ before: after, after: before })),
    created: deleted,
    deleted: created,
    kept,
  };
  const names = { before: `in revision ${body.expected}`, after: `in revision ${latest.number}` };
  const inverse: Rollback = {
    ...body,
    to: { number: latest.number, uid: latest.secret.uid, content: latest.content, version: latest.version },
    over: body.to.content,
    expected: body.expected + 1,
    unseenHooks: body.hooks && rollbackHooks(latest).length > 0,
  };
  const facts = { object, revision: latest.number, version: latest.version };
  return {
    object,
    body: inverse,
    preview: { summary: note('helm-put-back', facts), diff: manifestDiff(turned, names) },
    idempotent: false,
  };
}
