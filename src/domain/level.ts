/** How deep a rollback reaches, mildest first (seed 000): 1 flag, 2 config, 3 code, 4 data. */
export type Level = 1 | 2 | 3 | 4;

/** All levels, mildest first: the order in which *suggest* tries them. */
export const levels: readonly Level[] = [1, 2, 3, 4];

/** Reads a level out of a number or text; null where there is no such level. */
export function parseLevel(value: string | number): Level | null {
  return levels.find(level => String(level) === String(value).trim()) ?? null;
}
