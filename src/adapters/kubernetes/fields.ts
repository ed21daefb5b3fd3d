import type { Workload } from './workload.ts';

/** Fields as Kubernetes books them: nested maps whose keys are `f:NAME`, `k:{…}` or `v:…`; a dot stands for the map itself. */
type Booked = { readonly [key: string]: Booked };

/** Paths of the leaves, with list entries by what identifies them, e.g. `spec.template.spec.containers[app].image`. */
function leaves(booked: Booked, path = ''): string[] {
  return Object.entries(booked).flatMap(([key, inner]) => {
    if (key === '.') return [];
    const here = key.startsWith('f:') ? `${path}${path ? '.' : ''}${key.slice(2)}` : `${path}[${entryName(key)}]`;
    const below = leaves(inner, here);
    return below.length > 0 ? below : [here];
  });
}

function entryName(key: string): string {
  try {
    const identity: Record<string, unknown> = JSON.parse(key.slice(2));
    return Object.values(identity).join(',');
  } catch {
    return key.slice(2);
  }
}

/** Somebody who applies fields by server-side apply that a write of ours takes over: their next apply conflicts. */
export interface TakenFields {
  readonly manager: string;
  readonly fields: readonly string[];
}

/** Compares who booked which template field before a write and after it (as a dry run shows it). */
export function takenFields(before: Workload, after: Workload): TakenFields[] {
  const ofTemplate = (fields: unknown) =>
    leaves((fields ?? {}) as Booked).filter(field => field.startsWith('spec.template.'));
  return before.metadata.managedFields
    .filter(({ operation, subresource }) => operation === 'Apply' && !subresource)
    .flatMap(({ manager, fieldsV1 }) => {
      const kept = after.metadata.managedFields.find(entry => entry.manager === manager && entry.operation === 'Apply');
      const still = new Set(ofTemplate(kept?.fieldsV1));
      const fields = ofTemplate(fieldsV1).filter(field => !still.has(field));
      return fields.length > 0 ? [{ manager, fields }] : [];
    });
}
