import { existsSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { delimiter } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import { Refusal, reason } from '../../domain/reason.ts';
import type { KubernetesDeps, Place } from './input.ts';
import { isTransient, KubeError } from './kube-error.ts';
import { type KubeAnswer, type KubeRequest, transfer, type Upgraded, upgrade } from './transfer.ts';

export type { KubeRequest } from './transfer.ts';

/** Sends requests to one cluster and answers raw JSON, so that fields newer than any client survive. */
export interface Connection {
  /** Asks once. Throws `KubeError`. */
  send(request: KubeRequest): Promise<unknown>;
  /** Asks for reading: again, a few times, where that may help. Throws `KubeError`. */
  read(request: KubeRequest): Promise<unknown>;
  /** Asks once for something else than JSON of the API server's own and answers it whatever its status; throws `KubeError` where nothing comes. */
  ask(request: KubeRequest): Promise<KubeAnswer>;
  /** Opens a WebSocket with this subprotocol. Throws `KubeError`. */
  upgrade(request: KubeRequest, protocol: string): Promise<Upgraded>;
}

/** Opens connections, one for each kubeconfig and context. */
export type Connect = (place: Pick<Place, 'context' | 'kubeconfig'>) => Promise<Connection>;

/** Waits before the second and later tries of a read, in ms. */
const patience = [200, 800, 2_000];
const tokenOfPod = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** Makes the opener; Kubernetes' own client, which reads every form of kubeconfig, is loaded at the first connection. */
export function createConnect(deps: Pick<KubernetesDeps, 'kubeconfig'>): Connect {
  const opened = new Map<string, Promise<Connection>>();
  return place => {
    const key = JSON.stringify([place.kubeconfig, place.context]);
    const known = opened.get(key);
    if (known) return known;
    const opening = loadConfig(place, deps.kubeconfig).then(config => connectionOf(config, () => opened.delete(key)));
    opened.set(key, opening);
    opening.catch(() => opened.delete(key));
    return opening;
  };
}

async function loadConfig(place: Pick<Place, 'context' | 'kubeconfig'>, inherited: string | null): Promise<KubeConfig> {
  const { KubeConfig: Config } = await import('@kubernetes/client-node');
  const config = new Config();
  const files = (place.kubeconfig ?? inherited ?? '').split(delimiter).filter(Boolean);
  try {
    const [first, ...more] = files;
    if (first) config.loadFromFile(first);
    else if (existsSync(tokenOfPod)) config.loadFromCluster();
    else throw new Error('neither KUBECONFIG nor a kubeconfig of the target is set');
    for (const file of more) {
      const further = new Config();
      further.loadFromFile(file);
      config.mergeConfig(further, true);
    }
  } catch (error) {
    const said = error instanceof Error && 'code' in error ? String(error.code) : messageOf(error);
    throw new Refusal(
      reason('target-unreachable', { what: 'Kubernetes' }, `no usable kubeconfig: ${said.split('\n')[0]}`),
    );
  }
  if (place.context) config.setCurrentContext(place.context);
  if (!config.getCurrentCluster()) {
    const wanted = place.context ? `context ${place.context}` : 'current context';
    throw new Refusal(reason('target-unreachable', { what: 'Kubernetes' }, `the kubeconfig has no ${wanted}`));
  }
  return config;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error';
}

function connectionOf(config: KubeConfig, forget: () => void): Connection {
  const forgetting = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      if (error instanceof KubeError && (error.status === 401 || error.status === 0)) forget();
      throw error;
    }
  };
  const send = (request: KubeRequest) => forgetting(() => exchange(config, request));
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
    ask: request => forgetting(async () => transfer(config, request, await optionsFor(config, request))),
    upgrade: (request, protocol) => forgetting(() => opened(config, request, protocol)),
  };
}

async function optionsFor(config: KubeConfig, asked: KubeRequest): Promise<RequestOptions> {
  asked.signal.throwIfAborted();
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw new KubeError(asked, 401, `credentials could not be made: ${messageOf(error)}`);
  }
  return options;
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
