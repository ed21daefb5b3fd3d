import { readFile } from 'node:fs/promises';
import type { Catalogue } from '../domain/catalogue.ts';
import { type ReadCatalogue, readCatalogue } from './catalogue.ts';
import type { Problem } from './problem.ts';
import type { CatalogueTables } from './tables.ts';

/** What became of a reload; an invalid file leaves the catalogue as it was. */
export type Reloaded =
  | { readonly kind: 'changed'; readonly catalogue: Catalogue; readonly warnings: readonly Problem[] }
  | { readonly kind: 'same'; readonly catalogue: Catalogue; readonly warnings: readonly Problem[] }
  | { readonly kind: 'kept'; readonly catalogue: Catalogue; readonly problems: readonly Problem[] };

/** Holds today's catalogue of this process. */
export interface CatalogueHolder {
  current(): Catalogue;
  /** Reads the file again; calls at the same time share one reading. */
  reload(): Promise<Reloaded>;
  /** Takes over what another process published. */
  adopt(catalogue: Catalogue): void;
}

/** Reads a catalogue from its file; a file that cannot be opened is a problem like any other. */
export async function readCatalogueFile(tables: CatalogueTables, file: string): Promise<ReadCatalogue> {
  try {
    return readCatalogue(tables, await readFile(file, 'utf8'), file);
  } catch (failure) {
    const code = (failure as NodeJS.ErrnoException).code;
    const message =
      code === 'ENOENT' ? 'there is no such file; `backout init` writes one' : `cannot be read: ${code ?? failure}`;
    return { ok: false, problems: [{ severity: 'error', file, line: 1, column: 1, path: '', message }] };
  }
}

/** Makes the holder for a catalogue read at start; `publish` stores a new one under its hash before it becomes today's. */
export function holdCatalogue(
  deps: {
    readonly tables: CatalogueTables;
    readonly file: string;
    readonly publish: (catalogue: Catalogue) => Promise<void>;
  },
  first: Catalogue,
): CatalogueHolder {
  let current = first;
  let running: Promise<Reloaded> | null = null;
  const load = async (): Promise<Reloaded> => {
    const read = await readCatalogueFile(deps.tables, deps.file);
    if (!read.ok) return { kind: 'kept', catalogue: current, problems: read.problems };
    const { catalogue, warnings } = read;
    if (catalogue.hash === current.hash) return { kind: 'same', catalogue: current, warnings };
    await deps.publish(catalogue);
    current = catalogue;
    return { kind: 'changed', catalogue, warnings };
  };
  return {
    current: () => current,
    adopt(catalogue) {
      current = catalogue;
    },
    reload() {
      running ??= load().finally(() => {
        running = null;
      });
      return running;
    },
  };
}
