import type { JsonObject } from '../../domain/json.ts';
import type { Connection } from './connect.ts';
import type { Place } from './input.ts';
import { type Deployment, type ReplicaSet, readDeployment, readReplicaSets } from './objects.ts';
import { timeOf } from './rollout.ts';
import { releaseKey, templateHash } from './template.ts';

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

/** A Deployment with what its history holds, the newest revision first. */
export interface World {
  readonly deployment: Deployment;
  readonly history: readonly Revision[];
}

/** One ReplicaSet of the history; its number moves, its name and template do not. */
export interface Revision {
  readonly number: number;
  readonly set: ReplicaSet;
  readonly key: string;
  readonly hash: string;
  readonly createdAt: number;
}

/** Reads a Deployment and its history. Throws `KubeError`. */
export async function readWorld(connection: Connection, place: Place, signal: AbortSignal): Promise<World> {
  const deployment = await readDeployment(connection, place, signal);
  const sets = await readReplicaSets(connection, place, deployment, signal);
  const history = sets.flatMap(set => {
    const number = Number(set.metadata.annotations[revisionAnnotation] ?? 0);
    if (!Number.isInteger(number)) return [];
    const { template } = set.spec;
    const createdAt = timeOf(set.metadata.creationTimestamp);
    return [{ number, set, key: releaseKey(template), hash: templateHash(template), createdAt }];
  });
  return { deployment, history: history.sort((a, b) => b.number - a.number) };
}

/** The revision whose template is exactly the Deployment's; undefined while the controller has not made it. */
export function currentRevision({ deployment, history }: World): Revision | undefined {
  const hash = templateHash(deployment.spec.template);
  return history.find(revision => revision.hash === hash);
}

/** What going to a revision writes into the Deployment's annotations: the revision's own, and a change cause that is no longer true goes. */
export function annotationChanges(deployment: Deployment, set: ReplicaSet): Record<string, string | null> {
  const [now, then] = [deployment.metadata.annotations, set.metadata.annotations];
  const changes: Record<string, string | null> = {};
  for (const [key, value] of Object.entries(then)) {
    if (!ownAnnotations.has(key) && now[key] !== value) changes[key] = value;
  }
  if (changeCause in now && !(changeCause in then)) changes[changeCause] = null;
  return changes;
}

const escaped = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1');

/**
 * The JSON patch that writes a template (and annotations), valid only while the Deployment is still what was read: its uid,
 * its revision, its template and each annotation that is written.
 */
export function guardedPatch(
  deployment: Deployment,
  template: JsonObject,
  annotations: Readonly<Record<string, string | null>>,
): JsonObject[] {
  const { uid, annotations: now } = deployment.metadata;
  const known = Object.keys(now).length > 0;
  const at = (key: string) => `/metadata/annotations/${escaped(key)}`;
  const guarded = [revisionAnnotation, ...Object.keys(annotations)].filter(key => key in now);
  const changes = Object.entries(annotations).map(([key, value]) =>
    value === null ? { op: 'remove', path: at(key) } : { op: 'add', path: at(key), value },
  );
  return [
    { op: 'test', path: '/metadata/uid', value: uid },
    ...guarded.map(key => ({ op: 'test', path: at(key), value: now[key] ?? '' })),
    { op: 'test', path: '/spec/template', value: deployment.spec.template },
    { op: 'replace', path: '/spec/template', value: template },
    ...(known || changes.length === 0 ? [] : [{ op: 'add', path: '/metadata/annotations', value: {} }]),
    ...changes,
  ];
}
