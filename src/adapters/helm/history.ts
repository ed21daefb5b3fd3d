import { z } from 'zod';
import { Refusal, Unanswered } from '../../domain/reason.ts';
import type { Cluster, ClusterAnswer, ClusterRequest } from '../../ports/cluster.ts';
import type { Place } from './input.ts';
import { type Payload, readPayload } from './payload.ts';
import { type Revision, revisionOf } from './revision.ts';

/** So many of the newest revisions are read; helm itself keeps 10 unless told otherwise. */
const longestHistory = 50;
/** Revisions asked for at the same time. */
const atOnce = 4;
/** Revisions kept in mind, over all releases. */
const knownLimit = 2_000;
/** A list without the Secrets' data. */
const metadataOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

const entrySchema = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
  }),
});
const secretSchema = entrySchema.extend({ data: z.record(z.string(), z.string()).default({}) });
/** The API server says null for an empty list. */
const listSchema = z.object({ items: z.array(entrySchema).nullish() });
type Entry = z.infer<typeof entrySchema>;

/** A revision's Secret with what it holds. */
export interface Stored {
  readonly revision: Revision;
  readonly payload: Payload;
  /** `data.release` as it is stored. */
  readonly data: string;
}

/** The revisions of a release, the newest first, and the numbers of those whose Secret holds nothing readable. */
export interface Revisions {
  readonly revisions: readonly Revision[];
  readonly unread: readonly number[];
}

/** Reads the books that helm keeps in Secrets. */
export interface History {
  /** The revisions of a release; those from the number `from` on only, where it is given. Throws `Refusal`. */
  read(cluster: Cluster, place: Place, signal: AbortSignal, from?: number): Promise<Revisions>;
  /** One revision whole; null where its Secret is gone or holds nothing readable. Throws `Refusal`. */
  open(cluster: Cluster, place: Place, number: number, signal: AbortSignal): Promise<Stored | null>;
}

/** Makes the reader; what a Secret holds is decoded once for each state of it. */
export function createHistory(): History {
  const known = new Map<string, Revision | null>();
  return {
    read: async (cluster, place, signal, from = 1) => {
      const entries = (await listEntries(cluster, place, signal)).filter(entry => numberOf(entry) >= from);
      const newest = entries.sort((a, b) => numberOf(b) - numberOf(a)).slice(0, longestHistory);
      const found: (Revision | null)[] = [];
      for (let at = 0; at < newest.length; at += atOnce) {
        const some = newest.slice(at, at + atOnce);
        found.push(...(await Promise.all(some.map(entry => lookUp(known, cluster, place, entry, signal)))));
      }
      return {
        revisions: found.filter(revision => revision !== null),
        unread: newest.filter((_, at) => found[at] === null).map(numberOf),
      };
    },
    open: (cluster, place, number, signal) => openRevision(cluster, place, nameOf(place, number), signal),
  };
}

/** The path of a release's Secret, as both Helms name it. */
export function secretPath({ namespace }: Pick<Place, 'namespace'>, name?: string): string {
  const collection = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`;
  return name === undefined ? collection : `${collection}/${encodeURIComponent(name)}`;
}

function nameOf({ release }: Place, number: number): string {
  return `sh.helm.release.v1.${release}.v${number}`;
}

function numberOf({ metadata }: Entry): number {
  const number = Number(/\.v(\d+)$/.exec(metadata.name)?.[1]);
  return Number.isSafeInteger(number) ? number : 0;
}

async function listEntries(cluster: Cluster, place: Place, signal: AbortSignal): Promise<Entry[]> {
  const selector = encodeURIComponent(`owner=helm,name=${place.release}`);
  const type = encodeURIComponent('type=helm.sh/release.v1');
  const path = `${secretPath(place)}?labelSelector=${selector}&fieldSelector=${type}`;
  const { namespace } = place;
  const request = { verb: 'list', resource: 'secrets', namespace, path, accept: metadataOnly, signal } as const;
  return bodyOf(listSchema, await cluster.ask(request)).items ?? [];
}

async function lookUp(
  known: Map<string, Revision | null>,
  cluster: Cluster,
  place: Place,
  { metadata }: Entry,
  signal: AbortSignal,
): Promise<Revision | null> {
  const key = `${metadata.uid} ${metadata.resourceVersion}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  const stored = await openRevision(cluster, place, metadata.name, signal);
  if (known.size >= knownLimit) known.clear();
  if (stored?.revision.secret.resourceVersion === metadata.resourceVersion) known.set(key, stored.revision);
  return stored?.revision ?? null;
}

async function openRevision(cluster: Cluster, place: Place, name: string, signal: AbortSignal): Promise<Stored | null> {
  const { namespace } = place;
  const request: ClusterRequest = {
    verb: 'get',
    resource: 'secrets',
    namespace,
    path: secretPath(place, name),
    signal,
  };
  const answer = await cluster.ask(request);
  if (!answer.ok && answer.status === 404) return null;
  const { metadata, data } = bodyOf(secretSchema, answer);
  const payload = readPayload(data.release ?? '');
  if (!payload) return null;
  const { uid, resourceVersion } = metadata;
  return {
    revision: revisionOf(payload, { name: metadata.name, uid, resourceVersion }),
    payload,
    data: data.release ?? '',
  };
}

/** The body of an answer. Throws what `refused` makes of one that is none. */
export function bodyOf<T>(schema: z.ZodType<T>, answer: ClusterAnswer): T {
  if (!answer.ok) throw refused(answer);
  return schema.parse(answer.body);
}

/** The API server's refusal, or `Unanswered` where it gave no answer or was in trouble. */
export function refused({ status, reason }: Extract<ClusterAnswer, { ok: false }>): Refusal {
  return status === 0 || status === 429 || status >= 500 ? new Unanswered(reason) : new Refusal(reason);
}
