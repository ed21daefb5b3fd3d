import { z } from 'zod';
import type { Json } from '../../domain/json.ts';
import { acceptedOwners } from '../../ports/owner-choice.ts';
import { picked, valueAt } from './apply-fields.ts';
import { objectName, type Place, type WorkloadKind } from './input.ts';
import { type Live, type ObjectPlace, objectFields } from './live-object.ts';
import { rawObject } from './objects.ts';
import { ownersOf } from './owners.ts';
import { hashOf } from './template.ts';

const hash = z.string().regex(/^[0-9a-f]{32}$/);
const pointer = z.string().regex(/^(\/([^~]|~[01])*)+$/);
const json = z.custom<Json>(value => value !== undefined);
/** A place of an object and what stood there; `was` is absent where nothing did. */
const cell = z.strictObject({ at: pointer, was: json.exactOptional() });
const shared = {
  ...objectFields,
  ...acceptedOwners,
  /** Hash of what is written, before and after. */
  before: hash,
  after: hash,
  /** Of a workload: hash of the pod template it is to have, and what people call it; null for anything else. */
  template: z.strictObject({ hash, version: z.string().max(256) }).nullable(),
  graceSeconds: z.number(),
};

/** What an operation of `kubernetes.apply` says. */
export const applyBody = z.discriminatedUnion('action', [
  z.strictObject({
    action: z.literal('apply'),
    ...shared,
    /** Of the object that was seen; null where there was none. */
    uid: z.string().nullable(),
    manifest: rawObject,
    /** Its file, as a path from the folder of the catalogue. */
    file: z.string().max(4_000),
    force: z.boolean(),
    /** Places that the API server said would change. */
    pointers: z.array(pointer),
    /** Those of them at which nothing stands afterwards. */
    gone: z.array(pointer),
    /** The copy in the cluster that the old values are kept in first; null where the inverse holds them itself. */
    copy: objectName.nullable(),
  }),
  z.strictObject({
    action: z.literal('restore'),
    ...shared,
    uid: z.string(),
    pointers: z.array(pointer),
    /** What stood at these places; null where it is kept in `copy`. */
    old: z.array(cell).nullable(),
    copy: objectName.nullable(),
  }),
  /** The way back from having made an object: it stays, since nothing is deleted. */
  z.strictObject({ action: z.literal('leave'), ...objectFields, ...acceptedOwners }),
]);

/** An operation of `kubernetes.apply`. */
export type Applying = z.infer<typeof applyBody>;
/** Writing a manifest. */
export type ApplyManifest = Applying & { action: 'apply' };
/** Putting back what stood at some places. */
export type Restore = Applying & { action: 'restore' };
/** Places of an object and what stood there. */
export type OldValues = NonNullable<Restore['old']>;

const absent = hashOf('absent');

/** What a manifest writes, as an operation says it. */
type Written = Pick<ApplyManifest, 'manifest' | 'pointers' | 'gone'>;

/** Hash of what a manifest writes as an object has it: each field that the manifest names, and each place that was to change. */
export function contentOf({ manifest, pointers }: Written, live: Live | null): string {
  return live ? hashOf([picked(live.raw, manifest), pointers.map(at => [valueAt(live.raw, at) ?? null])]) : absent;
}

/**
 * Hash of what an object must have to count as applied: the fields of the manifest, and nothing where a field goes. What admission
 * adds by itself (a time, an injected container) is no part of it.
 */
export function outcomeOf({ manifest, gone }: Written, live: Live): string {
  return hashOf([picked(live.raw, manifest), gone.filter(at => valueAt(live.raw, at) !== undefined)]);
}

/** What stands at some places of an object. */
export function valuesAt(live: Live, pointers: readonly string[]): OldValues {
  return pointers.map(at => {
    const was = valueAt(live.raw, at);
    return was === undefined ? { at } : { at, was };
  });
}

/** Hash of what stands at some places. */
export function valuesHash(live: Live, pointers: readonly string[]): string {
  return hashOf(valuesAt(live, pointers));
}

/** Hash of what is written and was judged: identity, owners, and the fields; never status. */
export function applyFingerprint(body: ApplyManifest | Restore, live: Live | null): string {
  if (!live) return absent;
  const content = body.action === 'apply' ? contentOf(body, live) : valuesHash(live, body.pointers);
  return hashOf({ uid: live.metadata.uid, owners: ownersOf(live), content });
}

const workloadKeys: Readonly<Record<string, string>> = {
  Deployment: 'deployment',
  StatefulSet: 'statefulSet',
  DaemonSet: 'daemonSet',
} satisfies Record<WorkloadKind, string>;

/** Where the workload is that an object is; null where it is none with a history of templates. */
export function workloadPlace(place: ObjectPlace): Place | null {
  const key = place.api === 'apis/apps/v1' ? workloadKeys[place.kind] : undefined;
  const { namespace, context, kubeconfig, name } = place;
  return key ? { [key]: name, namespace, context, kubeconfig } : null;
}
