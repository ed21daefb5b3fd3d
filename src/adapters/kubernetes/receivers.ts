import { Refusal, reason } from '../../domain/reason.ts';
import type { Connection } from './connect.ts';
import { endpointsOf, type ServicePlace } from './service.ts';

/** Services that are to get more traffic, and how many endpoints of each must be ready. */
export interface Receivers extends Omit<ServicePlace, 'service'> {
  readonly receivers: readonly string[];
  readonly minReady: number;
}

/** Refuses to lead traffic where nobody answers: the old release has to be there at full size first. Tells the endpoints ready. Throws `KubeError`. */
export async function demandReceivers(
  connection: Connection,
  object: string,
  { receivers, minReady, namespace, context, kubeconfig }: Receivers,
  signal: AbortSignal,
): Promise<number> {
  const counts = await Promise.all(
    receivers.map(async service => {
      const endpoints = await endpointsOf(connection, { namespace, context, kubeconfig, service }, signal);
      return { service, ready: endpoints.filter(({ ready }) => ready).length };
    }),
  );
  const short = counts.find(({ ready }) => ready < minReady);
  if (!short) return counts.reduce((sum, { ready }) => sum + ready, 0);
  const { service, ready } = short;
  const facts = { object, service, ready, wanted: minReady };
  throw new Refusal(reason('plan-failed', { ...facts, why: 'endpoints-not-ready' }));
}
