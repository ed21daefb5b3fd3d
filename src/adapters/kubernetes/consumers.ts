import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import { type Note, note } from '../../domain/note.ts';
import type { Connection } from './connect.ts';
import { KubeError } from './kube-error.ts';
import { pathOf, read } from './objects.ts';
import { podSpecOf } from './template.ts';

/** A workload that reads a ConfigMap or Secret, and when: once at the start of each pod, or through a file that follows within a minute or so. */
export interface Consumer {
  /** E.g. `deployment api`. */
  readonly workload: string;
  readonly reads: 'at-start' | 'file';
}

/** Who reads an object, and which kinds of workload could not be listed. */
export interface Consumers {
  readonly found: readonly Consumer[];
  readonly unread: readonly string[];
}

const workloads = [
  ['deployment', 'deployments'],
  ['statefulset', 'statefulsets'],
  ['daemonset', 'daemonsets'],
] as const;

const listSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      spec: z.object({ template: z.custom<JsonObject>(value => typeof value === 'object' && value !== null) }),
    }),
  ),
});

/** Looks which workloads of the namespace name a ConfigMap or Secret in their pod template. Throws `KubeError`. */
export async function consumersOf(
  connection: Connection,
  place: { readonly namespace: string; readonly kind: 'ConfigMap' | 'Secret'; readonly name: string },
  signal: AbortSignal,
): Promise<Consumers> {
  const { namespace } = place;
  const unread: string[] = [];
  const found = await Promise.all(
    workloads.map(async ([word, plural]): Promise<Consumer[]> => {
      const path = pathOf('apis/apps/v1', namespace, plural);
      const request = { verb: 'list', resource: `${plural}.apps`, namespace, path, signal };
      const answer = await connection.read(request).catch((error: unknown) => {
        if (!(error instanceof KubeError) || error.status !== 403) throw error;
        unread.push(plural);
        return { items: [] };
      });
      return read(listSchema, request, answer).items.flatMap(({ metadata, spec }) => {
        const reads = readsOf(spec.template, place);
        return reads ? [{ workload: `${word} ${metadata.name}`, reads }] : [];
      });
    }),
  );
  return { found: found.flat(), unread: unread.sort() };
}

const mounts = z.array(z.looseObject({ name: z.string(), subPath: z.string().nullish() })).nullish();

/** How a pod template reads an object; null where it does not. What it reads both ways, and what it mounts by subPath, it has from its start. */
export function readsOf(
  template: JsonObject,
  { kind, name }: { readonly kind: 'ConfigMap' | 'Secret'; readonly name: string },
): Consumer['reads'] | null {
  const spec = podSpecOf(template);
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  const isIt = (config: string | null | undefined, secret: string | null | undefined) =>
    (kind === 'ConfigMap' ? config : secret) === name;
  const inEnvironment = containers.some(
    ({ env, envFrom }) =>
      env?.some(({ valueFrom }) => isIt(valueFrom?.configMapKeyRef?.name, valueFrom?.secretKeyRef?.name)) ||
      envFrom?.some(({ configMapRef, secretRef }) => isIt(configMapRef?.name, secretRef?.name)),
  );
  if (inEnvironment) return 'at-start';
  const volumes = (spec.volumes ?? []).filter(volume =>
    [volume, ...(volume.projected?.sources ?? [])].some(({ configMap, secret }) =>
      isIt(configMap?.name, secret?.secretName ?? secret?.name),
    ),
  );
  if (volumes.length === 0) return null;
  const names = new Set(volumes.map(volume => volume.name));
  const fixed = containers.some(container =>
    mounts.parse(container.volumeMounts)?.some(mount => mount.subPath && names.has(mount.name)),
  );
  return fixed ? 'at-start' : 'file';
}

/** Words on who reads an object and what each of them needs to see a change of it. */
export function consumerNotes(object: string, { found, unread }: Consumers) {
  const of = (reads: Consumer['reads']) => found.filter(one => one.reads === reads).map(({ workload }) => workload);
  const [atStart, files] = [of('at-start'), of('file')];
  const blastRadius: Note[] = [
    ...(atStart.length > 0 ? [note('read-at-start', { object, names: atStart })] : []),
    ...(files.length > 0 ? [note('read-as-file', { object, names: files })] : []),
    ...(found.length === 0 && unread.length === 0 ? [note('read-by-nobody', { object })] : []),
  ];
  return {
    blastRadius,
    warnings: atStart.length > 0 ? [note('restart-needed', { object, names: atStart })] : [],
    notChecked: unread.length > 0 ? [note('readers-not-listed', { object, names: unread })] : [],
  };
}
