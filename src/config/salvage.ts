import type { z } from 'zod';
import { type CatalogueFile, fileSchema } from './file-schema.ts';

/** What of a wrong file can still be read, so that the rest of its problems is told in the same breath. */
export interface Salvage {
  readonly file: CatalogueFile;
  /** Top-level sections that something was taken out of: what they hold is no longer known. */
  readonly damaged: ReadonlySet<string>;
}

/** Takes out what is wrong, piece by piece, until the rest is a file; null where too much is wrong. The value given is changed. */
export function salvage(value: Record<string, unknown>, issues: readonly z.core.$ZodIssue[]): Salvage | null {
  const damaged = new Set<string>();
  let left = issues;
  for (let round = 0; round < 8; round += 1) {
    for (const issue of left) {
      const keys = issue.code === 'unrecognized_keys' ? issue.keys.map(key => [...issue.path, key]) : [issue.path];
      for (const path of keys) {
        if (path.length > 0) damaged.add(String(path[0]));
        takeOut(value, path);
      }
    }
    const read = fileSchema.safeParse(value);
    if (read.success) return { file: read.data, damaged };
    left = read.error.issues;
  }
  return null;
}

/** Takes the value at a path out; where nothing stands there, the map around it; of a list all, so that no other place moves. A required section is left empty. */
function takeOut(root: Record<string, unknown>, path: readonly PropertyKey[]): void {
  const around: { readonly holder: Record<PropertyKey, unknown>; readonly key: PropertyKey }[] = [];
  let at: unknown = root;
  for (const key of path) {
    if (at === null || typeof at !== 'object') break;
    around.push({ holder: at as Record<PropertyKey, unknown>, key });
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  let hit = at === undefined && around.length > 1 ? around.at(-2) : around.at(-1);
  while (hit && Array.isArray(hit.holder)) hit = around[around.indexOf(hit) - 1];
  if (!hit) return;
  if (hit.holder === root) root[String(hit.key)] = hit.key === 'approvals' ? [] : {};
  else delete hit.holder[hit.key];
}
