import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** One change that the target took. */
export interface Effect {
  readonly at: number;
  readonly object: string;
  readonly value: string;
  readonly fence: number;
  /** The operation's idempotency key, `<run>/<phase>/<index>`. */
  readonly key: string;
}

/** What one object of the target shows. */
export interface ObjectState {
  readonly value: string;
  readonly fence: number;
  /** A change that was asked for and has not happened yet. */
  readonly pending: string | null;
  /** Set where the object does not come to rest at this value, with whether any instance served. */
  readonly broken: { readonly at: string; readonly served: boolean } | null;
  /** Whether reads of it fail. */
  readonly hidden: boolean;
}

interface Mutable {
  value: string;
  fence: number;
  pending: string | null;
  broken: { at: string; served: boolean } | null;
  hidden: boolean;
}

/** A target that counts: it holds named values, refuses writers whose fence or precondition is stale, and remembers every change it took. */
export interface CountingTarget {
  readonly url: string;
  readonly effects: readonly Effect[];
  /** Writes that it refused because of their fence. */
  readonly refused: () => number;
  object(name: string): ObjectState;
  /** Changes an object behind the engine's back. */
  set(name: string, change: Partial<ObjectState>): void;
  close(): Promise<void>;
}

/** Starts a counting target on loopback; every object begins as `bad`. With a file, each effect is appended to it as it happens. */
export async function startTarget(file?: string): Promise<CountingTarget> {
  const objects = new Map<string, Mutable>();
  const effects: Effect[] = [];
  let refused = 0;
  const of = (name: string): Mutable => {
    const known = objects.get(name);
    if (known) return known;
    const fresh: Mutable = { value: 'bad', fence: 0, pending: null, broken: null, hidden: false };
    objects.set(name, fresh);
    return fresh;
  };
  const take = (effect: Effect) => {
    const object = of(effect.object);
    object.pending = null;
    if (effect.fence < object.fence) {
      refused += 1;
      return;
    }
    object.value = effect.value;
    effects.push(effect);
    if (file) appendFileSync(file, `${JSON.stringify(effect)}\n`);
  };
  const change = (body: Ask): { status: number; answer: object } => {
    const object = of(body.object);
    if (body.fence < object.fence) {
      refused += 1;
      return { status: 409, answer: { why: 'fenced' } };
    }
    if (body.raise) object.fence = body.fence;
    else if (body.from !== null && object.value !== body.from) return { status: 412, answer: { why: object.value } };
    else {
      const effect: Effect = { at: Date.now(), object: body.object, value: body.to, fence: body.fence, key: body.key };
      if (body.slowMs > 0) {
        object.pending = body.to;
        setTimeout(() => take({ ...effect, at: Date.now() }), body.slowMs);
      } else take(effect);
    }
    return { status: 200, answer: object };
  };
  const server = createServer((request, response) => {
    void answer(request, response, of, change);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return {
    url: `http://127.0.0.1:${address.port}`,
    effects,
    refused: () => refused,
    object: name => ({ ...of(name) }),
    set: (name, partial) => void Object.assign(of(name), partial),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** What a writer sends. */
export interface Ask {
  readonly object: string;
  readonly from: string | null;
  readonly to: string;
  readonly fence: number;
  readonly key: string;
  readonly slowMs: number;
  /** Only raises the fence. */
  readonly raise: boolean;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  of: (name: string) => ObjectState,
  change: (body: Ask) => { status: number; answer: object },
): Promise<void> {
  const name = new URL(request.url ?? '/', 'http://target').searchParams.get('object') ?? '';
  let found: { status: number; answer: object };
  if (request.method === 'GET') found = { status: of(name).hidden ? 503 : 200, answer: of(name) };
  else {
    let text = '';
    for await (const part of request) text += part;
    found = change(JSON.parse(text) as Ask);
  }
  response.writeHead(found.status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(found.answer));
}
