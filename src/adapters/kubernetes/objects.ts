import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import type { Connection, KubeRequest } from './connect.ts';
import { type Place, workloadOf } from './input.ts';
import { KubeError } from './kube-error.ts';

const rawObject = z.custom<JsonObject>(value => typeof value === 'object' && value !== null && !Array.isArray(value));
const texts = z
  .record(z.string(), z.string())
  .nullish()
  .transform(value => value ?? {});
const owner = z.object({ kind: z.string(), name: z.string(), uid: z.string(), controller: z.boolean().nullish() });
/** What every object says of itself. */
export const metadata = z.object({
  name: z.string(),
  uid: z.string(),
  generation: z.number().default(0),
  creationTimestamp: z.string().nullish(),
  deletionTimestamp: z.string().nullish(),
  labels: texts,
  annotations: texts,
  ownerReferences: z
    .array(owner)
    .nullish()
    .transform(value => value ?? []),
  managedFields: z
    .array(
      z.object({
        manager: z.string().default(''),
        operation: z.string().default(''),
        time: z.string().nullish(),
        subresource: z.string().nullish(),
        fieldsV1: z.unknown().optional(),
      }),
    )
    .nullish()
    .transform(value => value ?? []),
});
const condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().nullish(),
  message: z.string().nullish(),
  lastUpdateTime: z.string().nullish(),
  lastTransitionTime: z.string().nullish(),
});
const conditions = z
  .array(condition)
  .nullish()
  .transform(value => value ?? []);
const count = z
  .number()
  .nullish()
  .transform(value => value ?? 0);

const deploymentSchema = z.object({
  metadata,
  spec: z.object({
    replicas: z.number().default(1),
    paused: z.boolean().default(false),
    selector: z.object({ matchLabels: texts, matchExpressions: z.array(z.unknown()).nullish() }),
    template: rawObject,
    strategy: z
      .object({
        type: z.string().default('RollingUpdate'),
        rollingUpdate: z.object({ maxUnavailable: z.union([z.number(), z.string()]).default('25%') }).nullish(),
      })
      .nullish(),
    revisionHistoryLimit: z.number().default(10),
    progressDeadlineSeconds: z.number().default(600),
    minReadySeconds: z.number().default(0),
  }),
  status: z
    .object({
      observedGeneration: count,
      replicas: count,
      updatedReplicas: count,
      readyReplicas: count,
      availableReplicas: count,
      conditions,
    })
    .prefault({}),
});

const replicaSetSchema = z.object({
  metadata,
  spec: z.object({ template: rawObject }),
  status: z.object({ replicas: count, readyReplicas: count }).prefault({}),
});

const containerState = z.object({
  waiting: z.object({ reason: z.string().nullish(), message: z.string().nullish() }).nullish(),
  terminated: z.object({ reason: z.string().nullish(), exitCode: z.number().nullish() }).nullish(),
});
const containerStatus = z.object({
  name: z.string(),
  ready: z.boolean().default(false),
  restartCount: count,
  imageID: z.string().nullish(),
  state: containerState.nullish(),
  lastState: containerState.nullish(),
});
const statuses = z
  .array(containerStatus)
  .nullish()
  .transform(value => value ?? []);

const podSchema = z.object({
  metadata,
  status: z
    .object({
      phase: z.string().default('Pending'),
      conditions,
      containerStatuses: statuses,
      initContainerStatuses: statuses,
    })
    .prefault({}),
});

/** A Deployment as the API server tells it; its template is raw. */
export type Deployment = z.infer<typeof deploymentSchema>;
/** A ReplicaSet; its template is raw. */
export type ReplicaSet = z.infer<typeof replicaSetSchema>;
/** A pod's metadata and status. */
export type Pod = z.infer<typeof podSchema>;

/** Path of a namespaced collection or object. */
export function pathOf(group: string, namespace: string, plural: string, name?: string): string {
  const parts = [
    group,
    'namespaces',
    encodeURIComponent(namespace),
    plural,
    ...(name ? [encodeURIComponent(name)] : []),
  ];
  return `/${parts.join('/')}`;
}

/** Reads one answer through its schema; an answer of another shape counts as a server in trouble. */
export function read<T>(schema: z.ZodType<T>, request: KubeRequest, answer: unknown): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0];
  throw new KubeError(
    request,
    0,
    `the answer is not what Kubernetes gives: ${first?.path.join('.')} ${first?.message}`,
  );
}

/** The Deployment as it is now. */
export async function readDeployment(connection: Connection, place: Place, signal: AbortSignal): Promise<Deployment> {
  const { namespace } = place;
  const path = pathOf('apis/apps/v1', namespace, 'deployments', workloadOf(place).name);
  const request = { verb: 'get', resource: 'deployments.apps', namespace, path, signal };
  return read(deploymentSchema, request, await connection.read(request));
}

/** Patches the Deployment by a JSON patch and answers what it is then; with `dryRun` nothing is written. */
export async function patchDeployment(
  connection: Connection,
  place: Place,
  operations: readonly JsonObject[],
  options: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<Deployment> {
  const { namespace } = place;
  const query = `?fieldManager=${fieldManager}${options.dryRun ? '&dryRun=All' : ''}`;
  const path = pathOf('apis/apps/v1', namespace, 'deployments', workloadOf(place).name) + query;
  const request = {
    verb: 'patch',
    resource: 'deployments.apps',
    namespace,
    path,
    body: operations,
    contentType: 'application/json-patch+json',
    signal: options.signal,
  };
  return read(deploymentSchema, request, await connection.send(request));
}

/** The name under which Kubernetes books our writes. */
export const fieldManager = 'backout';

/** The ReplicaSets that this Deployment controls. */
export async function readReplicaSets(
  connection: Connection,
  place: Place,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<ReplicaSet[]> {
  const { namespace } = place;
  const path = pathOf('apis/apps/v1', namespace, 'replicasets') + selectorQuery(deployment);
  const request = { verb: 'list', resource: 'replicasets.apps', namespace, path, signal };
  const { items } = read(z.object({ items: z.array(replicaSetSchema) }), request, await connection.read(request));
  return items.filter(item => isControlledBy(item, deployment.metadata.uid));
}

/** The pods of a Deployment's ReplicaSets, whichever they belong to. */
export async function readPods(
  connection: Connection,
  place: Place,
  deployment: Deployment,
  signal: AbortSignal,
): Promise<Pod[]> {
  const { namespace } = place;
  const path = pathOf('api/v1', namespace, 'pods') + selectorQuery(deployment);
  const request = { verb: 'list', resource: 'pods', namespace, path, signal };
  return read(z.object({ items: z.array(podSchema) }), request, await connection.read(request)).items;
}

/** Only plain labels narrow the list; expressions are left to the owner check, which decides anyway. */
function selectorQuery(deployment: Deployment): string {
  const pairs = Object.entries(deployment.spec.selector.matchLabels).map(([key, value]) => `${key}=${value}`);
  return pairs.length > 0 ? `?labelSelector=${encodeURIComponent(pairs.join(','))}` : '';
}

/** Whether an object's controlling owner has this uid. */
export function isControlledBy(object: Pick<ReplicaSet | Pod, 'metadata'>, uid: string): boolean {
  return object.metadata.ownerReferences.some(reference => reference.controller === true && reference.uid === uid);
}
