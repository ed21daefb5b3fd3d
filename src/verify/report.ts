import type { CheckResult } from '../domain/check.ts';
import { targetParts } from '../domain/ids.ts';
import type { Note } from '../domain/note.ts';
import type { Run } from '../domain/run.ts';

/** The verification report as JSON (inventory 305), kept beside the record. */
export interface VerificationReport {
  readonly timestamp: string;
  readonly environment: string;
  readonly overallStatus: 'passed' | 'failed' | 'unknown';
  /** In ms. */
  readonly duration: number;
  readonly checks: readonly {
    readonly name: string;
    readonly status: string;
    readonly duration: number;
    readonly details: string;
  }[];
  readonly recommendations: readonly string[];
}

/** Writes the report of a run's last verification; null where there was none. `say` puts a note into words. */
export function verificationReport(run: Run, say: (note: Note) => string): VerificationReport | null {
  const began = run.since.verifying;
  if (began === undefined) return null;
  const ended = run.since['needs-operator'] ?? run.since.succeeded ?? run.updatedAt;
  const bad = run.checks.filter(({ status }) => status !== 'passed');
  const passed = run.status === 'succeeded';
  return {
    timestamp: new Date(ended).toISOString(),
    environment: targetParts(run.request.target).environment,
    overallStatus: passed ? 'passed' : run.checks.some(({ status }) => status === 'failed') ? 'failed' : 'unknown',
    duration: Math.max(0, ended - began),
    checks: run.checks.map(check => ({
      name: check.title,
      status: check.status,
      duration: check.endedAt - check.startedAt,
      details: say(check.note),
    })),
    recommendations: bad.map(check => recommendation(check, say)),
  };
}

function recommendation(check: CheckResult, say: (note: Note) => string): string {
  return `${check.title}: ${say(check.note)}`;
}
