import type { JsonObject } from '../../domain/json.ts';
import type { Connection } from './connect.ts';
import type { Place } from './input.ts';
import type { Pod } from './objects.ts';
import { type Revision, readRevisions } from './revisions.ts';
import { templateHash, versionOf } from './template.ts';
import { readWorkload, type Workload } from './workload.ts';

const revisionAnnotation = 'deployment.kubernetes.io/revision';

/** Annotations that belong to the Deployment or its controller and never come from an old ReplicaSet. */
const ownAnnotations = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  'deployment.kubernetes.io/revision-history',
  'deployment.kubernetes.io/desired-replicas',
  'deployment.kubernetes.io/max-replicas',
  'deprecated.deployment.rollback.to',
]);
const changeCause = 'kubernetes.io/change-cause';

/** A workload with what its history holds, the newest revision first. */
export interface World {
  readonly workload: Workload;
  readonly history: readonly Revision[];
}

/** Reads a workload and its history. Throws `KubeError`. */
export async function readWorld(connection: Connection, place: Place, signal: AbortSignal): Promise<World> {
  const workload = await readWorkload(connection, place, signal);
  return { workload, history: await readRevisions(connection, place.namespace, workload, signal) };
}

/** The revision whose template is exactly the workload's; undefined while the controller has not made it. */
export function currentRevision({ workload, history }: World): Revision | undefined {
  const hash = templateHash(workload.spec.template);
  return history.find(revision => revision.hash === hash);
}

/** The revision that holds a release; several do where it was restarted, then the newest. */
export function revisionOfRelease({ history }: World, key: string): Revision | undefined {
  return history.find(revision => revision.key === key);
}

/**
 * The revision that belongs to a release of another workload, where both are rolled out together: the newest whose image or label bears its
 * version. What a version stands for is said by its name alone.
 */
export function revisionOfVersion({ history }: World, version: string): Revision | undefined {
  return history.find(revision => versionOf(revision.template) === version);
}

/** The pods of a revision among those that were read. */
export function podsOf(revision: Revision | undefined, pods: readonly Pod[]): Pod[] {
  return revision ? pods.filter(pod => revision.owns(pod)) : [];
}

/**
 * What going to a revision writes into a Deployment's annotations: the revision's own, and a change cause that is no longer
 * true goes. The other kinds keep their annotations, as with kubectl.
 */
export function annotationChanges(workload: Workload, revision: Revision): Record<string, string | null> {
  if (workload.kind !== 'Deployment') return {};
  const [now, then] = [workload.metadata.annotations, revision.annotations];
  const changes: Record<string, string | null> = {};
  for (const [key, value] of Object.entries(then)) {
    if (!ownAnnotations.has(key) && now[key] !== value) changes[key] = value;
  }
  if (changeCause in now && !(changeCause in then)) changes[changeCause] = null;
  return changes;
}

const escaped = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1');

/** What moves with every rollout, so that a stale writer is refused though the template came back meanwhile. */
function guardsOf({ kind, metadata }: Workload): JsonObject[] {
  if (kind !== 'Deployment') return [{ op: 'test', path: '/metadata/generation', value: metadata.generation }];
  const revision = metadata.annotations[revisionAnnotation];
  const path = `/metadata/annotations/${escaped(revisionAnnotation)}`;
  return revision === undefined ? [] : [{ op: 'test', path, value: revision }];
}

/**
 * The JSON patch that writes a template (and annotations), valid only while the workload is still what was read: its uid,
 * its revision or generation, its template and each annotation that is written.
 */
export function guardedPatch(
  workload: Workload,
  template: JsonObject,
  annotations: Readonly<Record<string, string | null>>,
): JsonObject[] {
  const { uid, annotations: now } = workload.metadata;
  const known = Object.keys(now).length > 0;
  const at = (key: string) => `/metadata/annotations/${escaped(key)}`;
  const guarded = Object.keys(annotations).filter(key => key in now);
  const changes = Object.entries(annotations).map(([key, value]) =>
    value === null ? { op: 'remove', path: at(key) } : { op: 'add', path: at(key), value },
  );
  return [
    { op: 'test', path: '/metadata/uid', value: uid },
    ...guardsOf(workload),
    ...guarded.map(key => ({ op: 'test', path: at(key), value: now[key] ?? '' })),
    { op: 'test', path: '/spec/template', value: workload.spec.template },
    { op: 'replace', path: '/spec/template', value: template },
    ...(known || changes.length === 0 ? [] : [{ op: 'add', path: '/metadata/annotations', value: {} }]),
    ...changes,
  ];
}
