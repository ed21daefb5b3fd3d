import { z } from 'zod';
import { note } from '../../../domain/note.ts';
import type { Check } from '../../../ports/check.ts';
import type { Connection } from '../connect.ts';
import { labelQuery } from '../labels.ts';
import { pathOf, readAs } from '../objects.ts';
import { createLooking, type Look, type LookingDeps } from './looking.ts';
import { endpointsInput } from './service-input.ts';

const slices = z.object({
  items: z.array(
    z.object({
      endpoints: z
        .array(
          z.object({
            addresses: z.array(z.string()),
            conditions: z.object({ ready: z.boolean().nullish(), terminating: z.boolean().nullish() }).nullish(),
            targetRef: z.object({ kind: z.string().nullish(), name: z.string().nullish() }).nullish(),
          }),
        )
        .nullish(),
    }),
  ),
});
const named = z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }) })) });
type Input = z.infer<typeof endpointsInput>;

/** The Service as kubectl names it. */
export const serviceOf = ({ namespace, service }: { readonly namespace: string; readonly service: string }): string =>
  `service ${namespace}/${service}`;

/** `kubernetes.endpoints`: a Service has so many ready endpoints, all of them pods with the labels named. */
export function createEndpointsCheck(deps: LookingDeps): Check {
  return createLooking(deps, {
    kind: 'kubernetes.endpoints',
    input: endpointsInput,
    everyMs: 1_000,
    objectOf: serviceOf,
    look: (connection, input, { signal }) => look(connection, input, signal),
  });
}

async function look(connection: Connection, input: Input, signal: AbortSignal): Promise<Look> {
  const { namespace, service, atLeast } = input;
  const one = {
    verb: 'get',
    resource: 'services',
    namespace,
    path: pathOf('api/v1', namespace, 'services', service),
    signal,
  };
  await connection.read(one);
  const path = pathOf('apis/discovery.k8s.io/v1', namespace, 'endpointslices');
  const query = labelQuery({ 'kubernetes.io/service-name': service });
  const list = { verb: 'list', resource: 'endpointslices.discovery.k8s.io', namespace, path: path + query, signal };
  const { items } = await readAs(connection, list, slices);
  const ready = items
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false && conditions?.terminating !== true);
  const targets = new Map(
    ready.map(({ addresses, targetRef }) => [addresses[0], targetRef?.name ?? addresses[0] ?? '']),
  );
  const object = serviceOf(input);
  const facts = { object, ready: targets.size, wanted: atLeast };
  if (targets.size < atLeast) return { state: 'bad', note: note('endpoints-missing', facts) };
  const strangers = await strangersOf(connection, input, [...targets.values()], signal);
  if (strangers.length > 0) {
    const labels = Object.entries(input.labels).map(([key, value]) => `${key}=${value}`);
    return { state: 'bad', note: note('endpoints-of-others', { object, names: strangers, labels }) };
  }
  return { state: 'good', note: note('endpoints-ready', facts) };
}

/** The targets behind a Service that are no pods with the wanted labels. */
async function strangersOf(
  connection: Connection,
  { namespace, labels }: Input,
  targets: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  if (Object.keys(labels).length === 0) return [];
  const path = pathOf('api/v1', namespace, 'pods') + labelQuery(labels);
  const { items } = await readAs(connection, { verb: 'list', resource: 'pods', namespace, path, signal }, named);
  const known = new Set(items.map(({ metadata }) => metadata.name));
  return targets.filter(name => !known.has(name));
}
