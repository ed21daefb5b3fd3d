import type { Connection, Hearer, KubeRequest } from '../../../src/adapters/kubernetes/connect.ts';
import { KubeError } from '../../../src/adapters/kubernetes/kube-error.ts';

/** An object of the scripted server. */
export interface ScriptedObject {
  readonly metadata: {
    readonly name: string;
    readonly resourceVersion: string;
    readonly labels: Record<string, string>;
  };
  readonly data: Readonly<Record<string, string>>;
}

interface Change {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: ScriptedObject;
}

interface Watcher {
  readonly only: string | null;
  send(event: object): void;
  end(): void;
}

/** One collection of an API server, by the rules of its list and watch: versions, pages, bookmarks, a history that is forgotten. */
export function scriptedApi() {
  const objects = new Map<string, ScriptedObject>();
  const watchers = new Set<Watcher>();
  const seen: string[] = [];
  let history: Change[] = [];
  let version = 1;
  let oldest = 0;
  let refused: number | null = null;
  const meets = (only: string | null, { object }: Change) => only === null || only === object.metadata.name;
  const change = (type: Change['type'], name: string, object: ScriptedObject): void => {
    const made = { version, type, object };
    if (type === 'DELETED') objects.delete(name);
    else objects.set(name, object);
    history.push(made);
    for (const watcher of watchers) if (meets(watcher.only, made)) watcher.send({ type, object });
  };
  const put = (name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}): void => {
    version += 1;
    const object = { metadata: { name, resourceVersion: String(version), labels }, data };
    change(objects.has(name) ? 'MODIFIED' : 'ADDED', name, object);
  };
  const list = ({ searchParams }: URL): unknown => {
    const all = [...objects.keys()].sort().map(name => objects.get(name));
    const from = Number(searchParams.get('continue') ?? 0);
    // Small pages, so that each list takes several.
    const to = searchParams.has('limit') ? from + 2 : all.length;
    const more = to < all.length ? { continue: String(to) } : {};
    const labels = searchParams.get('labelSelector')?.split('=');
    const meant = all.slice(from, to).filter(one => !labels || one?.metadata.labels[labels[0] ?? ''] === labels[1]);
    return { metadata: { resourceVersion: String(version), ...more }, items: meant };
  };
  const ask = async (request: KubeRequest): Promise<unknown> => {
    const url = new URL(request.path, 'http://api');
    seen.push(`${request.verb} ${request.path}`);
    if (refused !== null && request.verb !== 'get') throw new KubeError(request, refused, 'refused');
    if (request.verb === 'list') return list(url);
    const found = objects.get(url.pathname.split('/').at(-1) ?? '');
    if (!found) throw new KubeError(request, 404, 'not found');
    return found;
  };
  const follow = ({ path, signal }: KubeRequest, { opened, hear }: Hearer): Promise<number> => {
    const { searchParams } = new URL(path, 'http://api');
    seen.push(`watch ${path}`);
    if (refused !== null) return Promise.resolve(refused);
    const from = searchParams.get('resourceVersion');
    const only = searchParams.get('fieldSelector')?.replace('metadata.name=', '') ?? null;
    return new Promise(resolve => {
      const end = () => {
        watchers.delete(watcher);
        resolve(200);
      };
      const send = (event: object) => {
        const line = Buffer.from(`${JSON.stringify(event)}\n`);
        // An event comes in pieces as well.
        const half = Math.floor(line.length / 2);
        hear(line.subarray(0, half));
        hear(line.subarray(half));
      };
      const watcher: Watcher = { only, send, end };
      if (signal.aborted) return resolve(0);
      opened?.();
      if (from !== null && Number(from) < oldest) {
        send({ type: 'ERROR', object: { kind: 'Status', code: 410 } });
        return resolve(200);
      }
      watchers.add(watcher);
      signal.addEventListener('abort', end, { once: true });
      const present = [...objects.values()].map(object => ({ version, type: 'ADDED' as const, object }));
      const backlog = from === null ? present : history.filter(one => one.version > Number(from));
      for (const one of backlog) if (meets(only, one)) send({ type: one.type, object: one.object });
    });
  };
  const never = () => Promise.reject(new Error('not asked here'));
  const connection: Connection = { send: ask, read: ask, follow, ask: never, upgrade: never };
  return {
    connection,
    seen,
    put,
    remove: (name: string): void => {
      const object = objects.get(name);
      if (!object) return;
      version += 1;
      const { metadata, data } = object;
      change('DELETED', name, { metadata: { ...metadata, resourceVersion: String(version) }, data });
    },
    /** The watches there are end; what is told meanwhile, they have not heard. */
    cut: (): void => {
      for (const watcher of [...watchers]) watcher.end();
    },
    /** Whoever comes with a version of before now is sent away. */
    forget: (): void => {
      oldest = version;
      history = [];
    },
    bookmark: (): void => {
      for (const { send } of watchers)
        send({ type: 'BOOKMARK', object: { metadata: { resourceVersion: String(version) } } });
    },
    /** Something that is no event of a watch. */
    garble: (): void => {
      for (const { send } of [...watchers]) send({ type: 'NONSENSE' });
    },
    refuse: (status: number | null): void => {
      refused = status;
    },
    watching: () => watchers.size,
    all: () => [...objects.keys()].sort().map(name => objects.get(name)),
  };
}
