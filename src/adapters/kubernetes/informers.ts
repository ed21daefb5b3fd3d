import type { Following } from '../../ports/release-source.ts';
import type { Connect, Connection, KubeRequest } from './connect.ts';
import { createHeldObjects, listOf } from './held-objects.ts';
import { type Informer, type InformerTimes, type Scope, startInformer } from './informer.ts';
import { type InformedKind, informedKinds } from './informer-kinds.ts';
import type { Place } from './input.ts';
import { KubeError } from './kube-error.ts';

const minuteMs = 60_000;
const usualTimes: InformerTimes = {
  silenceMs: 150_000,
  leastAgainMs: 250,
  mostAgainMs: 30_000,
  refusedMs: 10 * minuteMs,
  idleMs: 5 * minuteMs,
  patienceMs: 3_000,
  watchMs: 5 * minuteMs,
};

/** Each object that is watched on its own takes a connection; the ones above this count are read each time. */
const mostSingle = 100;

/** Opens a connection whose reads of what is watched are answered from what was heard; all else goes to the server. */
export type OpenInformed = (place: Place, following: Following) => Promise<Connection>;

/**
 * One informer for each cluster, kind and namespace, shared by all who ask and begun by the first. Where a watch may not be had or is away,
 * reads go to the server as if there were none.
 */
export function createInformers(connect: Connect, times: InformerTimes = usualTimes): OpenInformed {
  const informers = new Map<string, Informer>();
  let singles = 0;
  const informerOf = ({ scope, kind }: Question, place: Place, until: AbortSignal): Informer | null => {
    const { context, kubeconfig } = place;
    const key = JSON.stringify([kubeconfig, context, scope.path, scope.only]);
    const known = informers.get(key);
    if (known || until.aborted) return known ?? null;
    const single = scope.only === null ? 0 : 1;
    if (single > 0 && singles >= mostSingle) return null;
    const open = () => connect({ context, kubeconfig });
    const informer = startInformer({ open, objects: createHeldObjects(kind), times, ended: until }, scope);
    singles += single;
    informers.set(key, informer);
    void informer.over.then(() => {
      singles -= single;
      informers.delete(key);
    });
    return informer;
  };
  return async (place, { until, heard }) => {
    const connection = await connect(place);
    return {
      ...connection,
      read: async request => {
        const asked = questionOf(request);
        const informer = asked && informerOf(asked, place, until);
        if (!informer) return connection.read(request);
        return answer(connection, request, asked, informer, heard);
      },
    };
  };
}

/** A read that an informer could answer: an object by its name, or a list by labels. */
interface Question {
  readonly kind: InformedKind;
  readonly scope: Scope;
  readonly name: string | null;
  readonly labels: readonly (readonly [string, string])[];
}

function questionOf({ verb, resource, namespace, path }: KubeRequest): Question | null {
  const kind = informedKinds[resource];
  const collection = kind?.path(namespace);
  if (!kind || !collection || !path.startsWith(collection)) return null;
  const rest = path.slice(collection.length);
  const name = verb === 'get' ? /^\/([^/?]+)$/.exec(rest)?.[1] : undefined;
  const only = kind.how === 'single' ? (name ?? null) : null;
  const question = { kind, scope: { path: collection, resource, namespace, only }, name: name ?? null, labels: [] };
  if (name !== undefined) return question;
  if (verb !== 'list' || kind.how !== 'all') return null;
  if (rest === '') return question;
  const [, said] = /^\?labelSelector=([^&]+)$/.exec(rest) ?? [];
  const pairs = said === undefined ? [] : decodeURIComponent(said).split(',').map(pairOf);
  const plain = pairs.length > 0 && pairs.every(pair => pair !== null);
  return plain ? { ...question, labels: pairs } : null;
}

function pairOf(text: string): readonly [string, string] | null {
  const [, key, value] = /^([^=!<>\s()]+)=([^=!<>\s()]*)$/.exec(text) ?? [];
  return key === undefined || value === undefined ? null : [key, value];
}

async function answer(
  connection: Connection,
  request: KubeRequest,
  { name, labels }: Question,
  informer: Informer,
  heard: () => void,
): Promise<unknown> {
  const { objects } = informer;
  if (name !== null) objects.hearOf(name, heard);
  if (!(await informer.trusted(request.signal))) return connection.read(request);
  request.signal.throwIfAborted();
  if (name === null) {
    const items = objects.list(labels);
    return items ? listOf(items) : connection.read(request);
  }
  const held = objects.get(name);
  if (held === 'gone') throw new KubeError(request, 404, `${request.resource} "${name}" not found`);
  if (held !== null) return held;
  const now = await connection.read(request);
  objects.keep(name, now);
  return now;
}
