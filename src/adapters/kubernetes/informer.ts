import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Connection } from './connect.ts';
import type { HeldObject, HeldObjects } from './held-objects.ts';
import { createLineReader } from './informer-lines.ts';
import { type Asked, KubeError } from './kube-error.ts';
import { read } from './objects.ts';
import type { KubeRequest } from './transfer.ts';
import { createTrust, type Trust } from './trust.ts';

/** What one informer watches: a namespace's objects of a kind, or one of them where the others are not ours to see. */
export interface Scope extends Pick<Asked, 'resource' | 'namespace'> {
  readonly path: string;
  readonly only: string | null;
}

/** How long an informer waits for what, in ms. */
export interface InformerTimes {
  /** A watch that says nothing for so long is taken for dead: the API server sends a bookmark each minute. */
  readonly silenceMs: number;
  /** Waits after the first trouble and at most. */
  readonly leastAgainMs: number;
  readonly mostAgainMs: number;
  /** Wait where the right is missing. */
  readonly refusedMs: number;
  /** An informer that nobody asked for so long ends. */
  readonly idleMs: number;
  /** How long somebody who asks waits for a watch that is being opened. */
  readonly patienceMs: number;
  /** How long one watch lasts at most. */
  readonly watchMs: number;
}

/** What an informer works with. */
export interface InformerDeps {
  /** The connection as it is now: one that failed is given up for another. */
  readonly open: () => Promise<Connection>;
  readonly objects: HeldObjects;
  readonly times: InformerTimes;
  readonly ended: AbortSignal;
}

/** Holds what a scope contains, as its watch tells it. */
export interface Informer {
  readonly objects: HeldObjects;
  /** Whether what is held is what the server holds; waits a moment where that is being found out. */
  trusted(signal: AbortSignal): Promise<boolean>;
  /** Over once nobody asks any more. */
  readonly over: Promise<void>;
}

/** What came of a watch: it ended in order, it failed, or it is not ours. */
type Turn = 'again' | 'failed' | 'refused';

/** A watch that ended sooner is no success, in ms. */
const shortLifeMs = 1_000;
/** How many objects one answer may hold: what is read at once is in memory at once. */
const pageSize = 200;

interface Work extends InformerDeps {
  readonly scope: Scope;
  readonly trust: Trust;
  /** Up to which version of the collection has been heard; null where it has to be listed anew. */
  version: string | null;
  /** Whether it was ours to see before: an API server that has just begun refuses what it cannot judge yet. */
  allowed: boolean;
}

/** Lists a scope and watches it on from there until nobody asks any more: over cuts, expired versions and restarts of the server. */
export function startInformer(deps: InformerDeps, scope: Scope): Informer {
  const work: Work = { ...deps, scope, trust: createTrust(), version: null, allowed: false };
  let asked = Date.now();
  const wanted = () => !deps.ended.aborted && Date.now() - asked < deps.times.idleMs;
  return {
    objects: deps.objects,
    trusted: async signal => {
      asked = Date.now();
      return !deps.ended.aborted && work.trust.given(deps.times.patienceMs, signal);
    },
    over: keepWatching(work, wanted),
  };
}

async function keepWatching(work: Work, wanted: () => boolean): Promise<void> {
  const { times, trust, ended, objects } = work;
  for (let failures = 0; wanted(); ) {
    const turn = await takeTurn(work);
    failures = turn === 'failed' ? failures + 1 : 0;
    trust.enter(turn === 'again' && wanted() ? 'opening' : 'away');
    if (turn === 'again') continue;
    const again = Math.min(times.mostAgainMs, times.leastAgainMs * 2 ** Math.min(failures - 1, 10));
    const wait = turn === 'refused' ? times.refusedMs : again * (0.75 + Math.random() / 2);
    await delay(wait, undefined, { signal: ended, ref: false }).catch(() => undefined);
  }
  trust.enter('away');
  objects.clear();
}

