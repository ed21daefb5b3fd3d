const escapes = /[<>&\u2028\u2029]/g;

/**
 * JSON as the API server writes it itself: its JSON patch compares texts, not values, so that a `test` of a value with `<`, `>` or `&` in it
 * holds only where they are escaped as Go's encoder does.
 */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(escapes, found => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
