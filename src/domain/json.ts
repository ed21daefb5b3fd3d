/** A value that survives JSON unchanged: what may stand in events, operations and job data. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json };

/** Text of a value that is equal exactly where the values are: sorted keys, nothing null or absent. */
export function presentJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(presentJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined);
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${sorted.map(([key, inner]) => `${JSON.stringify(key)}:${presentJson(inner)}`).join(',')}}`;
}