async function takeTurn(work: Work): Promise<Turn> {
  try {
    const connection = await work.open();
    if (work.version === null) await begin(work, connection);
    return refusedOrFailed(work, await watch(work, connection));
  } catch (error) {
    const refused = error instanceof KubeError && [403, 404, 405].includes(error.status);
    return refusedOrFailed(work, refused ? 'refused' : 'failed');
  }
}

function refusedOrFailed(work: Work, turn: Turn): Turn {
  if (turn !== 'refused') return turn;
  forget(work);
  return work.allowed ? 'failed' : 'refused';
}

function forget(work: Work): void {
  work.version = null;
  work.objects.clear();
}

/** Where one object alone may be watched the server tells it at the watch's beginning. */
async function begin(work: Work, connection: Connection): Promise<void> {
  if (work.scope.only === null) await listAll(work, connection);
  else work.objects.clear();
}

const pageSchema = z.object({
  metadata: z.object({ resourceVersion: z.string(), continue: z.string().nullish() }),
  items: z.array(z.unknown()),
});

async function listAll(work: Work, connection: Connection): Promise<void> {
  const { scope, objects, ended: signal } = work;
  const { resource, namespace } = scope;
  const all: HeldObject[] = [];
  let next = '';
  let version = '';
  do {
    const path = `${scope.path}?limit=${pageSize}${next && `&continue=${encodeURIComponent(next)}`}`;
    const request: KubeRequest = { verb: 'list', resource, namespace, path, signal };
    const page = read(pageSchema, request, await connection.send(request));
    for (const item of page.items) all.push(objects.cut(item));
    next = page.metadata.continue ?? '';
    version = page.metadata.resourceVersion;
  } while (next);
  objects.replace(all);
  work.version = version;
  work.allowed = true;
}

const eventSchema = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: z.looseObject({ metadata: z.looseObject({ resourceVersion: z.string().default('') }).prefault({}) }),
});

/** Takes what a line of a watch tells; throws where the watch can tell nothing more. */
function hear({ objects, trust }: Work, line: string): string {
  const { type, object } = eventSchema.parse(JSON.parse(line));
  if (type === 'ERROR') throw new Error('the watch has failed');
  if (type === 'DELETED') objects.remove(object);
  else if (type !== 'BOOKMARK') objects.put(object);
  trust.enter('given');
  return object.metadata.resourceVersion;
}

function watchRequest({ scope, version, times, ended }: Work, cut: AbortSignal): KubeRequest {
  const { resource, namespace, only, path } = scope;
  const seconds = Math.ceil((times.watchMs / 1000) * (0.75 + Math.random() / 2));
  const query = new URLSearchParams({ watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: String(seconds) });
  if (version !== null) query.set('resourceVersion', version);
  if (only !== null) query.set('fieldSelector', `metadata.name=${only}`);
  const limitMs = (seconds + 30) * 1000;
  const signal = AbortSignal.any([ended, cut]);
  return { verb: 'watch', resource, namespace, path: `${path}?${query}`, limitMs, signal };
}

async function watch(work: Work, connection: Connection): Promise<Turn> {
  const cut = new AbortController();
  const silence = setTimeout(() => cut.abort(), work.times.silenceMs).unref();
  const spoiled = (): void => {
    if (cut.signal.aborted) return;
    work.version = null;
    cut.abort();
  };
  const lines = createLineReader(line => {
    if (cut.signal.aborted) return;
    try {
      work.version = hear(work, line) || work.version;
    } catch {
      spoiled();
    }
  });
  let openedAt = Number.POSITIVE_INFINITY;
  const begun = work.version !== null;
  const status = await connection.follow(watchRequest(work, cut.signal), {
    opened: () => {
      openedAt = performance.now();
      work.allowed = true;
      // A single object that is not there is told by the first bookmark only.
      work.trust.enter(begun ? 'given' : 'away');
    },
    hear: piece => {
      silence.refresh();
      if (!lines(piece)) spoiled();
    },
  });
  clearTimeout(silence);
  if (status === 401 || status === 410 || status === 400) work.version = null;
  if (status === 403 || status === 404 || status === 405) return 'refused';
  return performance.now() - openedAt >= shortLifeMs ? 'again' : 'failed';
}
