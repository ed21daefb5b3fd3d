import { z } from 'zod';
import type { JsonObject } from '../../../domain/json.ts';
import type { Connection } from '../connect.ts';
import { replicaSetsOf } from '../counted.ts';
import { objectOf, type Place, workloadOf } from '../input.ts';
import { isControlledBy, pathOf, readAs, selectorQuery, selectorSchema } from '../objects.ts';
import { isReady } from '../rollout.ts';
import { podSpecOf } from '../template.ts';
import { pluralOf } from '../workload.ts';
import { type LivePod, livePodSchema } from './pod.ts';

const texts = z.record(z.string(), z.string());
const workloadSchema = z.object({
  metadata: z.object({ name: z.string(), uid: z.string(), generation: z.number().default(0) }),
  spec: z.object({
    replicas: z.number().default(1),
    selector: selectorSchema,
    template: z.custom<JsonObject>(value => typeof value === 'object' && value !== null && !Array.isArray(value)),
  }),
  status: z
    .object({ observedGeneration: z.number().default(0), desiredNumberScheduled: z.number().nullish() })
    .prefault({}),
});

/** A workload of any kind as the checks look at it. */
export interface Workload {
  readonly object: string;
  readonly uid: string;
  /** How many pods it should have. */
  readonly wanted: number;
  readonly template: JsonObject;
  /** Whether its controller has seen its newest form. */
  readonly observed: boolean;
  /** Uids of what controls its pods: its ReplicaSets, or itself. */
  readonly controllers: readonly string[];
  /** Its pods that are not over and not on their way out. */
  readonly pods: readonly LivePod[];
}

/** Reads a workload and its live pods. Throws `KubeError`. */
export async function readWorkload(connection: Connection, place: Place, signal: AbortSignal): Promise<Workload> {
  const { namespace } = place;
  const { kind, name } = workloadOf(place);
  const plural = pluralOf(kind);
  const request = {
    verb: 'get',
    resource: `${plural}.apps`,
    namespace,
    path: pathOf('apis/apps/v1', namespace, plural, name),
    signal,
  };
  const { metadata, spec, status } = await readAs(connection, request, workloadSchema);
  const { selector } = spec;
  const controllers =
    kind === 'Deployment' ? await replicaSetsOf(connection, namespace, selector, metadata.uid, signal) : [metadata.uid];
  const path = pathOf('api/v1', namespace, 'pods') + selectorQuery(selector);
  const list = { verb: 'list', resource: 'pods', namespace, path, signal };
  const { items } = await readAs(connection, list, z.object({ items: z.array(livePodSchema) }));
  return {
    object: objectOf(place),
    uid: metadata.uid,
    wanted: kind === 'DaemonSet' ? (status.desiredNumberScheduled ?? 0) : spec.replicas,
    template: spec.template,
    observed: status.observedGeneration >= metadata.generation,
    controllers,
    pods: items.filter(pod => controllers.some(uid => isControlledBy(pod, uid)) && isLive(pod)),
  };
}

function isLive({ metadata, status }: LivePod): boolean {
  return !metadata.deletionTimestamp && status.phase !== 'Succeeded' && status.phase !== 'Failed';
}

/** The workload's pods that serve; empty while its controller has not seen its newest form. */
export function readyPods(workload: Workload): readonly LivePod[] {
  return workload.observed ? workload.pods.filter(isReady) : [];
}

/** The container that a check means: the one named, or the template's main one. */
export function mainContainer({ template }: Workload, named: string | null): string {
  if (named) return named;
  const { metadata } = templateSchema.parse(template);
  const marked = metadata?.annotations?.['kubectl.kubernetes.io/default-container'];
  return marked ?? podSpecOf(template).containers[0]?.name ?? '';
}

const templateSchema = z.object({ metadata: z.object({ annotations: texts.nullish() }).nullish() });
