import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import type { Connection } from './connect.ts';
import { type Place, type WorkloadKind, workloadOf } from './input.ts';
import {
  conditions,
  count,
  fieldManager,
  type Metadata,
  metadata,
  pathOf,
  rawObject,
  read,
  readAs,
  type Selector,
  selectorSchema,
} from './objects.ts';

/** A Deployment, StatefulSet or DaemonSet in one form; the template is raw, as the API server tells it. */
export interface Workload {
  readonly kind: WorkloadKind;
  readonly metadata: Metadata;
  readonly spec: {
    /** Pods that are wanted; of a DaemonSet, the nodes it is meant for as its controller counted them. */
    readonly replicas: number;
    readonly paused: boolean;
    readonly selector: Selector;
    readonly template: JsonObject;
    readonly strategy: Strategy;
    readonly revisionHistoryLimit: number;
    /** Of a Deployment; the other kinds know no deadline. */
    readonly progressDeadlineSeconds: number | null;
    readonly minReadySeconds: number;
  };
  readonly status: {
    readonly observedGeneration: number;
    readonly replicas: number;
    readonly updatedReplicas: number;
    readonly readyReplicas: number;
    readonly availableReplicas: number;
    readonly conditions: z.infer<typeof conditions>;
  };
}

/** How a workload replaces its pods. */
export interface Strategy {
  readonly how: 'rolling' | 'recreate' | 'on-delete';
  /** Pods that may be missing meanwhile: a count, or a share such as `25%`. */
  readonly maxUnavailable: number | string;
  /** Of a StatefulSet: pods below this ordinal keep the release they have. */
  readonly partition: number;
  /** Of a StatefulSet: a pod waits until those below it are ready, for ever if need be. */
  readonly ordered: boolean;
  /** Of a StatefulSet: its lowest ordinal. */
  readonly start: number;
}

const share = z.union([z.number(), z.string()]);
const shared = {
  selector: selectorSchema,
  template: rawObject,
  revisionHistoryLimit: z.number().default(10),
  minReadySeconds: z.number().default(0),
};
const counts = { observedGeneration: count, replicas: count, updatedReplicas: count, readyReplicas: count };

const deploymentSchema = z
  .object({
    metadata,
    spec: z.object({
      ...shared,
      replicas: z.number().default(1),
      paused: z.boolean().default(false),
      strategy: z
        .object({
          type: z.string().default('RollingUpdate'),
          rollingUpdate: z.object({ maxUnavailable: share.default('25%') }).nullish(),
        })
        .nullish(),
      progressDeadlineSeconds: z.number().default(600),
    }),
    status: z.object({ ...counts, availableReplicas: count, conditions }).prefault({}),
  })
  .transform(({ metadata: meta, spec: { strategy, ...spec }, status }): Workload => {
    const how = strategy?.type === 'Recreate' ? 'recreate' : 'rolling';
    const maxUnavailable = strategy?.rollingUpdate?.maxUnavailable ?? '25%';
    return {
      kind: 'Deployment',
      metadata: meta,
      spec: { ...spec, strategy: { how, maxUnavailable, partition: 0, ordered: false, start: 0 } },
      status,
    };
  });

const updateStrategy = z
  .object({
    type: z.string().default('RollingUpdate'),
    rollingUpdate: z.object({ maxUnavailable: share.default(1), partition: count }).nullish(),
  })
  .nullish();
type UpdateStrategy = z.infer<typeof updateStrategy>;

function strategyOf(strategy: UpdateStrategy, ordered: boolean, start = 0): Strategy {
  const rolling = strategy?.rollingUpdate;
  return {
    how: strategy?.type === 'OnDelete' ? 'on-delete' : 'rolling',
    maxUnavailable: rolling?.maxUnavailable ?? 1,
    partition: strategy?.type === 'OnDelete' ? 0 : (rolling?.partition ?? 0),
    ordered,
    start,
  };
}

const statefulSetSchema = z
  .object({
    metadata,
    spec: z.object({
      ...shared,
      replicas: z.number().default(1),
      updateStrategy,
      podManagementPolicy: z.string().default('OrderedReady'),
      ordinals: z.object({ start: count }).nullish(),
    }),
    status: z.object({ ...counts, availableReplicas: count, conditions }).prefault({}),
  })
  .transform(
    ({ metadata: meta, spec: { updateStrategy: how, podManagementPolicy, ordinals, ...spec }, status }): Workload => {
      const strategy = strategyOf(how, podManagementPolicy !== 'Parallel', ordinals?.start);
      const same = { paused: false, progressDeadlineSeconds: null };
      return { kind: 'StatefulSet', metadata: meta, spec: { ...spec, ...same, strategy }, status };
    },
  );

const daemonSetSchema = z
  .object({
    metadata,
    spec: z.object({ ...shared, updateStrategy }),
    status: z
      .object({
        observedGeneration: count,
        currentNumberScheduled: count,
        desiredNumberScheduled: count,
        updatedNumberScheduled: count,
        numberReady: count,
        numberAvailable: count,
        conditions,
      })
      .prefault({}),
  })
  .transform(({ metadata: meta, spec: { updateStrategy: how, ...spec }, status }): Workload => {
    const same = { paused: false, progressDeadlineSeconds: null, replicas: status.desiredNumberScheduled };
    return {
      kind: 'DaemonSet',
      metadata: meta,
      spec: { ...spec, ...same, strategy: strategyOf(how, false) },
      status: {
        observedGeneration: status.observedGeneration,
        replicas: status.currentNumberScheduled,
        updatedReplicas: status.updatedNumberScheduled,
        readyReplicas: status.numberReady,
        availableReplicas: status.numberAvailable,
        conditions: status.conditions,
      },
    };
  });

const kinds = {
  Deployment: { plural: 'deployments', schema: deploymentSchema },
  StatefulSet: { plural: 'statefulsets', schema: statefulSetSchema },
  DaemonSet: { plural: 'daemonsets', schema: daemonSetSchema },
} as const satisfies Record<WorkloadKind, { plural: string; schema: z.ZodType<Workload> }>;

/** How the API server calls a kind of workload in paths and roles. */
export function pluralOf(kind: WorkloadKind): string {
  return kinds[kind].plural;
}

/** The workload as it is now. Throws `KubeError`. */
export async function readWorkload(connection: Connection, place: Place, signal: AbortSignal): Promise<Workload> {
  const { namespace } = place;
  const { kind, name } = workloadOf(place);
  const { plural, schema } = kinds[kind];
  const path = pathOf('apis/apps/v1', namespace, plural, name);
  const request = { verb: 'get', resource: `${plural}.apps`, namespace, path, signal };
  return readAs<Workload>(connection, request, schema);
}

/** Patches the workload by a JSON patch and answers what it is then; with `dryRun` nothing is written. Throws `KubeError`. */
export async function patchWorkload(
  connection: Connection,
  place: Place,
  operations: readonly JsonObject[],
  options: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<Workload> {
  const { namespace } = place;
  const { kind, name } = workloadOf(place);
  const { plural, schema } = kinds[kind];
  const query = `?fieldManager=${fieldManager}${options.dryRun ? '&dryRun=All' : ''}`;
  const request = {
    verb: 'patch',
    resource: `${plural}.apps`,
    namespace,
    path: pathOf('apis/apps/v1', namespace, plural, name) + query,
    body: operations,
    contentType: 'application/json-patch+json',
    signal: options.signal,
  };
  return read<Workload>(schema, request, await connection.send(request));
}
