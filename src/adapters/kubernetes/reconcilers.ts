import type { Json, JsonObject } from '../../domain/json.ts';
import type { Live, ObjectPlace } from './live-object.ts';
import type { Metadata } from './objects.ts';

/** Tools whose reconciling can be suspended, by the kind of object that says so. */
export const tools = {
  Application: { owner: 'Argo CD', api: 'apis/argoproj.io/v1alpha1', plural: 'applications' },
  Kustomization: { owner: 'Flux', api: 'apis/kustomize.toolkit.fluxcd.io/v1', plural: 'kustomizations' },
  HelmRelease: { owner: 'Flux', api: 'apis/helm.toolkit.fluxcd.io/v2', plural: 'helmreleases' },
} as const;

/** Kind of object that says how a tool reconciles. */
export type ReconcilerKind = keyof typeof tools;

/** One object that has others rendered. */
export interface Reconciler {
  readonly kind: ReconcilerKind;
  readonly namespace: string;
  readonly name: string;
}

/** Where a reconciler's object is, on the cluster of a place. */
export function placeOfReconciler(
  { kind, namespace, name }: Reconciler,
  at: Pick<ObjectPlace, 'context' | 'kubeconfig'>,
): ObjectPlace {
  const { api, plural } = tools[kind];
  return { context: at.context, kubeconfig: at.kubeconfig, namespace, name, kind, api, plural };
}

/** What has an object rendered, by the marks it was given; `argocd` is the namespace of Argo CD. */
export function reconcilersOf({ metadata }: { readonly metadata: Metadata }, home: string, argocd: string) {
  const { labels, annotations } = metadata;
  const flux = (kind: 'Kustomization' | 'HelmRelease', group: string): Reconciler[] => {
    const name = labels[`${group}/name`];
    return name ? [{ kind, namespace: labels[`${group}/namespace`] ?? home, name }] : [];
  };
  const [tracked] = annotations['argocd.argoproj.io/tracking-id']?.split(':') ?? [];
  const instance = tracked ?? labels['argocd.argoproj.io/instance'];
  return [
    ...(instance ? [applicationOf(instance, argocd)] : []),
    ...flux('Kustomization', 'kustomize.toolkit.fluxcd.io'),
    ...flux('HelmRelease', 'helm.toolkit.fluxcd.io'),
  ];
}

/** The Application that an object is tracked by; one outside Argo CD's own namespace is written `NAMESPACE_NAME`. */
export function applicationOf(tracked: string, argocd: string): Reconciler {
  const at = tracked.indexOf('_');
  if (at <= 0) return { kind: 'Application', namespace: argocd, name: tracked };
  return { kind: 'Application', namespace: tracked.slice(0, at), name: tracked.slice(at + 1) };
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One field of what may be an object. */
export const part = (value: Json | undefined, key: string): Json | undefined =>
  isObject(value) ? value[key] : undefined;

/** A value deep in an object; undefined where it is not there. */
export function valueAt(raw: JsonObject, ...path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>(part, raw);
}

/** Where a tool says whether it reconciles by itself, and what stands there while it does not. */
const switches = {
  Application: { path: ['spec', 'syncPolicy', 'automated'], off: null },
  Kustomization: { path: ['spec', 'suspend'], off: true },
  HelmRelease: { path: ['spec', 'suspend'], off: true },
} as const satisfies Record<ReconcilerKind, { path: readonly string[]; off: Json }>;

/** What the switch stands at now; null where nothing is written. */
export function switchOf(kind: ReconcilerKind, { raw }: Live): Json {
  return valueAt(raw, ...switches[kind].path) ?? null;
}

/** What the switch stands at while the tool is suspended. */
export function offOf(kind: ReconcilerKind): Json {
  return switches[kind].off;
}

/** Whether the tool changes nothing by itself now. */
export function isOff(kind: ReconcilerKind, live: Live): boolean {
  const now = switchOf(kind, live);
  if (kind !== 'Application') return now === true;
  return now === null || part(now, 'enabled') === false;
}

/**
 * Flux's reason of the condition `Reconciling` between two attempts of what has failed; while one is at work it is `Progressing`.
 * It stays for as long as the object is suspended (kustomize-controller's finalizeStatus, helm-controller's atomic release).
 */
const failedAttempt = 'ProgressingWithRetry';

/** Whether a sync that began before is still at work. */
export function isBusy(kind: ReconcilerKind, { raw }: Pick<Live, 'raw'>): boolean {
  if (kind === 'Application') {
    return valueAt(raw, 'operation') !== undefined || valueAt(raw, 'status', 'operationState', 'phase') === 'Running';
  }
  const conditions = valueAt(raw, 'status', 'conditions');
  return (
    Array.isArray(conditions) &&
    conditions.some(
      one =>
        part(one, 'type') === 'Reconciling' && part(one, 'status') === 'True' && part(one, 'reason') !== failedAttempt,
    )
  );
}

/** Whether Git renders what runs now, as far as the tool compares while it is suspended: Argo CD does, Flux does not. */
export function rendersLive(kind: ReconcilerKind, { raw }: Live): 'same' | 'other' | null {
  if (kind !== 'Application') return null;
  const status = valueAt(raw, 'status', 'sync', 'status');
  return status === 'Synced' ? 'same' : status === 'OutOfSync' ? 'other' : null;
}

/** The JSON patch that sets the switch, valid only while the object is exactly what was read. */
export function switchPatch(kind: ReconcilerKind, { metadata, raw }: Live, to: Json): JsonObject[] {
  const { path } = switches[kind];
  const now = valueAt(raw, ...path);
  const pointer = `/${path.join('/')}`;
  const missing = kind === 'Application' && valueAt(raw, 'spec', 'syncPolicy') === undefined;
  const set: JsonObject[] = missing
    ? [{ op: 'add', path: '/spec/syncPolicy', value: { automated: to } }]
    : [{ op: 'add', path: pointer, value: to }];
  return [
    { op: 'test', path: '/metadata/uid', value: metadata.uid },
    { op: 'test', path: '/metadata/resourceVersion', value: metadata.resourceVersion },
    ...(to !== null ? set : now === undefined ? [] : [{ op: 'remove', path: pointer }]),
  ];
}

/** The thing as kubectl names it, e.g. `application argocd/shop`. */
export function nameOf({ kind, namespace, name }: Reconciler): string {
  return `${kind.toLowerCase()} ${namespace}/${name}`;
}
