import type { Severity } from './alert.ts';

const words: Readonly<Record<Exclude<Severity, 'unknown'>, string>> = {
  emergency: 'emergency emerg panic disaster p0 sev0',
  critical: 'critical crit fatal page alert p1 sev1',
  warning: 'error err high major p2 p3 sev2 sev3 warning warn minor medium average moderate',
  info: 'info informational notice low p4 p5 sev4 sev5 none debug ok verbose',
};

/** Reads how bad a sender says it is; what is not in the table is unknown, and "error" deliberately stops at warning. */
export function readSeverity(raw: string | null): Severity {
  const said = raw?.trim().toLowerCase() ?? '';
  const known = (Object.keys(words) as (keyof typeof words)[]).find(level => words[level].split(' ').includes(said));
  return known ?? 'unknown';
}
