import { type Note, note } from '../../domain/note.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import { argoApi } from './argo.ts';
import type { Connection } from './connect.ts';
import { driverOf, flaggerApi } from './drivers.ts';
import { KubeError } from './kube-error.ts';
import { type Live, liveObject, type ObjectPlace, readLive } from './live-object.ts';
import { ownersOf } from './owners.ts';
import type { SplitterKind } from './traffic-input.ts';

const places: Readonly<Record<SplitterKind, Pick<ObjectPlace, 'api' | 'plural'>>> = {
  Rollout: { api: argoApi, plural: 'rollouts' },
  Canary: { api: flaggerApi, plural: 'canaries' },
  HTTPRoute: { api: 'apis/gateway.networking.k8s.io/v1', plural: 'httproutes' },
  Ingress: { api: 'apis/networking.k8s.io/v1', plural: 'ingresses' },
};

/** What splits the traffic, as it was found. */
export interface Found {
  readonly kind: SplitterKind;
  readonly place: ObjectPlace;
  readonly live: Live;
}

interface Wanted extends Pick<ObjectPlace, 'namespace' | 'context' | 'kubeconfig' | 'name'> {
  readonly kind: SplitterKind | null;
}

const placeOf = ({ namespace, context, kubeconfig }: Wanted, kind: SplitterKind, name: string): ObjectPlace => ({
  namespace,
  context,
  kubeconfig,
  ...places[kind],
  kind,
  name,
});

/**
 * Finds out what of this name splits the traffic. What a Rollout or Canary owns, or leads traffic by, is never the answer: that Rollout or
 * Canary is. Throws `KubeError`, and a refusal where there is none or more than one.
 */
export async function findSplitter(
  connection: Connection,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Found & { readonly notes: readonly Note[] }> {
  const kinds = wanted.kind ? [wanted.kind] : (Object.keys(places) as SplitterKind[]);
  const seen = await Promise.all(kinds.map(kind => look(connection, wanted, kind, wanted.name, signal)));
  const there = seen.filter((one): one is Found => one !== null && !(one instanceof KubeError));
  const all = await Promise.all(there.map(one => followed(connection, wanted, one, signal)));
  const distinct = all.filter((one, at) => all.findIndex(other => nameOf(other) === nameOf(one)) === at);
  const [found, second] = distinct;
  const words = `${wanted.namespace}/${wanted.name}`;
  if (!found) {
    const forbidden = seen.find(one => one instanceof KubeError);
    if (forbidden) throw forbidden;
    throw new Refusal(reason('plan-failed', { object: words, why: 'gone', kinds }));
  }
  if (second) {
    throw new Refusal(reason('plan-failed', { object: words, why: 'ambiguous', names: distinct.map(nameOf) }));
  }
  const asked = there.map(nameOf);
  const notes = asked.includes(nameOf(found))
    ? []
    : [note('traffic-by-owner', { object: asked, owner: nameOf(found) })];
  return { ...found, notes };
}

const nameOf = ({ place }: Found) => liveObject(place);

async function look(
  connection: Connection,
  wanted: Wanted,
  kind: SplitterKind,
  name: string,
  signal: AbortSignal,
): Promise<Found | KubeError | null> {
  const place = placeOf(wanted, kind, name);
  try {
    const live = await readLive(connection, place, signal);
    return live && { kind, place, live };
  } catch (error) {
    if (error instanceof KubeError && error.status === 403) return error;
    throw error;
  }
}

/** The Rollout or Canary that an object belongs to or is led by, or the object itself. */
async function followed(connection: Connection, wanted: Wanted, found: Found, signal: AbortSignal): Promise<Found> {
  if (found.kind === 'Rollout' || found.kind === 'Canary') return found;
  const owner = ownersOf(found.live).map(name => name.split(' '));
  const owned = owner.find(([kind]) => kind === 'Rollout' || kind === 'Canary');
  const driver = owned ? undefined : await driverOf(connection, { ...wanted, ...found.place }, signal);
  const [kind, name] = owned ?? (driver ? [driver.kind, driver.name] : []);
  if ((kind !== 'Rollout' && kind !== 'Canary') || !name) return found;
  const there = await look(connection, wanted, kind, name, signal);
  if (there instanceof KubeError) throw there;
  return there ?? found;
}
