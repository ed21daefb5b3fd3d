import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import type { Connection } from './connect.ts';
import { type Place, workloadOf } from './input.ts';
import { fieldManager, metadata, pathOf, readAs } from './objects.ts';

const autoscalerSchema = z.object({
  metadata: metadata.extend({ resourceVersion: z.string() }),
  spec: z.object({
    scaleTargetRef: z.object({ kind: z.string(), name: z.string(), apiVersion: z.string().nullish() }),
    minReplicas: z
      .number()
      .nullish()
      .transform(value => value ?? 1),
    maxReplicas: z.number(),
  }),
});

/** A HorizontalPodAutoscaler: what it scales and between which counts. */
export type Autoscaler = z.infer<typeof autoscalerSchema>;

/** The counts between which an autoscaler moves. */
export interface Limits {
  readonly min: number;
  readonly max: number;
}

/** The limits of an autoscaler as it is. */
export const limitsOf = ({ spec }: Autoscaler): Limits => ({ min: spec.minReplicas, max: spec.maxReplicas });

const group = 'apis/autoscaling/v2';
const resource = 'horizontalpodautoscalers.autoscaling';

/** The autoscalers of a namespace, by which workload each scales. Throws `KubeError`. */
export async function readAutoscalers(
  connection: Connection,
  namespace: string,
  signal: AbortSignal,
): Promise<(place: Place) => Autoscaler[]> {
  const path = pathOf(group, namespace, 'horizontalpodautoscalers');
  const request = { verb: 'list', resource, namespace, path, signal };
  const { items } = await readAs(connection, request, z.object({ items: z.array(autoscalerSchema) }));
  return place => {
    const { kind, name } = workloadOf(place);
    return items.filter(({ spec: { scaleTargetRef: target } }) => target.kind === kind && target.name === name);
  };
}

/** Sets an autoscaler's limits, valid only while it is exactly what was read; a trial asks for its uid alone. Throws `KubeError`. */
export async function patchLimits(
  connection: Connection,
  now: Autoscaler,
  to: Limits,
  options: { readonly namespace: string; readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const { namespace, signal } = options;
  const { name, uid, resourceVersion } = now.metadata;
  const unmoved = { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion };
  const query = `?fieldManager=${fieldManager}${options.dryRun ? '&dryRun=All' : ''}`;
  const body: JsonObject[] = [
    { op: 'test', path: '/metadata/uid', value: uid },
    ...(options.dryRun ? [] : [unmoved]),
    { op: 'add', path: '/spec/minReplicas', value: to.min },
    { op: 'add', path: '/spec/maxReplicas', value: to.max },
  ];
  await connection.send({
    verb: 'patch',
    resource,
    namespace,
    path: pathOf(group, namespace, 'horizontalpodautoscalers', name) + query,
    body,
    contentType: 'application/json-patch+json',
    signal,
  });
}
