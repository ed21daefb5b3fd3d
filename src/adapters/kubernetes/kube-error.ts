import { Refusal, reason } from '../../domain/reason.ts';
import { hideSecretsInText } from './hide.ts';

/** What a request was about, for the sentence about its failure. */
export interface Asked {
  /** The verb as roles name it: get, list, patch, create. */
  readonly verb: string;
  /** The resource as roles name it, e.g. `deployments.apps`. */
  readonly resource: string;
  readonly namespace: string;
}

/** A request that the API server answered with an error, or did not answer (`status` 0). */
export class KubeError extends Error {
  readonly status: number;
  readonly asked: Asked;
  /** How long the server asks to wait, in ms; null where it does not say. */
  readonly retryAfterMs: number | null;
  constructor(asked: Asked, status: number, message: string, retryAfterMs: number | null = null) {
    super(hideSecretsInText(message).slice(0, 500));
    this.name = 'KubeError';
    this.asked = asked;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Whether asking again later may help: no answer, too many requests, a server in trouble. */
export function isTransient(error: unknown): error is KubeError {
  return error instanceof KubeError && (error.status === 0 || error.status === 429 || error.status >= 500);
}

/** Turns a failed request into a refusal that says in plain words what is missing; anything else passes unchanged. */
export function refusalOf(error: unknown): unknown {
  if (!(error instanceof KubeError)) return error;
  const { verb, resource, namespace } = error.asked;
  const facts = { verb, resource, namespace };
  if (error.status === 401) {
    return new Refusal(
      reason('permission-missing', facts, 'The API server does not accept our credentials: renew the kubeconfig.'),
    );
  }
  if (error.status === 403) {
    const detail = `Our account may not ${verb} ${resource} in namespace ${namespace}: grant that verb to its role.`;
    return new Refusal(reason('permission-missing', facts, detail));
  }
  if (error.status === 404) {
    return new Refusal(reason('step-failed', facts, `There is no such object: ${error.message}`));
  }
  const transient: boolean = isTransient(error);
  if (transient) {
    const said = error.status === 0 ? error.message : `it answered ${error.status}: ${error.message}`;
    return new Refusal(reason('target-unreachable', facts, `The API server could not ${verb} ${resource}: ${said}`));
  }
  return new Refusal(reason('step-failed', facts, `The API server refused: ${error.message}`));
}

/** Runs a call of the contract so that only refusals for people leave it. */
export async function plainly<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw refusalOf(error);
  }
}
