import { z } from 'zod';
import { Refusal, reason } from '../../domain/reason.ts';
import type { Discover, FoundWorkload } from '../../ports/discover.ts';
import { type Connect, type Connection, createConnect, type KubeRequest } from './connect.ts';
import { type KubernetesDeps, namespaceName } from './input.ts';
import { KubeError, plainly } from './kube-error.ts';
import { metadata, read } from './objects.ts';
import { ownersOf } from './owners.ts';

const kinds = [
  { kind: 'Deployment', plural: 'deployments' },
  { kind: 'StatefulSet', plural: 'statefulsets' },
  { kind: 'DaemonSet', plural: 'daemonsets' },
] as const;

const item = z.object({
  metadata: metadata.extend({ namespace: z.string() }),
  spec: z.object({
    template: z.object({ spec: z.object({ containers: z.array(z.object({ image: z.string().default('') })) }) }),
  }),
});
const page = z.object({
  metadata: z.object({ continue: z.string().nullish() }).prefault({}),
  items: z.array(item),
});

/** How many objects one answer may hold. */
const pageSize = 500;

/** Finds what runs in a cluster: the kubeconfig's current context. Kubernetes' own namespaces are looked at only where they are named. */
export function createDiscover(deps: KubernetesDeps, connect: Connect = createConnect(deps)): Discover {
  return (namespaces, signal) =>
    plainly(async () => {
      for (const name of namespaces) {
        if (!namespaceName.safeParse(name).success)
          throw new Refusal(reason('bad-argument', { token: name }, `${name} is not the name of a namespace`));
      }
      const connection = await connect({ context: null, kubeconfig: null });
      const places = namespaces.length > 0 ? namespaces : [null];
      const asked = places.flatMap(place => kinds.map(kind => listAll(connection, kind, place, signal)));
      const found = (await Promise.all(asked)).flat();
      const shown = found.filter(({ namespace }) => namespaces.length > 0 || !namespace.startsWith('kube-'));
      return shown.sort((a, b) => placeOf(a).localeCompare(placeOf(b)));
    });
}

const placeOf = ({ namespace, name, kind }: FoundWorkload) => `${name} ${namespace} ${kind}`;

async function listAll(
  connection: Connection,
  { kind, plural }: (typeof kinds)[number],
  namespace: string | null,
  signal: AbortSignal,
): Promise<FoundWorkload[]> {
  const found: FoundWorkload[] = [];
  let next: string | undefined;
  do {
    const path = namespace === null ? plural : `namespaces/${encodeURIComponent(namespace)}/${plural}`;
    const query = `?limit=${pageSize}${next ? `&continue=${encodeURIComponent(next)}` : ''}`;
    const resource = `${plural}.apps`;
    const asked = { verb: 'list', resource, namespace: namespace ?? '*' };
    const request: KubeRequest = { ...asked, path: `/apis/apps/v1/${path}${query}`, signal };
    const { items, metadata: about } = read(page, request, await ask(connection, request, namespace));
    for (const one of items) {
      // What a controller of its own makes and remakes is that controller's to take back.
      if (one.metadata.ownerReferences.some(({ controller }) => controller === true)) continue;
      const images = one.spec.template.spec.containers.map(({ image }) => image);
      const { name } = one.metadata;
      found.push({ kind, namespace: one.metadata.namespace, name, images, owners: ownersOf(one) });
    }
    next = about.continue || undefined;
  } while (next !== undefined);
  return found;
}

async function ask(connection: Connection, request: KubeRequest, namespace: string | null): Promise<unknown> {
  try {
    return await connection.read(request);
  } catch (error) {
    if (!(error instanceof KubeError) || error.status !== 403 || namespace !== null) throw error;
    const detail = 'this account may not list all namespaces; name those it may: backout discover NAMESPACE …';
    throw new Refusal(reason('permission-missing', { what: `list ${request.resource}` }, detail));
  }
}
