import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import type { Connection } from './connect.ts';
import { type Place, type WorkloadKind, workloadOf } from './input.ts';
import { labelQuery } from './labels.ts';
import {
  conditions,
  count,
  fieldManager,
  isControlledBy,
  metadata,
  type Pod,
  pathOf,
  readAs,
  readPods,
  type Selector,
  selectorQuery,
  selectorSchema,
} from './objects.ts';
import { pluralOf } from './workload.ts';

const countedSchema = z.object({
  metadata: metadata.extend({ resourceVersion: z.string() }),
  spec: z.object({
    replicas: z.number().default(1),
    selector: selectorSchema,
    podManagementPolicy: z.string().nullish(),
    ordinals: z.object({ start: count }).nullish(),
    updateStrategy: z
      .object({ type: z.string().nullish(), rollingUpdate: z.object({ partition: count }).nullish() })
      .nullish(),
  }),
  status: z
    .object({
      observedGeneration: count,
      replicas: count,
      desiredNumberScheduled: count,
      updateRevision: z.string().nullish(),
      conditions,
    })
    .prefault({}),
});

/** A workload seen by its pods: how many it wants, how many there are. */
export type Counted = z.infer<typeof countedSchema>;

/** The workload as it is now. Throws `KubeError`. */
export async function readCounted(connection: Connection, place: Place, signal: AbortSignal): Promise<Counted> {
  const { kind, name } = workloadOf(place);
  const { namespace } = place;
  const path = pathOf('apis/apps/v1', namespace, pluralOf(kind), name);
  const request = { verb: 'get', resource: `${pluralOf(kind)}.apps`, namespace, path, signal };
  return readAs(connection, request, countedSchema);
}

/** Names of the workloads of one kind that have these labels. Throws `KubeError`. */
export async function namesByLabels(
  connection: Connection,
  kind: WorkloadKind,
  place: { readonly namespace: string; readonly selector: Readonly<Record<string, string>> },
  signal: AbortSignal,
): Promise<string[]> {
  const { namespace, selector } = place;
  const path = pathOf('apis/apps/v1', namespace, pluralOf(kind)) + labelQuery(selector);
  const request = { verb: 'list', resource: `${pluralOf(kind)}.apps`, namespace, path, signal };
  const { items } = await readAs(connection, request, z.object({ items: z.array(z.object({ metadata })) }));
  return items.map(item => item.metadata.name).sort();
}

/**
 * Sets the count through the scale subresource, valid only while the workload is exactly what was read; a trial asks for its uid alone, since
 * pods that come and go write its status. Throws `KubeError`.
 */
export async function patchReplicas(
  connection: Connection,
  place: Place,
  now: Counted,
  to: number,
  options: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const { kind, name } = workloadOf(place);
  const { namespace } = place;
  const query = `?fieldManager=${fieldManager}${options.dryRun ? '&dryRun=All' : ''}`;
  const body: JsonObject[] = [
    { op: 'test', path: '/metadata/uid', value: now.metadata.uid },
    ...(options.dryRun ? [] : [{ op: 'test', path: '/metadata/resourceVersion', value: now.metadata.resourceVersion }]),
    { op: 'add', path: '/spec/replicas', value: to },
  ];
  await connection.send({
    verb: 'patch',
    resource: `${pluralOf(kind)}.apps/scale`,
    namespace,
    path: `${pathOf('apis/apps/v1', namespace, pluralOf(kind), name)}/scale${query}`,
    body,
    contentType: 'application/json-patch+json',
    signal: options.signal,
  });
}

/** How many pods a workload wants. */
export function wantedPods(kind: WorkloadKind, workload: Counted): number {
  return kind === 'DaemonSet' ? workload.status.desiredNumberScheduled : workload.spec.replicas;
}

/** The pods of a workload, those of its old templates and those on their way out among them. Throws `KubeError`. */
export async function readPodsOf(
  connection: Connection,
  place: Place,
  workload: Counted,
  signal: AbortSignal,
): Promise<Pod[]> {
  const { namespace } = place;
  const { selector } = workload.spec;
  const reading = readPods(connection, namespace, selector, signal);
  if (workloadOf(place).kind !== 'Deployment') {
    return (await reading).filter(pod => isControlledBy(pod, workload.metadata.uid));
  }
  const sets = replicaSetsOf(connection, namespace, selector, workload.metadata.uid, signal);
  const [pods, own] = await Promise.all([reading, sets]);
  return pods.filter(pod => own.some(uid => isControlledBy(pod, uid)));
}

/** Uids of the ReplicaSets of a Deployment. Throws `KubeError`. */
export async function replicaSetsOf(
  connection: Connection,
  namespace: string,
  selector: Selector,
  deployment: string,
  signal: AbortSignal,
): Promise<string[]> {
  const path = pathOf('apis/apps/v1', namespace, 'replicasets') + selectorQuery(selector);
  const request = { verb: 'list', resource: 'replicasets.apps', namespace, path, signal };
  const { items } = await readAs(connection, request, z.object({ items: z.array(z.object({ metadata })) }));
  return items.filter(set => isControlledBy(set, deployment)).map(set => set.metadata.uid);
}

/** What the controller says keeps it from making pods (quota, admission); null where nothing does. */
export function refusedPods({ status }: Counted): string | null {
  const found = status.conditions.find(({ type, status: value }) => type === 'ReplicaFailure' && value === 'True');
  return found ? (found.message ?? 'pods are refused') : null;
}
