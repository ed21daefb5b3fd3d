import { Refusal } from '../../domain/reason.ts';
import type { OpenCluster } from '../../ports/cluster.ts';
import { createConnect } from './connect.ts';
import { KubeError, refusalOf } from './kube-error.ts';
import type { KubeconfigDeps } from './kubeconfig.ts';

/** Opens clusters for adapters whose tool keeps its books in them; one connection for each kubeconfig and context. */
export function createOpenCluster(deps: KubeconfigDeps): OpenCluster {
  const connect = createConnect(deps);
  return async place => {
    const connection = await connect(place);
    return {
      ask: async request => {
        try {
          const reads = request.verb !== 'patch';
          const body = reads ? await connection.read(request) : await connection.send(request);
          return { ok: true, body };
        } catch (error) {
          const refused = error instanceof KubeError ? refusalOf(error) : null;
          if (!(error instanceof KubeError) || !(refused instanceof Refusal)) throw error;
          return { ok: false, status: error.status, reason: refused.reason };
        }
      },
    };
  };
}
