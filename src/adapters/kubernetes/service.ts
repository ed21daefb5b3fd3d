import { z } from 'zod';
import type { Connection } from './connect.ts';
import { objectName, whereFields } from './input.ts';
import { labelQuery } from './labels.ts';
import { asRead, metadata, pathOf, readAs } from './objects.ts';

/** Which Service of which cluster. */
export const serviceFields = { ...whereFields, service: objectName };

/** Which Service of which cluster, read from an input or an operation's body. */
export type ServicePlace = z.infer<z.ZodObject<typeof serviceFields>>;

/** Labels that pods must bear. */
export type Selector = Readonly<Record<string, string>>;

const texts = z
  .record(z.string(), z.string())
  .nullish()
  .transform(value => value ?? {});
const list = <T>(item: z.ZodType<T>) =>
  z
    .array(item)
    .nullish()
    .transform(value => value ?? []);

const serviceSchema = z.object({
  metadata: metadata.extend({ resourceVersion: z.string() }),
  spec: z.object({
    type: z.string().default('ClusterIP'),
    selector: texts,
    publishNotReadyAddresses: z.boolean().default(false),
    ports: list(z.object({ targetPort: z.union([z.number(), z.string()]).nullish() })),
  }),
});

/** A Service as the API server tells it. */
export type Service = z.infer<typeof serviceSchema>;

const podSchema = z.object({
  metadata: z.object({ name: z.string(), uid: z.string(), deletionTimestamp: z.string().nullish() }),
  spec: z.object({
    containers: list(z.object({ ports: list(z.object({ name: z.string().nullish() })) })),
  }),
  status: z.object({ conditions: list(z.object({ type: z.string(), status: z.string() })) }).prefault({}),
});

/** A pod that a selector finds. */
export interface Selected {
  readonly uid: string;
  /** Ready, not being deleted, and it has every port that the Service names. */
  readonly ready: boolean;
}

const sliceSchema = z.object({
  endpoints: list(
    z.object({
      conditions: z.object({ ready: z.boolean().nullish() }).nullish(),
      targetRef: z.object({ kind: z.string().nullish(), uid: z.string().nullish() }).nullish(),
    }),
  ),
});

/** An endpoint that leads to a pod. */
export interface Endpoint {
  readonly pod: string;
  readonly ready: boolean;
}

/** The thing as kubectl names it, e.g. `service shop/api`. */
export function serviceObject({ namespace, service }: Pick<ServicePlace, 'namespace' | 'service'>): string {
  return `service ${namespace}/${service}`;
}

const requestFor = ({ namespace, service }: ServicePlace, signal: AbortSignal) => {
  const path = pathOf('api/v1', namespace, 'services', service);
  return { verb: 'get', resource: 'services', namespace, path, signal };
};

/** The Service as it is now. Throws `KubeError`. */
export async function readService(connection: Connection, place: ServicePlace, signal: AbortSignal): Promise<Service> {
  const request = requestFor(place, signal);
  return readAs(connection, request, serviceSchema);
}

/**
 * Replaces its selector, valid only while the Service is what was read: equal selectors would let in a worker that was held up while
 * others switched there and back. Throws `KubeError`.
 */
export async function patchSelector(
  connection: Connection,
  place: ServicePlace,
  service: Service,
  selector: Selector,
  options: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const request = requestFor(place, options.signal);
  const query = `?fieldManager=backout${options.dryRun ? '&dryRun=All' : ''}`;
  await connection.send({
    ...request,
    verb: 'patch',
    path: request.path + query,
    contentType: 'application/json-patch+json',
    body: [
      { op: 'test', path: '/metadata/uid', value: service.metadata.uid },
      { op: 'test', path: '/spec/selector', value: service.spec.selector },
      ...asRead(service, options.dryRun),
      { op: 'replace', path: '/spec/selector', value: selector },
    ],
  });
}

/** The pods that a selector finds, by uid. Throws `KubeError`. */
export async function selectedPods(
  connection: Connection,
  { namespace }: ServicePlace,
  { spec }: Service,
  selector: Selector,
  signal: AbortSignal,
): Promise<Selected[]> {
  const path = pathOf('api/v1', namespace, 'pods') + labelQuery(selector);
  const request = { verb: 'list', resource: 'pods', namespace, path, signal };
  const { items } = await readAs(connection, request, z.object({ items: z.array(podSchema) }));
  const wanted = spec.ports.flatMap(({ targetPort }) => (typeof targetPort === 'string' ? [targetPort] : []));
  return items.map(pod => {
    const ports = pod.spec.containers.flatMap(container => container.ports.map(({ name }) => name));
    const isReady = pod.status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
    const ready = isReady && !pod.metadata.deletionTimestamp && wanted.every(name => ports.includes(name));
    return { uid: pod.metadata.uid, ready };
  });
}

/** Where the Service leads now: the endpoints of its slices that are pods. Throws `KubeError`. */
export async function endpointsOf(
  connection: Connection,
  { namespace, service }: ServicePlace,
  signal: AbortSignal,
): Promise<Endpoint[]> {
  const labels = encodeURIComponent(`kubernetes.io/service-name=${service}`);
  const path = `${pathOf('apis/discovery.k8s.io/v1', namespace, 'endpointslices')}?labelSelector=${labels}`;
  const request = { verb: 'list', resource: 'endpointslices.discovery.k8s.io', namespace, path, signal };
  const { items } = await readAs(connection, request, z.object({ items: z.array(sliceSchema) }));
  return items.flatMap(({ endpoints }) =>
    endpoints.flatMap(({ conditions, targetRef }) =>
      targetRef?.kind === 'Pod' && targetRef.uid ? [{ pod: targetRef.uid, ready: conditions?.ready !== false }] : [],
    ),
  );
}
