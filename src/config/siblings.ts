import { parseDuration } from '../domain/duration.ts';
import type { Path, Reporter } from './problem.ts';

/** Reads an optional `timeout` beside a step or check, in ms. */
export function readTimeout(value: unknown, path: Path, fallback: number, report: Reporter): number {
  if (value === undefined) return fallback;
  const ms = typeof value === 'string' ? parseDuration(value) : null;
  if (ms && ms <= 86_400_000) return ms;
  report.error([...path, 'timeout'], '`timeout` should be a duration such as `90s` or `10m`, at most a day');
  return fallback;
}

/** Reads an optional text beside a step or check. */
export function readText(value: unknown, path: Path, key: string, report: Reporter): string | null {
  if (value === undefined) return null;
  if (typeof value === 'string' && value.trim() && value.length <= 200) return value.trim();
  report.error([...path, key], `\`${key}\` should be a text of at most 200 characters`);
  return null;
}
