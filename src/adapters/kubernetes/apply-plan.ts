import { stringify } from 'yaml';
import { unifiedDiff } from '../../domain/diff.ts';
import { hideSecrets } from '../../domain/hide.ts';
import type { Json, JsonObject } from '../../domain/json.ts';
import { type Note, note } from '../../domain/note.ts';
import type { Interruption, OperationDraft } from '../../domain/plan.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { OwnerChoice } from '../../ports/owner-choice.ts';
import {
  type ApplyManifest,
  applyFingerprint,
  contentOf,
  outcomeOf,
  type Restore,
  valuesAt,
  valuesHash,
  workloadPlace,
} from './apply-body.ts';
import { oldSource } from './apply-change.ts';
import { desired, differences, valueAt } from './apply-fields.ts';
import type { Connection } from './connect.ts';
import { expectedMsOf, interruptionOf } from './judged.ts';
import { refuseUnaccepted } from './keyed-plan.ts';
import { KubeError } from './kube-error.ts';
import { applyLive, type Live, liveObject, type ObjectPlace, readLive } from './live-object.ts';
import type { Manifest } from './manifests.ts';
import { guardedWrite } from './object-executor.ts';
import { fieldManager } from './objects.ts';
import { refuseOwners, refusePaused } from './owners.ts';
import { keepSecretCopy } from './secret-copy.ts';
import { hashOf, templateClaim, templateHash, versionOf } from './template.ts';
import { readWorkload } from './workload.ts';

/** One manifest with the place that it is for, and how the step wants it written. */
export interface Wanted {
  readonly place: ObjectPlace;
  readonly manifest: Manifest;
  readonly force: boolean;
  readonly graceSeconds: number;
  readonly owner: OwnerChoice['owner'];
}

/** What one manifest compiles to. */
export interface Drafted {
  readonly operation: OperationDraft;
  readonly blastRadius: readonly Note[];
  readonly warnings: readonly Note[];
  readonly interruption: Interruption;
  readonly expectedMs: number;
}

/** Old values up to so many characters stand in the plan; more are kept in the cluster. */
const mostInPlan = 32_768;

/** What a server-side dry run shows: the object as it is and as it would be, and who would lose fields. */
interface Tried {
  readonly now: Live | null;
  readonly made: Live;
  readonly taken: string | null;
}

