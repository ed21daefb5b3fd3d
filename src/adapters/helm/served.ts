import { z } from 'zod';
import type { Cluster } from '../../ports/cluster.ts';
import { type Comparison, isWorkload, type Part } from './manifest.ts';
import { plurals } from './workloads.ts';

const texts = z
  .record(z.string(), z.string())
  .nullish()
  .transform(value => value ?? {});
const count = z
  .number()
  .nullish()
  .transform(value => value ?? 0);
const metadata = z.object({ uid: z.string(), generation: count, labels: texts, annotations: texts });
const workloadSchema = z.object({
  metadata,
  spec: z.object({ selector: z.object({ matchLabels: texts }) }),
  status: z
    .object({
      observedGeneration: count,
      updateRevision: z.string().nullish(),
      numberReady: count,
      updatedNumberScheduled: count,
    })
    .prefault({}),
});
const setsSchema = z.object({
  items: z.array(z.object({ metadata, status: z.object({ readyReplicas: count }).prefault({}) })),
});
const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata,
      status: z
        .object({
          conditions: z
            .array(z.object({ type: z.string(), status: z.string() }))
            .nullish()
            .transform(value => value ?? []),
        })
        .prefault({}),
    }),
  ),
});
type Workload = z.infer<typeof workloadSchema>;

/** Whether any pod of what a rollback changed or made is ready; true where that cannot be told, so that nothing is put back by itself. */
export async function anyServed(
  cluster: Cluster,
  { changed, created }: Comparison,
  signal: AbortSignal,
): Promise<boolean> {
  const parts = [...changed.map(({ after }) => after), ...created].filter(isWorkload);
  const all = await Promise.all(parts.map(part => readyPods(cluster, part, signal)));
  return all.some(ready => ready === null || ready > 0);
}

/** How many pods of a workload's present template are ready; null where that cannot be told. */
async function readyPods(cluster: Cluster, part: Part, signal: AbortSignal): Promise<number | null> {
  const { kind, namespace, name } = part;
  const plural = plurals[kind];
  if (!plural) return null;
  const apps = `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}`;
  const path = `${apps}/${plural}/${encodeURIComponent(name)}`;
  const answer = await cluster.ask({ verb: 'get', resource: `${plural}.apps`, namespace, path, signal });
  if (!answer.ok) return answer.status === 404 ? 0 : null;
  const found = workloadSchema.safeParse(answer.body);
  if (!found.success || found.data.status.observedGeneration < found.data.metadata.generation) return null;
  const workload = found.data;
  if (kind === 'DaemonSet') return Math.min(workload.status.numberReady, workload.status.updatedNumberScheduled);
  const labels = Object.entries(workload.spec.selector.matchLabels).map(([key, value]) => `${key}=${value}`);
  const query = `?labelSelector=${encodeURIComponent(labels.join(','))}`;
  if (kind === 'Deployment') return readyInSet(cluster, workload, `${apps}/replicasets${query}`, namespace, signal);
  return readyByRevision(cluster, workload, `/api/v1/namespaces/${namespace}/pods${query}`, namespace, signal);
}

const revisionAnnotation = 'deployment.kubernetes.io/revision';

async function readyInSet(
  cluster: Cluster,
  { metadata: { annotations } }: Workload,
  path: string,
  namespace: string,
  signal: AbortSignal,
): Promise<number | null> {
  const answer = await cluster.ask({ verb: 'list', resource: 'replicasets.apps', namespace, path, signal });
  const sets = answer.ok ? setsSchema.safeParse(answer.body) : null;
  if (!sets?.success) return null;
  const revision = annotations[revisionAnnotation];
  const current = sets.data.items.find(set => set.metadata.annotations[revisionAnnotation] === revision);
  return current ? current.status.readyReplicas : null;
}

async function readyByRevision(
  cluster: Cluster,
  { status }: Workload,
  path: string,
  namespace: string,
  signal: AbortSignal,
): Promise<number | null> {
  const answer = await cluster.ask({ verb: 'list', resource: 'pods', namespace, path, signal });
  const pods = answer.ok ? podsSchema.safeParse(answer.body) : null;
  if (!pods?.success || !status.updateRevision) return null;
  const isReady = (pod: z.infer<typeof podsSchema>['items'][number]) =>
    pod.status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True');
  const own = pods.data.items.filter(pod => pod.metadata.labels['controller-revision-hash'] === status.updateRevision);
  return own.filter(isReady).length;
}
