import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import type { Connection } from './connect.ts';
import {
  conditions,
  count,
  isControlledBy,
  metadata,
  type Pod,
  pathOf,
  rawObject,
  readAs,
  selectorQuery,
} from './objects.ts';
import { timeOf } from './rollout.ts';
import { releaseKey, templateHash } from './template.ts';
import type { Workload } from './workload.ts';

const revisionAnnotation = 'deployment.kubernetes.io/revision';
const podRevision = 'controller-revision-hash';

/** One entry of a workload's history, a ReplicaSet or ControllerRevision; its number moves, its name and template do not. */
export interface Revision {
  readonly number: number;
  readonly name: string;
  readonly template: JsonObject;
  readonly annotations: Readonly<Record<string, string>>;
  readonly key: string;
  readonly hash: string;
  /** Epoch ms. */
  readonly createdAt: number;
  /** What the controller says of this revision; nothing where it is a ControllerRevision. */
  readonly conditions: z.infer<typeof conditions>;
  owns(pod: Pod): boolean;
}

/** Reads what a workload's history holds, the newest first. Throws `KubeError`. */
export async function readRevisions(
  connection: Connection,
  namespace: string,
  workload: Workload,
  signal: AbortSignal,
): Promise<Revision[]> {
  const found =
    workload.kind === 'Deployment'
      ? await replicaSetsOf(connection, namespace, workload, signal)
      : await controllerRevisionsOf(connection, namespace, workload, signal);
  return found.sort((a, b) => b.number - a.number);
}

const replicaSetSchema = z.object({
  metadata,
  spec: z.object({ template: rawObject }),
  status: z.object({ conditions }).prefault({}),
});

async function replicaSetsOf(
  connection: Connection,
  namespace: string,
  { metadata: { uid }, spec }: Workload,
  signal: AbortSignal,
): Promise<Revision[]> {
  const path = pathOf('apis/apps/v1', namespace, 'replicasets') + selectorQuery(spec.selector);
  const request = { verb: 'list', resource: 'replicasets.apps', namespace, path, signal };
  const { items } = await readAs(connection, request, z.object({ items: z.array(replicaSetSchema) }));
  return items.flatMap(set => {
    const number = Number(set.metadata.annotations[revisionAnnotation] ?? 0);
    if (!isControlledBy(set, uid) || !Number.isInteger(number)) return [];
    const owns = (pod: Pod) => isControlledBy(pod, set.metadata.uid);
    return [revisionOf(set.metadata, number, set.spec.template, set.status.conditions, owns)];
  });
}

const controllerRevisionSchema = z.object({
  metadata,
  revision: count,
  data: z.object({ spec: z.object({ template: rawObject }) }),
});

async function controllerRevisionsOf(
  connection: Connection,
  namespace: string,
  { kind, metadata: { uid }, spec }: Workload,
  signal: AbortSignal,
): Promise<Revision[]> {
  const path = pathOf('apis/apps/v1', namespace, 'controllerrevisions') + selectorQuery(spec.selector);
  const request = { verb: 'list', resource: 'controllerrevisions.apps', namespace, path, signal };
  const list = z.object({ items: z.array(controllerRevisionSchema) });
  const { items } = await readAs(connection, request, list);
  return items
    .filter(item => isControlledBy(item, uid))
    .map(item => {
      const { name, labels } = item.metadata;
      const { $patch: _, ...template } = item.data.spec.template;
      // A StatefulSet's pods bear the revision's name, a DaemonSet's the hash that is a label of the revision.
      const mark = kind === 'StatefulSet' ? name : (labels[podRevision] ?? name);
      const owns = (pod: Pod) => isControlledBy(pod, uid) && pod.metadata.labels[podRevision] === mark;
      return revisionOf(item.metadata, item.revision, template, [], owns);
    });
}

function revisionOf(
  { name, annotations, creationTimestamp }: z.infer<typeof metadata>,
  number: number,
  template: JsonObject,
  said: z.infer<typeof conditions>,
  owns: Revision['owns'],
): Revision {
  const identity = { key: releaseKey(template), hash: templateHash(template) };
  return {
    number,
    name,
    template,
    annotations,
    ...identity,
    createdAt: timeOf(creationTimestamp),
    conditions: said,
    owns,
  };
}
