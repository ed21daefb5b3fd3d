import { z } from 'zod';
import type { Cluster } from '../../ports/cluster.ts';
import type { Part } from './manifest.ts';

const count = z
  .number()
  .nullish()
  .transform(value => value ?? 0);
const texts = z
  .record(z.string(), z.string())
  .nullish()
  .transform(value => value ?? {});
const workloadSchema = z.object({
  metadata: z.object({ uid: z.string(), generation: count }),
  spec: z.object({
    replicas: z.number().nullish(),
    paused: z.boolean().nullish(),
    selector: z.object({ matchLabels: texts }),
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
      conditions: z
        .array(z.object({ type: z.string(), status: z.string(), reason: z.string().nullish() }))
        .nullish()
        .transform(value => value ?? []),
    })
    .prefault({}),
});
const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      status: z
        .object({
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
    }),
  ),
});
type Workload = z.infer<typeof workloadSchema>;

/** The resource of each kind that runs pods and tells how its rollout goes. */
export const plurals: Readonly<Record<string, string>> = {
  Deployment: 'deployments',
  StatefulSet: 'statefulsets',
  DaemonSet: 'daemonsets',
};

/** How one workload of a release stands. */
export interface WorkloadState {
  /** Whether all its pods are of the present template and available. */
  readonly settled: boolean;
  readonly late: boolean;
  readonly restarts: number;
  /** A pod that crashes in a loop. */
  readonly looping: { readonly pod: string; readonly restarts: number } | null;
}

/** So many restarts make a loop. */
const loopRestarts = 3;

/** Reads how a workload stands; null where it is not there or may not be read. */
export async function readWorkload(cluster: Cluster, part: Part, signal: AbortSignal): Promise<WorkloadState | null> {
  const plural = plurals[part.kind];
  if (!plural) return null;
  const { namespace } = part;
  const base = `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/${plural}/${encodeURIComponent(part.name)}`;
  const found = await cluster.ask({ verb: 'get', resource: `${plural}.apps`, namespace, path: base, signal });
  const workload = found.ok ? workloadSchema.safeParse(found.body) : null;
  if (!workload?.success) return null;
  const selector = Object.entries(workload.data.spec.selector.matchLabels).map(([key, value]) => `${key}=${value}`);
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods?labelSelector=${encodeURIComponent(selector.join(','))}`;
  const listed = await cluster.ask({ verb: 'list', resource: 'pods', namespace, path, signal });
  const pods = listed.ok ? podsSchema.safeParse(listed.body) : null;
  return stateOf(part.kind, workload.data, pods?.success ? pods.data.items : []);
}

function stateOf(kind: string, workload: Workload, pods: z.infer<typeof podsSchema>['items']): WorkloadState {
  const { spec, status, metadata } = workload;
  const daemon = kind === 'DaemonSet';
  const wanted = daemon ? status.desiredNumberScheduled : (spec.replicas ?? 1);
  const updated = daemon ? status.updatedNumberScheduled : status.updatedReplicas;
  const available = daemon ? status.numberAvailable : status.availableReplicas;
  const all = daemon ? status.desiredNumberScheduled : status.replicas;
  const observed = status.observedGeneration >= metadata.generation;
  const restartsOf = (pod: (typeof pods)[number]) =>
    pod.status.containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0);
  const looping = pods.find(
    pod =>
      restartsOf(pod) >= loopRestarts &&
      pod.status.containerStatuses.some(({ state }) => state?.waiting?.reason === 'CrashLoopBackOff'),
  );
  const progress = status.conditions.find(({ type }) => type === 'Progressing');
  return {
    settled: observed && !spec.paused && updated >= wanted && available >= wanted && all <= wanted,
    late: observed && progress?.reason === 'ProgressDeadlineExceeded',
    restarts: pods.reduce((sum, pod) => sum + restartsOf(pod), 0),
    looping: looping ? { pod: looping.metadata.name, restarts: restartsOf(looping) } : null,
  };
}
