import { z } from 'zod';
import type { Connection } from './connect.ts';
import type { Look, Moment } from './failing.ts';
import { countOf } from './judged.ts';
import { KubeError } from './kube-error.ts';
import { pathOf, readAs } from './objects.ts';
import { timeOf } from './rollout.ts';

/** Why no pods are made, and whether that counts at once. */
export interface Refusing {
  readonly message: string;
  readonly atOnce: boolean;
}

/**
 * What keeps the controller from making pods (quota, admission); null where nothing does. A Deployment's controller says it in a
 * condition, the others in events alone, which we may not be allowed to read. What was said before the patch is never final, nor is a
 * quota that the rollout itself sets free by ending old pods.
 */
export async function refusedPods(look: Look, { patchedAt }: Moment): Promise<Refusing | null> {
  const { workload } = look.world;
  const said = workload.kind === 'Deployment' ? conditionOf(look) : await eventOf(look, patchedAt);
  if (!said) return null;
  const fresh = patchedAt > 0 && said.at >= patchedAt;
  return { message: said.message, atOnce: fresh && !(/exceeded quota/i.test(said.message) && setsFree(look)) };
}

function conditionOf({ world, revision }: Look): { message: string; at: number } | null {
  const own = revision?.conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  const all = world.workload.status.conditions.find(
    ({ type, status }) => type === 'ReplicaFailure' && status === 'True',
  );
  const found = own ?? all;
  if (!found) return null;
  // Only the new ReplicaSet's own word can be told apart from what the failed rollout left behind.
  return { message: found.message ?? found.reason ?? 'pods are refused', at: own ? timeOf(own.lastTransitionTime) : 0 };
}

function setsFree({ world: { workload }, all, pods }: Look): boolean {
  const { strategy, replicas } = workload.spec;
  const ending = all.some(pod => pod.metadata.deletionTimestamp);
  const old = all.length > pods.length;
  return ending || (old && (strategy.how !== 'rolling' || countOf(strategy.maxUnavailable, replicas) > 0));
}

const events = z.object({
  items: z.array(
    z.object({
      reason: z.string().nullish(),
      message: z.string().nullish(),
      lastTimestamp: z.string().nullish(),
      eventTime: z.string().nullish(),
    }),
  ),
});

async function eventOf(look: Look, patchedAt: number): Promise<{ message: string; at: number } | null> {
  const { connection, change, signal, all } = look;
  const { metadata, spec, kind } = look.world.workload;
  // Events outlive what they tell of: they are asked only while pods are missing.
  if (all.filter(pod => !pod.metadata.deletionTimestamp).length >= spec.replicas) return null;
  const selector = `involvedObject.kind=${kind},involvedObject.uid=${metadata.uid},reason=FailedCreate`;
  const { namespace } = change;
  const path = `${pathOf('api/v1', namespace, 'events')}?fieldSelector=${encodeURIComponent(selector)}`;
  const request = { verb: 'list', resource: 'events', namespace, path, signal };
  const { items } = await list(connection, request);
  const told = items.map(item => ({ message: item.message ?? '', at: timeOf(item.lastTimestamp ?? item.eventTime) }));
  return told.filter(({ at }) => at >= patchedAt).sort((a, b) => b.at - a.at)[0] ?? null;
}

async function list(
  connection: Connection,
  request: Parameters<Connection['read']>[0],
): Promise<z.infer<typeof events>> {
  try {
    return await readAs(connection, request, events);
  } catch (error) {
    if (error instanceof KubeError && error.status === 403) return { items: [] };
    throw error;
  }
}
