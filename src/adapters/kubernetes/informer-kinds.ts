import type { Json, JsonObject } from '../../domain/json.ts';
import { pathOf } from './objects.ts';

/** A kind of object that informers hold, and what they hold of it: what a look at the releases of a workload reads, nothing else. */
export interface InformedKind {
  /** Path of a namespace's collection. */
  readonly path: (namespace: string) => string;
  readonly cut: (object: JsonObject) => JsonObject;
  /**
   * `all`: a namespace's objects; `asked`: of those the content only of such as were asked for by name; `single`: each that was asked for by
   * name is watched on its own and the others are never heard of.
   */
  readonly how: 'all' | 'asked' | 'single';
}

function objectOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function pick(value: Json | undefined, keys: readonly string[]): JsonObject {
  const object = objectOf(value);
  return Object.fromEntries(
    keys.flatMap(key => {
      const inner = object[key];
      return inner === undefined ? [] : [[key, inner]];
    }),
  );
}

const identity = [
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'labels',
  'ownerReferences',
];
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

function annotated({ metadata }: JsonObject): JsonObject {
  const { [lastApplied]: _, ...annotations } = objectOf(objectOf(metadata).annotations);
  return { ...pick(metadata, identity), annotations };
}

const workload = (object: JsonObject) => ({ metadata: annotated(object), ...pick(object, ['spec', 'status']) });

const replicaSet = (object: JsonObject) => ({
  metadata: annotated(object),
  spec: pick(object.spec, ['template']),
  status: pick(object.status, ['conditions']),
});

const revision = (object: JsonObject) => ({ metadata: annotated(object), ...pick(object, ['revision', 'data']) });

const podStatus = ['phase', 'conditions', 'containerStatuses', 'initContainerStatuses'];
const pod = (object: JsonObject) => ({
  metadata: pick(object.metadata, identity),
  status: pick(object.status, podStatus),
});

/** When it was last written is told by its managers alone. */
function configuration(object: JsonObject): JsonObject {
  const { managedFields } = pick(object.metadata, ['managedFields']);
  const times = Array.isArray(managedFields) ? managedFields.map(entry => pick(entry, ['time'])) : [];
  const metadata = { ...pick(object.metadata, ['name', 'resourceVersion', 'creationTimestamp']), managedFields: times };
  return { metadata, ...pick(object, ['data', 'binaryData', 'type']) };
}

const presence = (object: JsonObject) => ({ metadata: pick(object.metadata, ['name', 'resourceVersion']) });

const node = (object: JsonObject) => ({
  metadata: pick(object.metadata, ['name', 'resourceVersion']),
  spec: pick(object.spec, ['unschedulable']),
  status: pick(object.status, ['images']),
});

const of = (
  group: string,
  plural: string,
  cut: InformedKind['cut'],
  how: InformedKind['how'] = 'all',
): InformedKind => ({ path: namespace => pathOf(group, namespace, plural), cut, how });

/** The kinds by their resource as roles name it. */
export const informedKinds: Readonly<Record<string, InformedKind>> = {
  'deployments.apps': of('apis/apps/v1', 'deployments', workload),
  'statefulsets.apps': of('apis/apps/v1', 'statefulsets', workload),
  'daemonsets.apps': of('apis/apps/v1', 'daemonsets', workload),
  'replicasets.apps': of('apis/apps/v1', 'replicasets', replicaSet),
  'controllerrevisions.apps': of('apis/apps/v1', 'controllerrevisions', revision),
  pods: of('api/v1', 'pods', pod),
  configmaps: of('api/v1', 'configmaps', configuration, 'asked'),
  secrets: of('api/v1', 'secrets', configuration, 'single'),
  serviceaccounts: of('api/v1', 'serviceaccounts', presence),
  persistentvolumeclaims: of('api/v1', 'persistentvolumeclaims', presence),
  nodes: { path: () => '/api/v1/nodes', cut: node, how: 'all' },
};
