import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { z } from 'zod';
import { unifiedDiff } from '../../domain/diff.ts';
import { hideSecrets } from '../../domain/hide.ts';
import { type Json, type JsonObject, presentJson } from '../../domain/json.ts';

const restartedAt = 'kubectl.kubernetes.io/restartedAt';
/** Labels by which the controllers of Deployments and of Argo Rollouts tell their ReplicaSets apart. */
const hashLabels = ['pod-template-hash', 'rollouts-pod-template-hash'] as const;

/** Hash of a JSON value: the first 128 bits of its SHA-256. */
export function hashOf(value: Json): string {
  return createHash('sha256').update(presentJson(value)).digest('hex').slice(0, 32);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A copy without one key of one of the metadata's maps; an emptied map goes too. */
function withoutMeta(template: JsonObject, map: 'labels' | 'annotations', key: string): JsonObject {
  const { metadata } = template;
  const entries = isObject(metadata) ? metadata[map] : undefined;
  if (!isObject(metadata) || !isObject(entries)) return template;
  const { [key]: _, ...kept } = entries;
  const { [map]: __, ...rest } = metadata;
  return { ...template, metadata: Object.keys(kept).length > 0 ? { ...rest, [map]: kept } : rest };
}

/** A template as `kubectl rollout restart` writes it: with the time of the restart, RFC 3339 in seconds, and nothing else changed. */
export function restarted(template: JsonObject, at: string): JsonObject {
  const metadata = isObject(template.metadata) ? template.metadata : {};
  const annotations = isObject(metadata.annotations) ? metadata.annotations : {};
  return { ...template, metadata: { ...metadata, annotations: { ...annotations, [restartedAt]: at } } };
}

/** A time, epoch ms, as Kubernetes writes it: RFC 3339 in seconds. */
function secondOf(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

/**
 * The template with the time of a restart now (epoch ms), one that it does not bear yet: a second restart within one second would change
 * nothing.
 */
export function restartedAnew(
  template: JsonObject,
  now: number,
): { readonly template: JsonObject; readonly at: string } {
  const [at, later] = [secondOf(now), secondOf(now + 1000)];
  const again = restarted(template, at);
  if (templateHash(again) !== templateHash(template)) return { template: again, at };
  return { template: restarted(template, later), at: later };
}

/** A ReplicaSet's template as its Deployment or Rollout holds it: without the hash label that the controller adds. */
export function deploymentTemplate(template: JsonObject): JsonObject {
  return hashLabels.reduce((kept, label) => withoutMeta(kept, 'labels', label), template);
}

/** Hash of a template exactly as it is, the controller's label aside. */
export function templateHash(template: JsonObject): string {
  return hashOf(deploymentTemplate(template));
}

/** A release's key: the template without `restartedAt`, so that a restart makes no new release. */
export function releaseKey(template: JsonObject): string {
  return hashOf(withoutMeta(deploymentTemplate(template), 'annotations', restartedAt));
}

const variable = z.looseObject({ name: z.string() });
const reference = z.looseObject({ name: z.string().default(''), optional: z.boolean().nullish() });
const keyReference = reference.extend({ key: z.string().default('') });
const items = z.array(z.looseObject({ key: z.string() })).nullish();
const containerSchema = z.looseObject({
  name: z.string(),
  image: z.string().default(''),
  readinessProbe: z.unknown().optional(),
  imagePullPolicy: z.string().nullish(),
  env: z
    .array(
      variable.extend({
        valueFrom: z
          .looseObject({ configMapKeyRef: keyReference.nullish(), secretKeyRef: keyReference.nullish() })
          .nullish(),
      }),
    )
    .nullish(),
  envFrom: z.array(z.looseObject({ configMapRef: reference.nullish(), secretRef: reference.nullish() })).nullish(),
  volumeMounts: z
    .array(z.looseObject({ name: z.string(), subPath: z.string().nullish(), subPathExpr: z.string().nullish() }))
    .nullish(),
});
const source = {
  configMap: reference.extend({ items }).nullish(),
  secret: z
    .looseObject({
      secretName: z.string().optional(),
      name: z.string().optional(),
      optional: z.boolean().nullish(),
      items,
    })
    .nullish(),
};
const podSpecSchema = z.looseObject({
  containers: z.array(containerSchema).default([]),
  initContainers: z.array(containerSchema).nullish(),
  serviceAccountName: z.string().nullish(),
  imagePullSecrets: z.array(reference).nullish(),
  volumes: z
    .array(
      z.looseObject({
        name: z.string().default(''),
        ...source,
        persistentVolumeClaim: z.looseObject({ claimName: z.string() }).nullish(),
        projected: z.looseObject({ sources: z.array(z.looseObject(source)).nullish() }).nullish(),
      }),
    )
    .nullish(),
});

/** The parts of a pod's specification that we read. */
export type PodSpec = z.infer<typeof podSpecSchema>;

/** Reads a template's pod specification. */
export function podSpecOf(template: JsonObject): PodSpec {
  return podSpecSchema.parse(template.spec ?? {});
}

/** What people call a template: the tag of its main container's image, or the version label where the tag says nothing. */
export function versionOf(template: JsonObject): string {
  const { containers } = podSpecOf(template);
  const metadata = isObject(template.metadata) ? template.metadata : {};
  const named = (map: Json | undefined, key: string) => (isObject(map) && typeof map[key] === 'string' ? map[key] : '');
  const wanted = named(metadata.annotations, 'kubectl.kubernetes.io/default-container');
  const image = (containers.find(({ name }) => name === wanted) ?? containers[0])?.image ?? '';
  const [path = '', digest] = image.split('@');
  const last = path.slice(path.lastIndexOf('/') + 1);
  const tag = last.includes(':') ? last.slice(last.indexOf(':') + 1) : '';
  if (tag && tag !== 'latest') return tag;
  const labelled = named(metadata.labels, 'app.kubernetes.io/version');
  return labelled || (digest ? digest.replace('sha256:', '').slice(0, 12) : tag || 'latest');
}

/** The difference of two templates for people: YAML, secrets hidden, a hidden value that changes said so. */
export function templateDiff(
  names: { readonly before: string; readonly after: string },
  before: JsonObject,
  after: JsonObject,
): string {
  const [old, fresh] = [deploymentTemplate(before), deploymentTemplate(after)];
  const shownBefore = stringify(hideSecrets(old), { lineWidth: 0 });
  const shownAfter = stringify(hideSecrets(fresh), { lineWidth: 0 });
  const shown = unifiedDiff(names, shownBefore, shownAfter);
  const hiddenChange = shown === '' && hashOf(old) !== hashOf(fresh);
  return hiddenChange ? `--- ${names.before}\n+++ ${names.after}\n (hidden values change)` : shown;
}

/** Names an object's pod template among what the operations of a plan change. */
export function templateClaim({ uid }: { readonly uid: string }): string {
  return `pod template of ${uid}`;
}
