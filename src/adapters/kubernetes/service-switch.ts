import { z } from 'zod';
import { note } from '../../domain/note.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { ApplyContext, Observation, Settlement } from '../../ports/executor.ts';
import { acceptedOwners } from '../../ports/owner-choice.ts';
import type { Connection } from './connect.ts';
import { moved, unlessGone } from './kube-error.ts';
import { guardedWrite, settleBy } from './object-executor.ts';
import { ownersOf, refuseOwners } from './owners.ts';
import {
  endpointsOf,
  patchSelector,
  readService,
  type Selector,
  type Service,
  selectedPods,
  serviceFields,
  serviceObject,
} from './service.ts';
import { labelKey, labelValue } from './service-input.ts';
import { hashOf } from './template.ts';

const selector = z.record(labelKey, labelValue);

/** What an operation on a Service's selector says. */
export const switchBody = z.strictObject({
  ...serviceFields,
  ...acceptedOwners,
  uid: z.string().regex(/^[\w-]{1,64}$/),
  before: selector,
  after: selector,
  /** So many pods of the new selector must be ready; 0 where the state before had none either. */
  minReady: z.number().int().min(0),
});

/** A switch of a Service from some pods to others. */
export type Switch = z.infer<typeof switchBody>;

/** How long the endpoints may take to follow, in ms. */
const limitMs = 60_000;

const same = (one: Selector, other: Selector) => hashOf(one) === hashOf(other);

/** A selector as people write it, e.g. `app=shop,color=blue`. */
export function inWords(labels: Selector): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return pairs.sort().join(',');
}

/** Hash of what is written and was judged: identity, owners, kind and selector; never which pods are ready. */
export function switchFingerprint(service: Service): string {
  const { metadata, spec } = service;
  return hashOf({ uid: metadata.uid, owners: ownersOf(service), type: spec.type, selector: spec.selector });
}

/** What is there now, seen against a switch: in progress while endpoints still lead to other pods. Throws `KubeError`. */
export async function observeSwitch(connection: Connection, change: Switch, signal: AbortSignal): Promise<Observation> {
  const object = serviceObject(change);
  const service = await unlessGone(readService(connection, change, signal));
  if (!service) return { state: 'unknown', fingerprint: hashOf('gone'), note: note('object-gone', { object }) };
  const fingerprint = switchFingerprint(service);
  const facts = { object, to: inWords(change.after) };
  if (service.metadata.uid !== change.uid || !same(service.spec.selector, change.after))
    return { state: 'not-applied', fingerprint, note: note('service-leads-elsewhere', facts) };
  const { ready, foreign } = await endpointsNow(connection, change, service, signal);
  const state = foreign === 0 ? 'applied' : 'in-progress';
  return { state, fingerprint, note: note('service-leads-to', { ...facts, ready, foreign }) };
}

/** How many endpoints lead to ready pods of the new selector, and how many still lead elsewhere. */
async function endpointsNow(connection: Connection, change: Switch, service: Service, signal: AbortSignal) {
  const endpoints = await endpointsOf(connection, change, signal);
  const pods = await selectedPods(connection, change, service, change.after, signal);
  const own = new Set(pods.map(({ uid }) => uid));
  const ready = endpoints.filter(endpoint => endpoint.ready && own.has(endpoint.pod)).length;
  return { ready, foreign: endpoints.filter(endpoint => !own.has(endpoint.pod)).length };
}

/** Switches; a second time finds it switched. Refuses where the Service moved, or where too few pods are ready to take over. */
export async function applySwitch(connection: Connection, change: Switch, { signal }: ApplyContext): Promise<void> {
  const write = async (service: Service) => {
    const known = service.metadata.uid === change.uid;
    if (known && same(service.spec.selector, change.after)) return;
    if (!known || !same(service.spec.selector, change.before)) throw moved(serviceObject(change));
    refuseOwners(serviceObject(change), change, service);
    await demandReady(connection, change, service, signal);
    await patchSelector(connection, change, service, change.after, { dryRun: false, signal });
  };
  await guardedWrite(() => readService(connection, change, signal), write, signal);
}

/** Refuses to lead users where nobody answers; tells how many pods are ready. Throws `KubeError`. */
export async function demandReady(
  connection: Connection,
  change: Pick<Switch, 'namespace' | 'service' | 'context' | 'kubeconfig' | 'after' | 'minReady'>,
  service: Service,
  signal: AbortSignal,
): Promise<number> {
  const pods = await selectedPods(connection, change, service, change.after, signal);
  const ready = pods.filter(pod => pod.ready).length;
  if (ready >= change.minReady) return ready;
  const object = serviceObject(change);
  const counts = { ready, pods: pods.length, wanted: change.minReady };
  const labels = inWords(change.after);
  throw new Refusal(reason('plan-failed', { object, why: 'pods-not-ready', labels, ...counts }));
}

/** Waits until the endpoints are those of the new pods alone. */
export function settleSwitch(
  connection: Connection,
  change: Switch,
  context: ApplyContext,
  clock: { now(): number },
): Promise<Settlement> {
  const object = serviceObject(change);
  const to = inWords(change.after);
  let served = false;
  const look = async (): Promise<Settlement | null> => {
    const service = await readService(connection, change, context.signal);
    const lost = service.metadata.uid !== change.uid || !same(service.spec.selector, change.after);
    if (lost) return { state: 'failed', reason: reason('target-changed', { object }), served };
    const { ready, foreign } = await endpointsNow(connection, change, service, context.signal);
    served ||= ready > 0;
    const told = note('service-leads-to', { object, to, ready, foreign });
    if (foreign === 0 && ready >= change.minReady) return { state: 'settled', note: told, served };
    context.progress(told);
    return null;
  };
  const facts = { object, cause: 'other-endpoints', to, ms: limitMs };
  const overdue = (): Settlement => ({ state: 'failed', reason: reason('not-settled', facts), served });
  return settleBy(object, look, overdue, { context, clock, limitMs });
}
