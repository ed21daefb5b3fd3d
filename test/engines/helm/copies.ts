import { pack, unpack } from '../../../src/adapters/helm/payload.ts';
import type { Api, Json } from '../../cluster/api.ts';

/** A release as helm left it: its revisions, oldest first, and the live objects of the newest one. */
export interface Original {
  readonly name: string;
  readonly namespace: string;
  readonly books: readonly Json[];
  readonly objects: readonly Json[];
}

/** What of a live object is copied. */
interface Copied {
  readonly name?: string;
  readonly labels?: object;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly managedFields?: readonly { readonly manager: string; readonly operation: string }[];
}

const core = (namespace: string, path: string) => `/api/v1/namespaces/${namespace}/${path}`;
const apps = (namespace: string, path: string) => `/apis/apps/v1/namespaces/${namespace}/${path}`;

/** Reads a release of the suites' chart, and of its objects those of these kinds; its name must be a word that stands nowhere else. */
export async function readOriginal(
  api: Api,
  namespace: string,
  name: string,
  kinds: readonly ('configmap' | 'secret' | 'deployment')[] = ['configmap', 'secret', 'deployment'],
): Promise<Original> {
  const labels = encodeURIComponent(`owner=helm,name=${name}`);
  const { items } = await api('GET', core(namespace, `secrets?labelSelector=${labels}`));
  const pathOf = (kind: string) => (kind === 'deployment' ? apps : core)(namespace, `${kind}s/${name}`);
  const objects = await Promise.all(kinds.map(kind => api('GET', pathOf(kind))));
  return { name, namespace, books: [...(items ?? [])], objects };
}

/** Writes a release anew under another name, as if helm had made it: each revision and each object as the original has it. */
export async function copyRelease(api: Api, original: Original, name: string): Promise<void> {
  const { namespace } = original;
  const renamed = (value: unknown): Copied => JSON.parse(JSON.stringify(value).replaceAll(original.name, name));
  for (const { metadata, type, data } of original.books) {
    const release = pack(unpack(String(data?.release)).replaceAll(original.name, name));
    const body = { metadata: renamed({ name: metadata?.name, labels: metadata?.labels }), type, data: { release } };
    await api('POST', core(namespace, 'secrets'), body);
  }
  for (const object of original.objects) await copyObject(api, namespace, object, renamed);
}

/** Helm 4 applies, and Helm 3 creates: whose the fields are, and by which way, decides what it may write later. */
async function copyObject(
  api: Api,
  namespace: string,
  object: Json,
  renamed: (value: unknown) => Copied,
): Promise<void> {
  const { apiVersion, kind, metadata, spec, data } = object;
  const { name, labels, annotations = {}, managedFields } = renamed(metadata);
  const { 'deployment.kubernetes.io/revision': _, ...own } = annotations;
  const body = { apiVersion, kind, metadata: { name, labels, annotations: own }, ...renamed({ spec, data }) };
  const plural = `${String(kind).toLowerCase()}s`;
  const path = (String(kind) === 'Deployment' ? apps : core)(namespace, plural);
  const applied = managedFields?.some(({ manager, operation }) => manager === 'helm' && operation === 'Apply');
  if (applied) await api('PATCH', `${path}/${name}?fieldManager=helm`, body, 'application/apply-patch+yaml');
  else await api('POST', `${path}?fieldManager=helm`, body);
}
