import { existsSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { type RequestOptions, request as secureRequest } from 'node:https';
import { delimiter } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import { Refusal, reason } from '../../domain/reason.ts';
import type { KubernetesDeps, Place } from './input.ts';
import { type Asked, isTransient, KubeError } from './kube-error.ts';

/** One request to the API server; the path is built from validated names only. */
export interface KubeRequest extends Asked {
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal: AbortSignal;
}

/** Sends requests to one cluster and answers raw JSON, so that fields newer than any client survive. */
export interface Connection {
  /** Asks once. Throws `KubeError`. */
  send(request: KubeRequest): Promise<unknown>;
  /** Asks for reading: again, a few times, where that may help. Throws `KubeError`. */
  read(request: KubeRequest): Promise<unknown>;
}

/** Opens connections, one for each kubeconfig and context. */
export type Connect = (place: Pick<Place, 'context' | 'kubeconfig'>) => Promise<Connection>;

const methods: Readonly<Record<string, string>> = { get: 'GET', list: 'GET', patch: 'PATCH', create: 'POST' };
/** Time limit of one request, in ms. */
const requestLimit = 10_000;
/** No answer of ours is longer; a list of 250 ReplicaSets has some 2 MB. */
const longestAnswer = 64 * 1024 * 1024;
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
  const send = async (request: KubeRequest): Promise<unknown> => {
    try {
      return await exchange(config, request);
    } catch (error) {
      if (error instanceof KubeError && (error.status === 401 || error.status === 0)) forget();
      throw error;
    }
  };
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
  return { send, read };
}

async function exchange(config: KubeConfig, asked: KubeRequest): Promise<unknown> {
  asked.signal.throwIfAborted();
  const options: RequestOptions = { method: methods[asked.verb] ?? 'GET' };
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw new KubeError(asked, 401, `credentials could not be made: ${messageOf(error)}`);
  }
  const answer = await transfer(config, asked, options);
  if (answer.status >= 200 && answer.status < 300) return parse(asked, answer.text);
  const wait = answer.retryAfter === undefined ? Number.NaN : Number(answer.retryAfter);
  throw new KubeError(asked, answer.status, statusMessage(answer.text), Number.isFinite(wait) ? wait * 1000 : null);
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | undefined;
}

function transfer(config: KubeConfig, asked: KubeRequest, options: RequestOptions): Promise<Answer> {
  const url = new URL((config.getCurrentCluster()?.server ?? '').replace(/\/+$/, '') + asked.path);
  const begin = url.protocol === 'http:' ? plainRequest : secureRequest;
  const body = asked.body === undefined ? undefined : JSON.stringify(asked.body);
  const headers = {
    ...options.headers,
    Accept: 'application/json',
    'User-Agent': 'backout',
    ...(body === undefined
      ? {}
      : { 'Content-Type': asked.contentType ?? 'application/json', 'Content-Length': Buffer.byteLength(body) }),
  };
  const limit = AbortSignal.timeout(requestLimit);
  const signal = AbortSignal.any([asked.signal, limit]);
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      if (asked.signal.aborted) return reject(asked.signal.reason);
      const said = limit.aborted ? `no answer in ${requestLimit / 1000} s` : error.message;
      reject(new KubeError(asked, 0, said));
    };
    const outgoing = begin(url, { ...options, headers, signal }, incoming => {
      const chunks: Buffer[] = [];
      let size = 0;
      incoming.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > longestAnswer) outgoing.destroy(new Error('the answer is longer than 64 MiB'));
        else chunks.push(chunk);
      });
      incoming.on('error', fail);
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          text: Buffer.concat(chunks).toString('utf8'),
          retryAfter: incoming.headers['retry-after'],
        }),
      );
    });
    outgoing.on('error', fail);
    outgoing.end(body);
  });
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
