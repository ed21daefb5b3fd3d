import { request as plainRequest } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';

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

/** Opens the suites' client for the current context of a kubeconfig. */
export async function openApi(kubeconfig: string): Promise<Api> {
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const server = config.getCurrentCluster()?.server;
  if (!server) throw new Error('the kubeconfig names no server in its current context');
  return async (method, path, body, contentType = 'application/json') => {
    const options: RequestOptions = { method, timeout: limit };
    await config.applyToHTTPSOptions(options);
    const url = new URL(path, server);
    const send = url.protocol === 'http:' ? plainRequest : request;
    return new Promise((resolve, reject) => {
      const outgoing = send(
        url,
        { ...options, headers: { ...options.headers, Accept: 'application/json', 'Content-Type': contentType } },
        incoming => {
          const chunks: Buffer[] = [];
          incoming.on('data', chunk => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            const status = incoming.statusCode ?? 0;
            if (status < 200 || status > 299) reject(new ApiError(status, `${method} ${path}: ${status} ${text}`));
            else resolve(parse(text));
          });
        },
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error(`${method} ${path}: no answer in ${limit} ms`)));
      outgoing.on('error', reject);
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  };
}

function parse(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return JSON.parse(JSON.stringify(text));
  }
}
