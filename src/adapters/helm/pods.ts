import { z } from 'zod';
import type { Json } from '../../domain/json.ts';
import type { Cluster } from '../../ports/cluster.ts';
import { hashOf } from './hash.ts';
import type { Part } from './manifest.ts';

/** A number that the API server leaves out where it is 0. */
const count = z
  .number()
  .nullish()
  .transform(value => value ?? 0);
const texts = z
  .record(z.string(), z.string())
  .nullish()
  .transform(value => value ?? {});
const conditions = z
  .array(
    z.object({
      type: z.string(),
      status: z.string(),
      reason: z.string().nullish(),
      lastUpdateTime: z.string().nullish(),
    }),
  )
  .nullish()
  .transform(value => value ?? []);
const metadata = z.object({
  name: z.string(),
  uid: z.string(),
  generation: count,
  labels: texts,
  deletionTimestamp: z.string().nullish(),
  ownerReferences: z
    .array(z.object({ uid: z.string(), controller: z.boolean().nullish() }))
    .nullish()
    .transform(value => value ?? []),
});
/** A pod template, as its hash: without the label that a Deployment's controller adds. */
const template = z
  .looseObject({ metadata: z.looseObject({ labels: texts }).nullish() })
  .transform(({ metadata: about, ...rest }) => {
    const { 'pod-template-hash': _, ...labels } = about?.labels ?? {};
    return hashOf({ ...rest, metadata: { ...about, labels } } as Json);
  });

const workloadSchema = z.object({
  metadata,
  spec: z.object({
    replicas: z.number().nullish(),
    paused: z.boolean().nullish(),
    selector: z.object({ matchLabels: texts }),
    template,
  }),
  status: z
    .object({
      observedGeneration: count,
      replicas: count,
      updatedReplicas: count,
      availableReplicas: count,
      desiredNumberScheduled: count,
      updatedNumberScheduled: count,
      numberAvailable: count,
      updateRevision: z.string().nullish(),
      conditions,
    })
    .prefault({}),
});
const setSchema = z.object({ metadata, spec: z.object({ template }) });
const revisionSchema = z.object({ metadata, revision: count });
const podSchema = z.object({
  metadata,
  status: z
    .object({
      conditions,
      containerStatuses: z
        .array(
          z.object({
            restartCount: count,
            state: z.object({ waiting: z.object({ reason: z.string().nullish() }).nullish() }).nullish(),
          }),
        )
        .nullish()
        .transform(value => value ?? []),
    })
    .prefault({}),
});
/** A Deployment, StatefulSet or DaemonSet as the API server shows it. */
export type Workload = z.infer<typeof workloadSchema>;
/** A pod as the API server shows it. */
export type Pod = z.infer<typeof podSchema>;

const plurals: Readonly<Record<string, string>> = {
  Deployment: 'deployments',
  StatefulSet: 'statefulsets',
  DaemonSet: 'daemonsets',
};
const revisionLabel = 'controller-revision-hash';

/** Reads a workload of a release; null where that may not be or it is of no kind that runs pods. */
export async function findWorkload(
  cluster: Cluster,
  { kind, namespace, name }: Part,
  signal: AbortSignal,
): Promise<Workload | 'gone' | null> {
  const plural = plurals[kind];
  if (!plural) return null;
  const path = `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/${plural}/${encodeURIComponent(name)}`;
  const answer = await cluster.ask({ verb: 'get', resource: `${plural}.apps`, namespace, path, signal });
  if (!answer.ok) return answer.status === 404 ? 'gone' : null;
  const found = workloadSchema.safeParse(answer.body);
  return found.success ? found.data : null;
}

/**
 * The pods of a workload's present template that are not on their way out: those of the template before may go on failing for as long as they
 * are there. Null where that cannot be told.
 */
export async function presentPods(
  cluster: Cluster,
  { kind, namespace }: Part,
  workload: Workload,
  signal: AbortSignal,
): Promise<readonly Pod[] | null> {
  const { status, spec } = workload;
  if (status.observedGeneration < workload.metadata.generation) return null;
  const list: List = (resource, schema) =>
    listOf(cluster, { resource, schema, namespace, labels: spec.selector.matchLabels, signal });
  const maker = await makerOf(kind, workload, list);
  const pods = maker && (await list('pods', podSchema));
  if (!maker || !pods) return null;
  const isOf = (pod: Pod) => maker.revision === null || pod.metadata.labels[revisionLabel] === maker.revision;
  return pods.filter(pod => isMadeBy(pod, maker.uid) && isOf(pod) && !pod.metadata.deletionTimestamp);
}

type List = <T>(resource: 'replicasets' | 'controllerrevisions' | 'pods', schema: z.ZodType<T>) => Promise<T[] | null>;

/** What makes the pods of a workload's present template: whose they are, and which revision they are labelled with. */
interface Maker {
  readonly uid: string;
  readonly revision: string | null;
}

async function makerOf(kind: string, workload: Workload, list: List): Promise<Maker | null> {
  const { uid } = workload.metadata;
  if (kind === 'Deployment') {
    const sets = await list('replicasets', setSchema);
    // By the template, not by its number: a paused Deployment has a new one and no set for it.
    const set = sets?.find(one => isMadeBy(one, uid) && one.spec.template === workload.spec.template);
    return set ? { uid: set.metadata.uid, revision: null } : null;
  }
  if (kind === 'StatefulSet') {
    const { updateRevision } = workload.status;
    return updateRevision ? { uid, revision: updateRevision } : null;
  }
  const revisions = (await list('controllerrevisions', revisionSchema)) ?? [];
  const [newest] = revisions.filter(one => isMadeBy(one, uid)).sort((a, b) => b.revision - a.revision);
  const revision = newest?.metadata.labels[revisionLabel];
  return revision ? { uid, revision } : null;
}

function isMadeBy({ metadata: { ownerReferences } }: { readonly metadata: Pod['metadata'] }, uid: string): boolean {
  return ownerReferences.some(reference => reference.controller === true && reference.uid === uid);
}

async function listOf<T>(
  cluster: Cluster,
  asked: {
    readonly resource: 'replicasets' | 'controllerrevisions' | 'pods';
    readonly schema: z.ZodType<T>;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
  },
): Promise<T[] | null> {
  const { resource: plural, schema, namespace, labels, signal } = asked;
  const [api, group] = plural === 'pods' ? ['/api/v1', ''] : ['/apis/apps/v1', '.apps'];
  const selector = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  // A selector of expressions alone finds more than its own, as every list here does: what is meant is told by its owner.
  const query = selector.length > 0 ? `?labelSelector=${encodeURIComponent(selector.join(','))}` : '';
  const path = `${api}/namespaces/${encodeURIComponent(namespace)}/${plural}${query}`;
  const answer = await cluster.ask({ verb: 'list', resource: `${plural}${group}`, namespace, path, signal });
  const found = answer.ok ? z.object({ items: z.array(schema) }).safeParse(answer.body) : null;
  return found?.success ? found.data.items : null;
}
