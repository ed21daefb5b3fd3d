import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import type { Connection } from './connect.ts';
import { countOf } from './judged.ts';
import { KubeError } from './kube-error.ts';
import { isControlledBy, type Pod, pathOf, readAs, readPods, texts } from './objects.ts';
import { isReady } from './rollout.ts';
import { podSpecOf } from './template.ts';
import { podsOf, type World } from './world.ts';

const quotas = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      spec: z.object({ scopes: z.array(z.string()).nullish(), scopeSelector: z.unknown().optional() }).prefault({}),
      status: z.object({ hard: texts, used: texts }).prefault({}),
    }),
  ),
});

const units: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** A quantity as Kubernetes writes it, e.g. `250m`, `1Gi`, `2e3`; NaN where it is none. */
export function quantityOf(text: string): number {
  const [, digits, unit = ''] = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(text) ?? [];
  return digits === undefined ? Number.NaN : Number(digits) * (units[unit] ?? Number.NaN);
}

const resources = z.object({ requests: texts, limits: texts }).prefault({});

/** What one pod of a template counts for in a quota, by the quota's names; sidecars and overhead aside. */
function costOf(template: JsonObject): Record<string, number> {
  const { containers, initContainers } = podSpecOf(template);
  const of = (container: unknown, kind: 'requests' | 'limits', name: string) => {
    const read = z.looseObject({ resources }).safeParse(container);
    return quantityOf((read.success ? read.data.resources[kind][name] : undefined) ?? '0');
  };
  const total = (kind: 'requests' | 'limits', name: string) => {
    const sum = containers.reduce((so, container) => so + of(container, kind, name), 0);
    return Math.max(sum, ...(initContainers ?? []).map(container => of(container, kind, name)));
  };
  const [cpu, memory] = [total('requests', 'cpu'), total('requests', 'memory')];
  return {
    ...{ pods: 1, 'count/pods': 1, cpu, memory, 'requests.cpu': cpu, 'requests.memory': memory },
    ...{ 'limits.cpu': total('limits', 'cpu'), 'limits.memory': total('limits', 'memory') },
  };
}

/**
 * Names the quotas that leave no room for the first new pod of a template, where the rollout itself makes none: a Deployment that may not
 * miss a pod, whose pods are all ready. What is less than sure is left to the rollout. Quotas that may not be read are none. Throws `KubeError`.
 */
export async function fullQuotas(
  connection: Connection,
  namespace: string,
  world: World,
  target: { readonly template: JsonObject; readonly name: string | null },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { kind, spec } = world.workload;
  const { strategy, replicas } = spec;
  const needsRoom =
    kind === 'Deployment' && strategy.how === 'rolling' && countOf(strategy.maxUnavailable, replicas) === 0;
  if (!needsRoom || replicas === 0) return [];
  const cost = costOf(target.template);
  const full = (await readQuotas(connection, namespace, signal)).flatMap(({ name, hard, used }) =>
    Object.keys(hard)
      .filter(key => (cost[key] ?? 0) > 0)
      .filter(key => quantityOf(used[key] ?? '0') + (cost[key] ?? 0) > quantityOf(hard[key] ?? ''))
      .map(key => `ResourceQuota ${name} (${key}: ${used[key]} of ${hard[key]})`),
  );
  if (full.length === 0) return [];
  const pods = await readPods(connection, namespace, spec.selector, signal);
  return mayStart(world, target.name, pods) ? [] : full;
}

/** Whether the rollout goes on without a new pod at first: enough of the target's are alive, or an unwell one is ended before. */
function mayStart({ workload, history }: World, name: string | null, pods: readonly Pod[]): boolean {
  const own = pods.filter(
    pod => history.some(revision => revision.owns(pod)) || isControlledBy(pod, workload.metadata.uid),
  );
  const target = history.find(revision => revision.name === name);
  const alive = podsOf(target, own).length >= workload.spec.replicas;
  return alive || own.some(pod => !isReady(pod));
}

async function readQuotas(connection: Connection, namespace: string, signal: AbortSignal) {
  const path = pathOf('api/v1', namespace, 'resourcequotas');
  const request = { verb: 'list', resource: 'resourcequotas', namespace, path, signal };
  try {
    const { items } = await readAs(connection, request, quotas);
    // A quota with a scope is for some pods only, and which is not ours to tell.
    const plain = items.filter(({ spec }) => !spec.scopes?.length && !spec.scopeSelector);
    return plain.map(({ metadata, status }) => ({ name: metadata.name, ...status }));
  } catch (error) {
    if (error instanceof KubeError && error.status === 403) return [];
    throw error;
  }
}
