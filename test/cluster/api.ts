import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher, request } from 'undici';

/** An answer of the API server that is not 2xx. */
export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The suites' own way to the API server: raw JSON, ten seconds for each request. */
export type Api = (method: string, path: string, body?: unknown, contentType?: string) => Promise<Json>;

/** Untyped JSON as the API server answers it; tests pick what they need. */
export type Json = { readonly [key: string]: Json } & { readonly [index: number]: Json } & Iterable<Json>;

const limit = 10_000;

/** Opens the suites' client for the current context of a kubeconfig; it keeps its connections, because a handshake costs both sides more than an answer. */
export async function openApi(kubeconfig: string): Promise<Api> {
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const server = config.getCurrentCluster()?.server;
  if (!server) throw new Error('the kubeconfig names no server in its current context');
  const trust: RequestOptions = {};
  await config.applyToHTTPSOptions(trust);
  const { ca, cert, key, rejectUnauthorized } = trust;
  const dispatcher = new Agent({ connect: { ca, cert, key, rejectUnauthorized } as object });
  return async (method, path, body, contentType = 'application/json') => {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    const headers = { ...options.headers, Accept: 'application/json', 'Content-Type': contentType };
    const answer = await request(new URL(path, server), {
      method: method as Dispatcher.HttpMethod,
      headers: headers as Record<string, string>,
      body: body === undefined ? null : JSON.stringify(body),
      dispatcher,
      signal: AbortSignal.timeout(limit),
    });
    const text = await answer.body.text();
    const status = answer.statusCode;
    if (status < 200 || status > 299) throw new ApiError(status, `${method} ${path}: ${status} ${text}`);
    return parse(text);
  };
}

function parse(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return JSON.parse(JSON.stringify(text));
  }
}
