import type { Reason } from '../domain/reason.ts';

/** One request to a Kubernetes API server, for an adapter whose tool keeps its own books there; the path is built from validated names only. */
export interface ClusterRequest {
  /** The verb and the resource as roles name them. */
  readonly verb: 'get' | 'list' | 'patch';
  readonly resource: string;
  readonly namespace: string;
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal: AbortSignal;
}

/** What the API server answered; `status` 0 where it did not, `reason` fit for people. */
export type ClusterAnswer =
  | { readonly ok: true; readonly body: unknown }
  | { readonly ok: false; readonly status: number; readonly reason: Reason };

/** One cluster: a request for reading is repeated where that may help, a write is sent once. Throws only where the signal is aborted. */
export interface Cluster {
  ask(request: ClusterRequest): Promise<ClusterAnswer>;
}

/** Opens the cluster that a kubeconfig and a context name; null means the process's own. Throws a `Refusal` where there is none. */
export type OpenCluster = (place: {
  readonly context: string | null;
  readonly kubeconfig: string | null;
}) => Promise<Cluster>;
