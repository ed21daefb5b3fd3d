import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import type { Connection } from './connect.ts';
import { objectName, whereFields } from './input.ts';
import { KubeError } from './kube-error.ts';
import { type Live, type ObjectPlace, readLive } from './live-object.ts';
import {
  count,
  isControlledBy,
  metadata,
  pathOf,
  rawObject,
  read,
  readAs,
  selectorQuery,
  selectorSchema,
} from './objects.ts';
import { templateHash, versionOf } from './template.ts';

/** Which Rollout of which cluster. */
export const rolloutFields = { ...whereFields, rollout: objectName };

/** Which Rollout of which cluster, read from an input or an operation's body. */
export type RolloutPlace = z.infer<z.ZodObject<typeof rolloutFields>>;

/** Group and version of Argo Rollouts' kinds in paths. */
export const argoApi = 'apis/argoproj.io/v1alpha1';

const text = z
  .string()
  .nullish()
  .transform(value => value ?? '');
const flag = z
  .boolean()
  .nullish()
  .transform(value => value === true);
const weight = z.object({ weight: count }).nullish();
const step = z.looseObject({ pause: z.object({ duration: z.unknown().optional() }).nullish() });

const rolloutSchema = z.object({
  metadata,
  spec: z.object({
    replicas: z.number().default(1),
    paused: flag,
    template: rawObject.nullish(),
    workloadRef: z.object({ kind: z.string(), name: objectName }).nullish(),
    selector: selectorSchema.nullish(),
    progressDeadlineSeconds: z.number().default(600),
    strategy: z
      .object({ canary: z.object({ steps: z.array(step).nullish(), trafficRouting: rawObject.nullish() }).nullish() })
      .prefault({}),
  }),
  status: z
    .object({
      observedGeneration: text,
      workloadObservedGeneration: text,
      phase: text,
      message: text,
      abort: flag,
      promoteFull: flag,
      currentPodHash: text,
      stableRS: text,
      currentStepIndex: count,
      pauseConditions: z.array(z.looseObject({ reason: z.string() })).nullish(),
      canary: z.object({ weights: z.object({ canary: weight }).nullish() }).nullish(),
      blueGreen: z.object({ activeSelector: text }).nullish(),
    })
    .prefault({}),
});

/** A Rollout as the API server tells it. */
export type Rollout = z.infer<typeof rolloutSchema>;

const setSchema = z.object({
  metadata,
  spec: z.object({ template: rawObject }),
  status: z.object({ availableReplicas: count }).prefault({}),
});

/** One release that a Rollout's history holds: a ReplicaSet. */
export interface ReleaseSet {
  readonly name: string;
  readonly uid: string;
  /** The controller's own hash of the template, a label of the set and its pods. */
  readonly podHash: string;
  readonly revision: number;
  readonly template: JsonObject;
  readonly hash: string;
  readonly version: string;
  readonly available: number;
  readonly createdAt: string;
}

/** The object that holds a Rollout's template: itself, or the one that it refers to. */
export interface Holder {
  readonly place: ObjectPlace;
  readonly path: '/spec/template' | '/template';
  readonly live: Live;
  readonly template: JsonObject;
}

/** A Rollout with its template and what its history holds, the newest first. */
export interface ArgoWorld {
  readonly metadata: { readonly resourceVersion: string };
  readonly rollout: Rollout;
  readonly holder: Holder;
  readonly sets: readonly ReleaseSet[];
}

/** The thing as kubectl names it, e.g. `rollout shop/api`. */
export function rolloutObject({ namespace, rollout }: Pick<RolloutPlace, 'namespace' | 'rollout'>): string {
  return `rollout ${namespace}/${rollout}`;
}

/** Where the Rollout itself lies. */
export function rolloutPlace({ rollout: name, ...where }: RolloutPlace): ObjectPlace {
  const { namespace, context, kubeconfig } = where;
  return { namespace, context, kubeconfig, api: argoApi, plural: 'rollouts', kind: 'Rollout', name };
}

/** Kinds that a Rollout may take its template from. */
const references: Readonly<Record<string, Pick<ObjectPlace, 'api' | 'plural'> & Pick<Holder, 'path'>>> = {
  Deployment: { api: 'apis/apps/v1', plural: 'deployments', path: '/spec/template' },
  ReplicaSet: { api: 'apis/apps/v1', plural: 'replicasets', path: '/spec/template' },
  PodTemplate: { api: 'api/v1', plural: 'podtemplates', path: '/template' },
};

