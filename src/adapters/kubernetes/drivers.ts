import { z } from 'zod';
import type { Json } from '../../domain/json.ts';
import { type Note, note } from '../../domain/note.ts';
import { argoApi } from './argo.ts';
import type { Connection } from './connect.ts';
import { KubeError } from './kube-error.ts';
import { pathOf, rawObject, readAs } from './objects.ts';
import { ownedByOther } from './owners.ts';

/** Group and version of Flagger's kinds in paths. */
export const flaggerApi = 'apis/flagger.app/v1beta1';

/** A Rollout or Canary that acts on an object which it does not own. */
export interface Driver {
  readonly kind: 'Rollout' | 'Canary';
  readonly name: string;
  /** Whether it takes its pods from the object, or leads traffic by it. */
  readonly how: 'template' | 'traffic';
  /** What a Canary is doing; empty for a Rollout. */
  readonly phase: string;
}

const reference = z.object({ kind: z.string(), name: z.string() }).nullish();
const named = z.object({ name: z.string() });
const rolloutSchema = z.object({
  metadata: named,
  spec: z.object({
    workloadRef: reference,
    strategy: z.object({ canary: z.object({ trafficRouting: rawObject.nullish() }).nullish() }).nullish(),
  }),
});
const canarySchema = z.object({
  metadata: named,
  spec: z.object({ targetRef: reference, ingressRef: reference, routeRef: reference }),
  status: z.object({ phase: z.string().default('') }).prefault({}),
});

/** What stands under keys that speak of routes and Ingresses: each router of Argo Rollouts has its own words for them. */
function routesIn(value: Json | undefined, inside = false): string[] {
  if (typeof value === 'string') return inside ? [value] : [];
  if (Array.isArray(value)) return value.flatMap(one => routesIn(one, inside));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => routesIn(one, inside || /route|ingress/i.test(key)));
}

/** What is not served, and what we may not list, drives nothing as far as we know. */
async function listed<T>(
  connection: Connection,
  schema: z.ZodType<T>,
  place: { readonly api: string; readonly plural: string; readonly namespace: string },
  signal: AbortSignal,
): Promise<T[]> {
  const { api, plural, namespace } = place;
  const group = api.split('/')[1];
  const request = {
    verb: 'list',
    resource: `${plural}.${group}`,
    namespace,
    path: pathOf(api, namespace, plural),
    signal,
  };
  try {
    return (await readAs(connection, request, z.object({ items: z.array(schema) }))).items;
  } catch (error) {
    if (error instanceof KubeError && (error.status === 404 || error.status === 403)) return [];
    throw error;
  }
}

/** The Rollout or Canary that acts on an object of somebody else's; undefined where none is seen to. Throws `KubeError`. */
export async function driverOf(
  connection: Connection,
  { namespace, kind, name }: { readonly namespace: string; readonly kind: string; readonly name: string },
  signal: AbortSignal,
): Promise<Driver | undefined> {
  const [rollouts, canaries] = await Promise.all([
    listed(connection, rolloutSchema, { api: argoApi, plural: 'rollouts', namespace }, signal),
    listed(connection, canarySchema, { api: flaggerApi, plural: 'canaries', namespace }, signal),
  ]);
  const isIt = (found: z.infer<typeof reference>) => found?.kind === kind && found.name === name;
  const byRollout = rollouts.flatMap(({ metadata, spec }): Driver[] => {
    const shared = { kind: 'Rollout', name: metadata.name, phase: '' } as const;
    if (isIt(spec.workloadRef)) return [{ ...shared, how: 'template' }];
    const routes = routesIn(spec.strategy?.canary?.trafficRouting ?? {});
    const leads = (kind === 'HTTPRoute' || kind === 'Ingress') && routes.includes(name);
    return leads ? [{ ...shared, how: 'traffic' }] : [];
  });
  const byCanary = canaries.flatMap(({ metadata, spec, status }): Driver[] => {
    const shared = { kind: 'Canary', name: metadata.name, phase: status.phase } as const;
    if (isIt(spec.targetRef)) return [{ ...shared, how: 'template' }];
    return isIt(spec.ingressRef) || isIt(spec.routeRef) ? [{ ...shared, how: 'traffic' }] : [];
  });
  return [...byRollout, ...byCanary][0];
}

/** Phases in which Flagger judges nothing: a change of its target starts a new analysis, and the traffic stays where it is. */
const resting = new Set(['', 'Initialized', 'Succeeded', 'Failed']);

/**
 * Refuses a change of a template that a Rollout takes over or that a Canary is judging; tells of a Canary that will judge it. Throws
 * `KubeError`.
 */
export async function refuseDriven(
  connection: Connection,
  { kind, name, namespace }: { readonly namespace: string; readonly kind: string; readonly name: string },
  signal: AbortSignal,
): Promise<Note[]> {
  const driver = await driverOf(connection, { kind, name, namespace }, signal);
  if (!driver) return [];
  const object = `${kind.toLowerCase()} ${namespace}/${name}`;
  const owner = `${driver.kind} ${driver.name}`;
  if (driver.kind === 'Rollout' || !resting.has(driver.phase)) throw ownedByOther(object, [owner]);
  return [note('judged-by-canary', { object, canary: owner })];
}
