import type { CheckSpec } from '../domain/catalogue.ts';
import type { CheckResult, Verdict } from '../domain/check.ts';
import { type Reason, reason } from '../domain/reason.ts';

/** What the answers so far amount to: all passed, one did not, or some are still open. */
export type Judgement =
  | { readonly kind: 'passed'; readonly verdict: Verdict }
  | { readonly kind: 'not-passed'; readonly verdict: Verdict; readonly reason: Reason }
  | { readonly kind: 'open'; readonly checks: readonly CheckSpec[] };

/** Judges the answers: passed only where every check passed; one failure decides at once; no answer never passes. */
export function judgeChecks(specs: readonly CheckSpec[], results: readonly CheckResult[], now: number): Judgement {
  const answers = specs.flatMap(spec => results.find(result => result.id === spec.id) ?? []);
  const bad = answers.filter(({ status }) => status !== 'passed');
  const open = specs.filter(spec => !answers.some(answer => answer.id === spec.id));
  const verdict = (passed: boolean): Verdict => ({ passed, at: now, results: answers });
  const failed = answers.some(({ status }) => status === 'failed');
  if (bad.length > 0 && (failed || open.length === 0))
    return {
      kind: 'not-passed',
      verdict: verdict(false),
      reason: reason('verification-failed', { checks: bad.map(({ title }) => title) }),
    };
  return open.length > 0 ? { kind: 'open', checks: open } : { kind: 'passed', verdict: verdict(true) };
}
