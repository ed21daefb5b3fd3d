import { kubernetesExecutors } from '../../../src/adapters/kubernetes/entries.ts';
import type { Api, Json } from '../../cluster/api.ts';

/** The row of an executor's table by its kind. */
export function entryOf(kind: string) {
  const entry = kubernetesExecutors.find(row => row.kind === kind);
  if (!entry) throw new Error(`no executor ${kind}`);
  return entry;
}

/** How often an object was written since a version of it, replayed by the API server's own watch. */
export async function writesSince(api: Api, collection: string, name: string, version: string): Promise<number> {
  const { metadata } = await api('GET', `${collection}/${name}`);
  if (String(metadata?.resourceVersion) === version) return 0;
  const query = `watch=1&resourceVersion=${version}&fieldSelector=metadata.name%3D${name}&timeoutSeconds=1`;
  const told = JSON.stringify(await api('GET', `${collection}?${query}`));
  return told.split(/"type(?:\\)?":/).filter(part => /^\\?"MODIFIED/.test(part)).length;
}

const pathOf = (namespace: string, kind: 'configmap' | 'secret', name = '') =>
  `/api/v1/namespaces/${namespace}/${kind}s${name && `/${name}`}`;

/** Creates a ConfigMap or Secret. */
export function makeKeyed(
  api: Api,
  namespace: string,
  kind: 'configmap' | 'secret',
  name: string,
  body: object,
  labels: Readonly<Record<string, string>> = {},
): Promise<Json> {
  return api('POST', pathOf(namespace, kind), { metadata: { name, labels }, ...body });
}

/** Reads one. */
export function readKeyed(api: Api, namespace: string, kind: 'configmap' | 'secret', name: string): Promise<Json> {
  return api('GET', pathOf(namespace, kind, name));
}

/** Changes one by a merge patch, as another person does. */
export function patchKeyed(
  api: Api,
  namespace: string,
  kind: 'configmap' | 'secret',
  name: string,
  patch: object,
): Promise<Json> {
  return api('PATCH', pathOf(namespace, kind, name), patch, 'application/merge-patch+json');
}

/** The copies that Backout keeps in a namespace. */
export async function copiesIn(api: Api, namespace: string): Promise<Json[]> {
  const list = await api('GET', `${pathOf(namespace, 'secret')}?labelSelector=backout.dev%2Fcopy%3Dtrue`);
  return [...(list.items ?? [])];
}
