import { hideSecrets } from './hide.ts';
import type { Json } from './json.ts';

/** So much of what was found is shown, in characters. */
export const longestSeen = 120;

/** What one field of an answer must be; all that are given must hold. */
export interface Expectation {
  /** The field, by dots: `flags.strictMode`, `items.0.state`. */
  readonly path: string;
  readonly equals?: string | number | boolean | null | undefined;
  readonly atMost?: number | undefined;
  readonly atLeast?: number | undefined;
}

/** Reads a field by its dotted path; undefined where there is none. */
export function fieldAt(value: Json, path: string): Json | undefined {
  let at: Json | undefined = value;
  for (const part of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as { readonly [key: string]: Json })[part];
  }
  return at;
}

/** The expectations that do not hold, each as one line for people without what looks like a secret; a field that is missing never holds. */
export function unmet(value: Json, expectations: readonly Expectation[]): string[] {
  return expectations.flatMap(one => {
    const found = fieldAt(value, one.path);
    const seen =
      found === undefined
        ? 'missing'
        : JSON.stringify(hideSecrets(found, one.path.split('.').at(-1))).slice(0, longestSeen);
    const wrong = [
      ...('equals' in one && one.equals !== undefined && found !== one.equals
        ? [`= ${JSON.stringify(one.equals)}`]
        : []),
      ...(one.atMost !== undefined && !(typeof found === 'number' && found <= one.atMost) ? [`≤ ${one.atMost}`] : []),
      ...(one.atLeast !== undefined && !(typeof found === 'number' && found >= one.atLeast)
        ? [`≥ ${one.atLeast}`]
        : []),
      ...(one.equals === undefined && one.atMost === undefined && one.atLeast === undefined && found === undefined
        ? ['there']
        : []),
    ];
    return wrong.map(wanted => `${one.path} is ${seen}, expected ${wanted}`);
  });
}
