import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import type { Connection, KubeRequest } from './connect.ts';
import { KubeError } from './kube-error.ts';
import { labelQuery } from './labels.ts';

/** An object that is passed on as it is, fields newer than we know included. */
export const rawObject = z.custom<JsonObject>(
  value => typeof value === 'object' && value !== null && !Array.isArray(value),
);
/** A map of texts; empty where the server leaves it out. */
export const texts = z
  .record(z.string(), z.string())
  .nullish()
  .transform(value => value ?? {});
const owner = z.object({ kind: z.string(), name: z.string(), uid: z.string(), controller: z.boolean().nullish() });
/** What every object says of itself. */
export const metadata = z.object({
  name: z.string(),
  uid: z.string(),
  resourceVersion: z.string().default(''),
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
/** Who an object is. */
export type Metadata = z.infer<typeof metadata>;
/** How a workload finds its pods. */
export const selectorSchema = z.object({ matchLabels: texts, matchExpressions: z.array(z.unknown()).nullish() });
/** How a workload finds its pods. */
export type Selector = z.infer<typeof selectorSchema>;

const condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().nullish(),
  message: z.string().nullish(),
  lastUpdateTime: z.string().nullish(),
  lastTransitionTime: z.string().nullish(),
});
/** What a controller says of an object. */
export const conditions = z
  .array(condition)
  .nullish()
  .transform(value => value ?? []);
/** A number that is left out where it is 0. */
export const count = z
  .number()
  .nullish()
  .transform(value => value ?? 0);

const containerState = z.object({
  running: z.object({ startedAt: z.string().nullish() }).nullish(),
  waiting: z.object({ reason: z.string().nullish(), message: z.string().nullish() }).nullish(),
  terminated: z
    .object({ reason: z.string().nullish(), exitCode: z.number().nullish(), finishedAt: z.string().nullish() })
    .nullish(),
});
const containerStatus = z.object({
  name: z.string(),
  ready: z.boolean().default(false),
  restartCount: count,
  image: z.string().nullish(),
  imageID: z.string().nullish(),
  state: containerState.nullish(),
  lastState: containerState.nullish(),
});
const statuses = z
  .array(containerStatus)
  .nullish()
  .transform(value => value ?? []);

/** A pod as the API server tells it. */
export const podSchema = z.object({
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

/** Asks, and reads the answer through its schema. Throws `KubeError`. */
export async function readAs<T>(connection: Connection, request: KubeRequest, schema: z.ZodType<T>): Promise<T> {
  return read(schema, request, await connection.read(request));
}

/** The name under which Kubernetes books our writes. */
export const fieldManager = 'backout';

/** The pods that a workload's selector finds, whichever they belong to. */
export async function readPods(
  connection: Connection,
  namespace: string,
  selector: Selector,
  signal: AbortSignal,
): Promise<Pod[]> {
  const path = pathOf('api/v1', namespace, 'pods') + selectorQuery(selector);
  const request = { verb: 'list', resource: 'pods', namespace, path, signal };
  return (await readAs(connection, request, z.object({ items: z.array(podSchema) }))).items;
}

/** Only plain labels narrow the list; expressions are left to the owner check, which decides anyway. */
export function selectorQuery({ matchLabels }: Selector): string {
  return labelQuery(matchLabels);
}

/** Whether an object's controlling owner has this uid. */
export function isControlledBy(object: { readonly metadata: Metadata }, uid: string): boolean {
  return object.metadata.ownerReferences.some(reference => reference.controller === true && reference.uid === uid);
}

/**
 * The precondition of a write that nothing of the object was written since it was read, values that came back included. What is only
 * tried needs none: a controller that writes its status meanwhile is no reason to refuse a plan.
 */
export function asRead(
  object: { readonly metadata: { readonly resourceVersion: string } },
  dryRun: boolean,
): readonly JsonObject[] {
  return dryRun ? [] : [{ op: 'test', path: '/metadata/resourceVersion', value: object.metadata.resourceVersion }];
}
