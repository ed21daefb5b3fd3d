import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import { type Note, note } from '../../domain/note.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import { acceptedOwners } from '../../ports/owner-choice.ts';
import type { Connection } from './connect.ts';
import { objectName } from './input.ts';
import { type Live, liveObject, type ObjectPlace, objectFields } from './live-object.ts';
import { metadata, pathOf, readAs, texts } from './objects.ts';
import type { Splitter } from './splitter.ts';

const prefix = 'nginx.ingress.kubernetes.io/canary';
const annotation = `${prefix}-weight`;
const weightText = z.string().regex(/^\d{1,7}$/);

/** What an operation on a canary Ingress of ingress-nginx says. */
export const ingressBody = z.strictObject({
  action: z.literal('canary-annotation'),
  ...objectFields,
  ...acceptedOwners,
  uid: z.string().regex(/^[\w-]{1,64}$/),
  before: weightText.nullable(),
  after: weightText.nullable(),
  receivers: z.array(objectName),
  minReady: z.int().min(0),
});

/** A change of a canary Ingress's weight. */
export type IngressChange = z.infer<typeof ingressBody>;

const service = z.object({ service: z.object({ name: objectName }).nullish() }).nullish();
const ingressSchema = z.object({
  metadata: metadata.extend({ annotations: texts }),
  spec: z.object({
    defaultBackend: service,
    rules: z
      .array(
        z.object({
          host: z.string().nullish(),
          http: z.object({ paths: z.array(z.object({ backend: service })) }).nullish(),
        }),
      )
      .nullish(),
  }),
});
type Ingress = z.infer<typeof ingressSchema>;

const isCanary = ({ metadata: { annotations } }: Pick<Ingress, 'metadata'>) => annotations[prefix] === 'true';
const hostsOf = ({ spec }: Ingress) => (spec.rules ?? []).map(({ host }) => host ?? '');
const servicesOf = ({ spec }: Ingress): string[] => {
  const paths = (spec.rules ?? []).flatMap(({ http }) => http?.paths ?? []);
  const found = [spec.defaultBackend, ...paths.map(({ backend }) => backend)];
  return [...new Set(found.flatMap(one => (one?.service ? [one.service.name] : [])))];
};

/** What an input asks of a canary Ingress, with what it cannot change; nothing where it is so already. Throws `KubeError`. */
export async function ingressChange(
  connection: Connection,
  place: ObjectPlace,
  live: Live,
  wish: { readonly weight: number; readonly minReady: number; readonly signal: AbortSignal },
): Promise<{
  readonly change: IngressChange;
  readonly inverse: IngressChange;
  readonly warnings: readonly Note[];
} | null> {
  const object = liveObject(place);
  const { annotations, uid } = live.metadata;
  if (!isCanary(live)) throw new Refusal(reason('plan-failed', { object, why: 'no-canary', annotation: prefix }));
  const total = Number(annotations[`${prefix}-weight-total`] ?? 100);
  const after = String(Math.round((wish.weight * total) / 100));
  const before = annotations[annotation] ?? null;
  if (after === (before ?? '0')) return null;
  const own = ingressSchema.parse(live.raw);
  const stable = (await ingresses(connection, place, wish.signal)).filter(
    other => !isCanary(other) && hostsOf(other).some(host => hostsOf(own).includes(host)),
  );
  if (stable.length === 0) throw new Refusal(reason('plan-failed', { object, why: 'no-other-ingress' }));
  const grows = Number(after) > Number(before ?? 0);
  const receivers = grows ? servicesOf(own) : [...new Set(stable.flatMap(servicesOf))];
  const { minReady } = wish;
  const change: IngressChange = { action: 'canary-annotation', ...place, uid, before, after, receivers, minReady };
  const inverse: IngressChange = { ...change, before: after, after: before, receivers: [], minReady: 0 };
  const by = ['header', 'cookie'].filter(one => `${prefix}-by-${one}` in annotations);
  return { change, inverse, warnings: by.length > 0 ? [note('canary-by-request', { object, by })] : [] };
}

async function ingresses(
  connection: Connection,
  { api, namespace }: ObjectPlace,
  signal: AbortSignal,
): Promise<Ingress[]> {
  const path = pathOf(api, namespace, 'ingresses');
  const request = { verb: 'list', resource: 'ingresses.networking.k8s.io', namespace, path, signal };
  return (await readAs(connection, request, z.object({ items: z.array(ingressSchema) }))).items;
}

/** How a canary Ingress is looked at and written. */
export const ingressSplitter: Splitter<IngressChange> = {
  holds: (change, live, side) => (live.metadata.annotations[annotation] ?? null) === change[side],
  // ingress-nginx tells nowhere that it has read an annotation.
  isTaken: () => true,
  judged: live => ({
    spec: live.raw.spec ?? {},
    annotations: Object.fromEntries(
      Object.entries(live.metadata.annotations).filter(([key]) => key.startsWith(prefix)),
    ),
  }),
  patch: (change, live): JsonObject[] => {
    const path = `/metadata/annotations/${annotation.replace('/', '~1')}`;
    const now = live.metadata.annotations[annotation];
    return [
      { op: 'test', path: `/metadata/annotations/${prefix.replace('/', '~1')}`, value: 'true' },
      ...(now === undefined ? [] : [{ op: 'test', path, value: now }]),
      change.after === null ? { op: 'remove', path } : { op: 'add', path, value: change.after },
    ];
  },
  inWords: (change, side) => (change[side] === null ? [] : [`${annotation}: "${change[side]}"`]),
};
