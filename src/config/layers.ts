import type { Layer } from './file-schema.ts';
import type { Path } from './problem.ts';

/** A value with the place it was written at. */
export interface Placed<T> {
  readonly value: T;
  readonly path: Path;
}

/** What one target gets from the file: the environment's words before the service's before the defaults. */
export interface Layers {
  pick<K extends keyof Layer>(key: K): Placed<Exclude<Layer[K], undefined>> | null;
  /** Runbooks by id; one of the same id nearer the target replaces the other. */
  runbooks(): readonly (Placed<NonNullable<Layer['runbooks']>[string]> & { readonly id: string })[];
  /** The keys of `target.<vendor>`, each with its place. */
  vendor(vendor: string): Readonly<Record<string, Placed<unknown>>>;
  release<K extends keyof NonNullable<Layer['releases']>>(
    key: K,
  ): Placed<Exclude<NonNullable<Layer['releases']>[K], undefined>> | null;
}

/** Lays what is written for a target over each other; `layers` begins with the nearest. */
export function layersOf(layers: readonly Placed<Layer>[]): Layers {
  return {
    pick(key) {
      for (const { value, path } of layers) {
        const found = value[key];
        if (found !== undefined) return { value: found as never, path: [...path, key] };
      }
      return null;
    },
    runbooks() {
      const found = new Map<string, Placed<NonNullable<Layer['runbooks']>[string]> & { id: string }>();
      for (const { value, path } of layers) {
        for (const [id, runbook] of Object.entries(value.runbooks ?? {})) {
          if (!found.has(id)) found.set(id, { id, value: runbook, path: [...path, 'runbooks', id] });
        }
      }
      return [...found.values()];
    },
    vendor(vendor) {
      const found: Record<string, Placed<unknown>> = {};
      for (const { value, path } of layers.toReversed()) {
        for (const [key, own] of Object.entries(value.target?.[vendor] ?? {})) {
          found[key] = { value: own, path: [...path, 'target', vendor, key] };
        }
      }
      return found;
    },
    release(key) {
      for (const { value, path } of layers) {
        const found = value.releases?.[key];
        if (found !== undefined) return { value: found as never, path: [...path, 'releases', key] };
      }
      return null;
    },
  };
}
