import type { z } from 'zod';
import { hint } from './nearest.ts';
import type { Path, Reporter } from './problem.ts';
import { type JsonSchema, keysAt } from './tables.ts';

type Issue = z.core.$ZodIssue;

const words: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

/** Where a zod issue is told, and what the value was read from. */
export interface IssuePlace {
  /** Path of the checked value in the file. */
  readonly base: Path;
  readonly value: unknown;
  readonly schema: JsonSchema;
  /** Turns a path within the value into the place in the file; only where a value is put together from several places. */
  readonly where?: (path: Path) => Path;
}

/** Tells zod's issues in our words, each at its own place, with the nearest known key or value. */
export function reportIssues(issues: readonly Issue[], place: IssuePlace, report: Reporter): void {
  const file = (path: Path) => place.where?.(path) ?? [...place.base, ...path];
  for (const issue of issues) {
    const path = issue.path.filter(part => typeof part !== 'symbol');
    if (issue.code === 'unrecognized_keys') {
      for (const unknown of issue.keys) {
        const known = keysAt(place.schema, path) ?? [];
        report.error(file([...path, unknown]), `unknown key \`${unknown}\`${hint(unknown, known)}`, 'key');
      }
    } else if (issue.code === 'invalid_union' && isPlain(issue)) {
      const branch = [...issue.errors].sort(
        (one, other) => depthOf(other) - depthOf(one) || one.length - other.length,
      )[0];
      const below = (branch ?? []).map(inner => ({ ...inner, path: [...issue.path, ...inner.path] }));
      reportIssues(below, place, report);
    } else if (issue.code === 'invalid_key') {
      const own = issue.issues[0]?.message ?? 'is no name';
      report.error(file(path), `\`${String(path.at(-1))}\` ${own}`, 'key');
    } else report.error(file(path), sentence(issue, path, valueAt(place.value, path)));
  }
}

function sentence(issue: Issue, path: Path, found: unknown): string {
  const name = path.length > 0 ? `\`${path.filter(part => typeof part === 'string').at(-1) ?? path.at(-1)}\`` : 'this';
  if (found === undefined) return `${name} is missing`;
  if (issue.code === 'invalid_value') {
    const known = issue.values.map(String);
    return `${name} cannot be \`${String(found)}\`${hint(String(found), known)}`;
  }
  if (!isPlain(issue)) return `${name} ${issue.message}`;
  if (issue.code === 'invalid_type') return `${name} should be ${words[issue.expected] ?? issue.expected}`;
  return `${name}: ${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}`;
}

/** Whether the message is zod's own, not one written for people. */
function isPlain(issue: Issue): boolean {
  return /^(Invalid|Too (big|small)|Unrecognized)/.test(issue.message);
}

function depthOf(branch: readonly Issue[]): number {
  return Math.max(0, ...branch.map(issue => issue.path.length));
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const part of path) at = (at as Record<string | number, unknown> | null | undefined)?.[part];
  return at;
}
