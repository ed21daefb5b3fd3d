import { hideSecretsInText } from '../../domain/hide.ts';
import { Refusal, reason, Unanswered } from '../../domain/reason.ts';

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

/** What a request answers; null where the object is not there. */
export async function unlessGone<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return null;
    throw error;
  }
}

/** Whether asking again later may help: no answer, too many requests, a server in trouble. */
export function isTransient(error: unknown): error is KubeError {
  return error instanceof KubeError && (error.status === 0 || error.status === 429 || error.status >= 500);
}

/** Whether it was not our rights but admission (a webhook, a policy, a quota) that refused: asking for more rights would not help. */
export function isDenied({ message }: KubeError): boolean {
  return /admission webhook|ValidatingAdmissionPolicy|denied (the )?request|exceeded quota|violates PodSecurity|being terminated/i.test(
    message,
  );
}

/** Turns a failed request into a refusal that says in plain words what is missing, no answer into one that says so; anything else passes unchanged. */
export function refusalOf(error: unknown): unknown {
  if (!(error instanceof KubeError)) return error;
  const { verb, resource, namespace } = error.asked;
  const asked = { verb, resource, namespace };
  const object = `${resource} in namespace ${namespace}`;
  if (error.status === 401) {
    const detail = `${error.message}: the credentials of the kubeconfig are not accepted, renew them`;
    return new Refusal(reason('permission-missing', { ...asked, what: 'use the Kubernetes API' }, detail));
  }
  if (error.status === 403 && !isDenied(error)) {
    const facts = { ...asked, what: `${verb} ${resource}`, object: `namespace ${namespace}` };
    return new Refusal(reason('permission-missing', facts, error.message));
  }
  const transient: boolean = isTransient(error);
  if (transient) {
    const said = error.status === 0 ? error.message : `${error.status} ${error.message}`;
    return new Unanswered(
      reason('target-unreachable', { ...asked, what: 'Kubernetes' }, `${verb} ${resource}: ${said}`),
    );
  }
  return new Refusal(reason('step-failed', { ...asked, object }, error.message));
}

/** The refusal of an object that is no longer what was approved. */
export function moved(object: string): Refusal {
  return new Refusal(reason('target-changed', { object }));
}

/** Runs a call of the contract so that only refusals for people leave it. */
export async function plainly<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw refusalOf(error);
  }
}
