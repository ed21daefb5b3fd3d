import type { RequestOptions } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Place } from './input.ts';
import { isTransient, KubeError } from './kube-error.ts';
import { ownWords } from './kube-status.ts';
import { type KubeconfigDeps, type Loaded, loadKubeconfig, messageOf } from './kubeconfig.ts';
import {
  follow,
  type Hearer,
  type KubeAnswer,
  type KubeRequest,
  transfer,
  type Upgraded,
  upgrade,
} from './transfer.ts';

export type { Hearer, KubeRequest } from './transfer.ts';

/** Sends requests to one cluster and answers raw JSON, so that fields newer than any client survive. */
export interface Connection {
  /** Asks once. Throws `KubeError`. */
  send(request: KubeRequest): Promise<unknown>;
  /** Asks for reading: again, a few times, where that may help. Throws `KubeError`. */
  read(request: KubeRequest): Promise<unknown>;
  /** Asks once for something else than JSON of the API server's own and answers it whatever its status; throws `KubeError` where nothing comes, or our credentials are not accepted. */
  ask(request: KubeRequest): Promise<KubeAnswer>;
  /** Hears that something came of an answer that goes on, until it ends, the signal is aborted or its time is over; answers its status, 0 where there was none. */
  follow(request: KubeRequest, hearer: Hearer): Promise<number>;
  /** Opens a WebSocket with this subprotocol. Throws `KubeError`. */
  upgrade(request: KubeRequest, protocol: string): Promise<Upgraded>;
}

/** Opens connections, one for each kubeconfig and context. */
export type Connect = (place: Pick<Place, 'context' | 'kubeconfig'>) => Promise<Connection>;

/** Waits before the second and later tries of a read, in ms. */
const patience = [200, 800, 2_000];

/** Makes the opener; Kubernetes' own client, which reads every form of kubeconfig, is loaded at the first connection. */
export function createConnect(deps: KubeconfigDeps): Connect {
  const opened = new Map<string, Promise<Connection>>();
  return place => {
    const key = JSON.stringify([place.kubeconfig, place.context]);
    const known = opened.get(key);
    if (known) return known;
    const load = () => loadKubeconfig(place, deps);
    const opening = load().then(loaded => connectionOf(loaded, load, () => opened.delete(key)));
    opened.set(key, opening);
    opening.catch(() => opened.delete(key));
    return opening;
  };
}

function connectionOf(first: Loaded, load: () => Promise<Loaded>, forget: () => void): Connection {
  let held = first;
  // Credentials that others renew are read again when they are over or refused; a refused request has had no effect.
  const renewing = async <T>(call: (config: KubeConfig) => Promise<T>): Promise<T> => {
    if (held.expires() <= Date.now()) held = await load();
    try {
      return await call(held.config);
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 401 || !held.renews) throw error;
      held = await load();
      return call(held.config);
    }
  };
  const forgetting = async <T>(call: (config: KubeConfig) => Promise<T>): Promise<T> => {
    try {
      return await renewing(call);
    } catch (error) {
      if (error instanceof KubeError && (error.status === 401 || error.status === 0)) forget();
      throw error;
    }
  };
  const send = (request: KubeRequest) => forgetting(config => exchange(config, request));
  const read = async (request: KubeRequest): Promise<unknown> => {
    for (const wait of patience) {
      try {
        return await send(request);
      } catch (error) {
        if (!isTransient(error)) throw error;
        await delay(Math.min(error.retryAfterMs ?? wait, 5_000), undefined, { signal: request.signal });
      }
    }
    return send(request);
  };
  return {
    send,
    read,
    ask: request =>
      forgetting(async config => {
        const answer = await transfer(config, request, await optionsFor(config, request));
        // One of what stands behind the API server's proxy is an answer like others.
        if (answer.status === 401 && ownWords(answer) !== null) throw errorOf(request, answer);
        return answer;
      }),
    follow: (request, hearer) =>
      renewing(async config => {
        const status = await follow(config, request, await optionsFor(config, request), hearer);
        if (status === 401) throw new KubeError(request, status, 'not accepted');
        return status;
      }).catch((error: unknown) => (error instanceof KubeError ? error.status : 0)),
    upgrade: (request, protocol) => forgetting(config => opened(config, request, protocol)),
  };
}

async function optionsFor(config: KubeConfig, asked: KubeRequest): Promise<RequestOptions> {
  asked.signal.throwIfAborted();
  const options: RequestOptions = {};
  try {
    await unlessAborted(config.applyToHTTPSOptions(options), asked.signal);
  } catch (error) {
    asked.signal.throwIfAborted();
    // They were never presented: no answer, like any other, and not the server's no.
    throw new KubeError(asked, 0, `credentials could not be made: ${messageOf(error)}`);
  }
  return options;
}

/** A plugin that makes credentials may take its time, whoever asked for them no longer waits then. */
async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function exchange(config: KubeConfig, asked: KubeRequest): Promise<unknown> {
  const answer = await transfer(config, asked, await optionsFor(config, asked));
  if (answer.status >= 200 && answer.status < 300) return parse(asked, answer.text);
  throw errorOf(asked, answer);
}

async function opened(config: KubeConfig, asked: KubeRequest, protocol: string): Promise<Upgraded> {
  const answer = await upgrade(config, asked, await optionsFor(config, asked), protocol);
  if ('socket' in answer) return answer;
  throw errorOf(asked, answer);
}

/** The failure that an answer other than 2xx of the API server's own is. */
export function errorOf(asked: KubeRequest, answer: KubeAnswer): KubeError {
  const said = answer.headers['retry-after'];
  const wait = said === undefined ? Number.NaN : Number(said);
  return new KubeError(asked, answer.status, statusMessage(answer.text), Number.isFinite(wait) ? wait * 1000 : null);
}

function parse(asked: KubeRequest, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new KubeError(asked, 0, 'the answer is no JSON');
  }
}

/** The server's own sentence out of a Status object; a proxy's page is cut to its first line. */
function statusMessage(text: string): string {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed && 'message' in parsed) return String(parsed.message);
  } catch {}
  return text.split('\n')[0] ?? '';
}