/** Reads a Rollout and its history; null where there is none. Throws `KubeError`. */
export async function readArgo(
  connection: Connection,
  place: RolloutPlace,
  signal: AbortSignal,
): Promise<ArgoWorld | null> {
  const at = rolloutPlace(place);
  const live = await readLive(connection, at, signal);
  if (!live) return null;
  const asked = { verb: 'get', resource: 'rollouts.argoproj.io', namespace: place.namespace, path: '', signal };
  const rollout = read<Rollout>(rolloutSchema, asked, live.raw);
  const [holder, sets] = await Promise.all([
    holderOf(connection, at, { live, rollout }, signal),
    setsOf(connection, place.namespace, rollout, signal),
  ]);
  const resourceVersion = `${live.metadata.resourceVersion}/${holder.live.metadata.resourceVersion}`;
  return { metadata: { resourceVersion }, rollout, holder, sets };
}

async function holderOf(
  connection: Connection,
  at: ObjectPlace,
  { live, rollout }: { readonly live: Live; readonly rollout: Rollout },
  signal: AbortSignal,
): Promise<Holder> {
  const { workloadRef, template } = rollout.spec;
  if (!workloadRef) return { place: at, path: '/spec/template', live, template: template ?? {} };
  const { kind, name } = workloadRef;
  const asked = { verb: 'get', resource: kind, namespace: at.namespace };
  const known = references[kind];
  if (!known) throw new KubeError(asked, 404, `the Rollout takes its template from a ${kind}, which is not known here`);
  const { path, ...lies } = known;
  const place = { ...at, ...lies, kind, name };
  const found = await readLive(connection, place, signal);
  if (!found) throw new KubeError(asked, 404, `the Rollout takes its template from ${kind} ${name}, which is gone`);
  const { spec } = found.raw;
  const held = path === '/template' ? found.raw.template : (spec as JsonObject).template;
  return { place, path, live: found, template: held as JsonObject };
}

const revisionAnnotation = 'rollout.argoproj.io/revision';
const podHashLabel = 'rollouts-pod-template-hash';

async function setsOf(
  connection: Connection,
  namespace: string,
  { metadata: { uid }, spec }: Rollout,
  signal: AbortSignal,
): Promise<ReleaseSet[]> {
  const path = pathOf('apis/apps/v1', namespace, 'replicasets') + (spec.selector ? selectorQuery(spec.selector) : '');
  const request = { verb: 'list', resource: 'replicasets.apps', namespace, path, signal };
  const { items } = await readAs(connection, request, z.object({ items: z.array(setSchema) }));
  return items
    .filter(set => isControlledBy(set, uid))
    .map(({ metadata: of, spec: { template }, status }) => ({
      name: of.name,
      uid: of.uid,
      podHash: of.labels[podHashLabel] ?? '',
      revision: Number(of.annotations[revisionAnnotation] ?? 0),
      template,
      hash: templateHash(template),
      version: versionOf(template),
      available: status.availableReplicas,
      createdAt: of.creationTimestamp ?? '',
    }))
    .sort((one, other) => other.revision - one.revision);
}

/** The release that takes the traffic while another one is rolled out; undefined before any was rolled out fully. */
export function stableSet({ rollout, sets }: ArgoWorld): ReleaseSet | undefined {
  const { stableRS } = rollout.status;
  return stableRS === '' ? undefined : sets.find(({ podHash }) => podHash === stableRS);
}

/** Whether another release than the stable one is rolled out, or was until it was aborted. */
export function isUpdating({ rollout: { status } }: ArgoWorld): boolean {
  return status.currentPodHash !== status.stableRS;
}

/** Whether the controller has seen the present template, in the Rollout or where it is taken from. */
export function isObserved({ rollout, holder }: ArgoWorld): boolean {
  const { metadata: of, spec, status } = rollout;
  if (Number(status.observedGeneration) !== of.generation) return false;
  if (!spec.workloadRef) return true;
  const taken = of.annotations['rollout.argoproj.io/workload-generation'];
  return taken === String(holder.live.metadata.generation) && status.workloadObservedGeneration === taken;
}

/**
 * Whether no traffic goes elsewhere than to the stable release, as far as the Rollout tells, and all its pods are available. Where nothing
 * routes the traffic, every pod gets its share: the others have to be gone.
 */
export function isAllStable(world: ArgoWorld): boolean {
  const { spec, status } = world.rollout;
  const stable = stableSet(world);
  if (!stable || stable.available < spec.replicas) return false;
  const { canary } = spec.strategy;
  const others = world.sets.filter(set => set !== stable && set.available > 0);
  if (canary && !canary.trafficRouting && others.length > 0) return false;
  const shifted = status.canary?.weights?.canary?.weight ?? 0;
  const active = status.blueGreen?.activeSelector ?? '';
  return shifted === 0 && (active === '' || active === stable.podHash);
}
