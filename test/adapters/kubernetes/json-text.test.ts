import { expect, it } from 'vitest';
import { jsonText } from '../../../src/adapters/kubernetes/json-text.ts';

it('writes what Go escapes as Go does, and the same value', () => {
  const value = { 'a&b': ['x < y > z && "q"', '\u2028\u2029\n\u0001é'] };
  const text = jsonText(value);
  expect(text).toBe('{"a\\u0026b":["x \\u003c y \\u003e z \\u0026\\u0026 \\"q\\"","\\u2028\\u2029\\n\\u0001é"]}');
  expect(JSON.parse(text)).toEqual(value);
});