/** Compiles one manifest; null where the object is as it says. Throws `KubeError`, and a `Refusal` for what cannot be applied. */
export async function draftManifest(
  connection: Connection,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Drafted | null> {
  const { place, manifest } = wanted;
  const object = liveObject(place);
  refuseOwn(object, manifest.content);
  const { now, made, taken } = await tryOut(connection, wanted, signal);
  const pointers = now ? differences(desired(now.raw), desired(made.raw)) : [];
  if (now && pointers.length === 0) return null;
  if (now) {
    refuseOwners(object, wanted, now);
    refuseOwn(object, now.raw);
  }
  const gone = pointers.filter(at => valueAt(made.raw, at) === undefined);
  const body = await bodyOf(connection, wanted, { now, made, pointers, gone }, signal);
  const rollout = await rolloutOf(connection, place, now, made, signal);
  const operation: OperationDraft = {
    object,
    body,
    preview: { summary: summaryOf(wanted, now, pointers), diff: diffOf(object, now, made, manifest.content) },
    fingerprint: applyFingerprint(body, now),
    idempotent: true,
    ...(now && body.template ? { claims: [templateClaim(now.metadata)] } : {}),
    inverse: inverseOf(body, now, made),
  };
  return { operation, ...rollout, warnings: warningsOn(object, now, taken) };
}

/** Who applies the same object: what both name is then shared, and the next of them to change it meets a conflict. */
function warningsOn(object: string, now: Live | null, taken: string | null): Note[] {
  const applied = (now?.metadata.managedFields ?? []).filter(({ operation }) => operation === 'Apply');
  const managers = [...new Set(applied.map(({ manager }) => manager))].filter(manager => manager !== fieldManager);
  return [
    ...(taken === null ? [] : [note('takes-fields', { object }, taken)]),
    ...(taken === null && managers.length > 0 ? [note('applied-by-others', { object, names: managers })] : []),
  ];
}

/** Asks the API server to try it without doing it: validation, admission, our rights, and fields that others applied. */
async function tryOut(connection: Connection, wanted: Wanted, signal: AbortSignal): Promise<Tried> {
  const { place, manifest, force } = wanted;
  const object = liveObject(place);
  const found: { tried: Tried | null } = { tried: null };
  const write = async (now: Live | null) => {
    const apply = (taking: boolean) =>
      applyLive(connection, place, manifest.content, now, { dryRun: true, force: taking, signal });
    try {
      found.tried = { now, made: await apply(false), taken: null };
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      const unfit = error.status === 500 && error.message.includes('typed patch object');
      if (unfit) throw new Refusal(reason('plan-failed', { object, why: 'unfit' }, error.message));
      if (error.status !== 409 || !error.message.startsWith('Apply failed with')) throw error;
      if (!force) throw conflict(object, error);
      found.tried = { now, made: await apply(true), taken: error.message };
    }
  };
  await guardedWrite(() => readLive(connection, place, signal), write, signal).catch(refuseUnaccepted(object));
  if (!found.tried) throw new Refusal(reason('plan-failed', { object }));
  return found.tried;
}

function conflict(object: string, error: KubeError): Refusal {
  return new Refusal(reason('plan-failed', { object, why: 'conflict' }, error.message));
}

/** Backout does not change what it runs as: nobody would be left to put it right. */
function refuseOwn(object: string, content: JsonObject): void {
  if (valueAt(content, '/metadata/labels/app.kubernetes.io~1name') !== 'backout') return;
  throw new Refusal(reason('plan-failed', { object, why: 'own' }));
}

async function bodyOf(
  connection: Connection,
  { place, manifest, force, graceSeconds }: Wanted,
  seen: { readonly now: Live | null; readonly made: Live; readonly pointers: string[]; readonly gone: string[] },
  signal: AbortSignal,
): Promise<ApplyManifest> {
  const { now, made, pointers, gone } = seen;
  const written = { manifest: manifest.content, pointers, gone };
  const copies = now !== null && staysInside(now, pointers);
  const source = now && oldSource(place, valuesAt(now, pointers));
  const copy =
    copies && source ? await keepSecretCopy(connection, place.namespace, source, { dryRun: true, signal }) : null;
  return {
    ...place,
    action: 'apply',
    uid: now?.metadata.uid ?? null,
    ...written,
    file: manifest.file,
    force,
    graceSeconds,
    before: contentOf(written, now),
    after: outcomeOf(written, made),
    template: templateOf(place, made),
    copy,
  };
}

/** Whether old values may not stand in a plan: what looks secret, and what is long. */
function staysInside(now: Live, pointers: readonly string[]): boolean {
  const values = pointers.map((at): JsonObject => {
    const last = at.slice(at.lastIndexOf('/') + 1);
    return { [last]: valueAt(now.raw, at) ?? null };
  });
  return (
    values.some(value => hashOf(hideSecrets(value)) !== hashOf(value)) || JSON.stringify(values).length > mostInPlan
  );
}

function templateOf(place: ObjectPlace, live: Live): ApplyManifest['template'] {
  const template = workloadPlace(place) ? valueAt(live.raw, '/spec/template') : undefined;
  if (typeof template !== 'object' || template === null || Array.isArray(template)) return null;
  const content = template as JsonObject;
  return { hash: templateHash(content), version: versionOf(content) };
}

function inverseOf(body: ApplyManifest, now: Live | null, made: Live): OperationDraft['inverse'] {
  const { context, kubeconfig, namespace, api, plural, kind, name } = body;
  const place = { context, kubeconfig, namespace, api, plural, kind, name };
  const object = liveObject(body);
  if (!now) {
    const preview = { summary: note('object-stays', { object }), diff: '' };
    return { object, body: { ...place, action: 'leave' }, preview, idempotent: true };
  }
  const { pointers, copy, graceSeconds } = body;
  const back: Restore = {
    ...place,
    action: 'restore',
    uid: now.metadata.uid,
    pointers,
    graceSeconds,
    before: valuesHash(made, pointers),
    after: valuesHash(now, pointers),
    template: templateOf(body, now),
    old: copy === null ? valuesAt(now, pointers) : null,
    copy,
  };
  const diff = unifiedDiff({ before: `${object} then`, after: `${object} before` }, yamlOf(made), yamlOf(now));
  const summary = note('object-put-back', { object, fields: pointers });
  return { object, body: back, preview: { summary, diff }, idempotent: true };
}

/** What a change of a workload's pods means for users; nothing for any other object. */
async function rolloutOf(
  connection: Connection,
  place: ObjectPlace,
  now: Live | null,
  made: Live,
  signal: AbortSignal,
) {
  const none = { blastRadius: [], interruption: { kind: 'none' }, expectedMs: 500 } as const;
  const [at, before, after] = [workloadPlace(place), now && templateOf(place, now), templateOf(place, made)];
  if (!at || !after) return none;
  if (!now) return { ...none, expectedMs: 10_000 };
  if (before?.hash === after.hash) return none;
  const workload = await readWorkload(connection, at, signal);
  refusePaused(at, workload);
  const template = valueAt(made.raw, '/spec/template') as JsonObject;
  const { replicas: pods, strategy } = workload.spec;
  return {
    blastRadius: [note('pods-replaced', { object: liveObject(place), pods, how: strategy.how })],
    interruption: interruptionOf(workload, template),
    expectedMs: expectedMsOf(workload),
  };
}

function summaryOf({ place, manifest }: Wanted, now: Live | null, fields: readonly string[]): Note {
  const facts = { object: liveObject(place), file: manifest.file };
  return now ? note('object-applies', { ...facts, fields }) : note('object-made', facts);
}

const yaml = (value: Json): string => stringify(hideSecrets(value), { lineWidth: 0, aliasDuplicateObjects: false });
const yamlOf = (live: Live): string => yaml(desired(live.raw));

/** What changes, secrets hidden; of an object that is made anew its manifest, since defaults would drown it. */
function diffOf(object: string, now: Live | null, made: Live, manifest: JsonObject): string {
  const names = { before: `${object} now`, after: `${object} then` };
  return now ? unifiedDiff(names, yamlOf(now), yamlOf(made)) : unifiedDiff(names, '', yaml(manifest));
}
