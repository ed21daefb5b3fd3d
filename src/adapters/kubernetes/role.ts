import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { z } from 'zod';
import { type ClusterRight, rulesOf } from '../../domain/cluster-rights.ts';
import type { Connection } from './connect.ts';

/** Who a role is bound to. */
export interface Subject {
  readonly kind: 'ServiceAccount' | 'User';
  readonly name: string;
  /** Namespace of a ServiceAccount. */
  readonly namespace: string | null;
}

const selfReview = z.object({ status: z.object({ userInfo: z.object({ username: z.string().min(1) }) }) });
const rbac = 'rbac.authorization.k8s.io';

/** Who the API server takes us for; null where it does not tell (Kubernetes before 1.28). Throws where the signal is aborted. */
export async function whoWeAre(connection: Connection, signal: AbortSignal): Promise<Subject | null> {
  const request = {
    verb: 'create',
    resource: 'selfsubjectreviews.authentication.k8s.io',
    namespace: '',
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    signal,
  };
  const answer = await connection.send(request).catch(() => null);
  signal.throwIfAborted();
  const read = selfReview.safeParse(answer);
  if (!read.success) return null;
  const { username } = read.data.status.userInfo;
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(username) ?? [];
  if (namespace && name) return { kind: 'ServiceAccount', name, namespace };
  return { kind: 'User', name: username, namespace: null };
}

/**
 * A role that grants these rights, bound to somebody: a manifest that can be applied. Its name tells its content, so that one that is
 * applied later takes nothing away. In the whole cluster where no namespace is given.
 */
export function roleManifest(
  rights: readonly ClusterRight[],
  place: { readonly namespace: string | null; readonly subject: Subject | null },
): string {
  const { namespace, subject } = place;
  const rules = rulesOf(rights);
  const hash = createHash('sha256').update(JSON.stringify(rules)).digest('hex').slice(0, 8);
  const kind = namespace === null ? 'ClusterRole' : 'Role';
  const metadata = { name: `backout-adds-${hash}`, ...(namespace === null ? {} : { namespace }) };
  const role = { apiVersion: `${rbac}/v1`, kind, metadata, rules };
  const roleRef = { apiGroup: rbac, kind, name: metadata.name };
  const who = subject ?? { kind: 'ServiceAccount', name: 'backout-worker', namespace: 'backout' };
  const bound = who.namespace === null ? { apiGroup: rbac } : { namespace: who.namespace };
  const subjects = [{ kind: who.kind, name: who.name, ...bound }];
  const binding = { apiVersion: `${rbac}/v1`, kind: `${kind}Binding`, metadata, roleRef, subjects };
  const unsure = subject ? '' : '# The cluster does not tell who Backout is there: look at `subjects`.\n';
  return unsure + [role, binding].map(object => stringify(object, { version: '1.1' })).join('---\n');
}
