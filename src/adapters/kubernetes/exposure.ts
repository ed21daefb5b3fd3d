import { z } from 'zod';
import { type Note, note } from '../../domain/note.ts';
import type { StepPlan } from '../../domain/plan.ts';
import type { Connection } from './connect.ts';
import { objectOf, type Place } from './input.ts';
import { KubeError } from './kube-error.ts';
import { metadata, pathOf, readAs, texts } from './objects.ts';
import { valueAt } from './reconcilers.ts';
import { readWorkload } from './workload.ts';

const servicesSchema = z.object({
  items: z.array(z.object({ metadata, spec: z.object({ selector: texts, type: z.string().nullish() }) })),
});

/**
 * Adds to a plan whom the pods that are replaced serve: the Services that lead to them, which themselves stay as they are where a release
 * goes back. Where we may not list Services, that was not checked.
 */
export async function withExposure(
  connection: Connection,
  place: Place,
  planned: StepPlan,
  goesBack: boolean,
  signal: AbortSignal,
): Promise<StepPlan> {
  const object = objectOf(place);
  const [workload, services] = await Promise.all([
    readWorkload(connection, place, signal),
    listServices(connection, place.namespace, signal),
  ]);
  const stays = (names: readonly string[]): readonly Note[] => [
    ...planned.notRolledBack,
    ...(goesBack ? [note('outside-stays', { object, names })] : []),
  ];
  if (!services) {
    const notChecked = [...planned.notChecked, note('services-not-readable', { object })];
    return { ...planned, notRolledBack: stays([]), notChecked };
  }
  const labels = texts.parse(valueAt(workload.spec.template, 'metadata', 'labels') ?? {});
  const names = services.filter(({ spec }) => selects(spec.selector, labels)).map(service => service.metadata.name);
  if (names.length === 0) return { ...planned, notRolledBack: stays([]) };
  return {
    ...planned,
    blastRadius: [...planned.blastRadius, note('behind-services', { object, names })],
    notRolledBack: stays(names),
  };
}

function selects(selector: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>): boolean {
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

/** Null where our role does not allow it. */
async function listServices(connection: Connection, namespace: string, signal: AbortSignal) {
  const request = {
    verb: 'list',
    resource: 'services',
    namespace,
    path: pathOf('api/v1', namespace, 'services'),
    signal,
  };
  try {
    return (await readAs(connection, request, servicesSchema)).items;
  } catch (error) {
    if (error instanceof KubeError && error.status === 403) return null;
    throw error;
  }
}
