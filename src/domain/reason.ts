/** Why something was refused, stopped or ended; templates hold the sentence for each, in both languages. */
export const reasonCodes = [
  'unknown-service',
  'unknown-environment',
  'unknown-release',
  'unknown-level',
  'unknown-run',
  'ambiguous-run',
  'environment-needed',
  'reason-needed',
  'bad-argument',
  'not-a-person',
  'not-allowed',
  'outside-user',
  'deactivated-user',
  'membership-unknown',
  'requester-excluded',
  'already-voted',
  'already-decided',
  'approval-expired',
  'stale-card',
  'quorum-unreachable',
  'target-busy',
  'frozen',
  'observe-only',
  'no-runbook',
  'no-emergency-plan',
  'no-good-release',
  'release-not-eligible',
  'nothing-to-change',
  'nothing-to-describe',
  'too-much-to-keep',
  'nothing-held',
  'takes-no-release',
  'plan-failed',
  'steps-collide',
  'target-changed',
  'changed-since',
  'target-moving',
  'owned-by-other',
  'owner-has-parent',
  'owner-not-suspendable',
  'permission-missing',
  'target-unreachable',
  'step-failed',
  'several-failed',
  'step-timeout',
  'step-unknown',
  'not-settled',
  'no-good-answer',
  'verification-failed',
  'cannot-revert',
  'cancelled-by-person',
  'superseded-by-run',
  'worker-missing',
  'not-confirmed',
  'catalogue-invalid',
  'not-latest-run',
  'nothing-to-undo',
  'nothing-to-decide',
  'run-not-over',
  'secret-missing',
  'redis-not-durable',
  'internal',
] as const;

/** Why something was refused, stopped or ended. */
export type ReasonCode = (typeof reasonCodes)[number];

/** A reason with the facts its sentence names; `detail` is quoted as it is (already free of secrets). */
export interface Reason {
  readonly code: ReasonCode;
  readonly facts?: Readonly<Record<string, string | number | readonly string[]>>;
  readonly detail?: string;
}

/** Makes a reason. */
export function reason(code: ReasonCode, facts?: Reason['facts'], detail?: string): Reason {
  return { code, ...(facts ? { facts } : {}), ...(detail ? { detail } : {}) };
}

/** A refusal or failure that a stage or an adapter throws; `reason` is what people are told. */
export class Refusal extends Error {
  readonly reason: Reason;
  constructor(cause: Reason) {
    const why = cause.facts?.why;
    super(`${cause.code}${why ? ` (${why})` : ''}${cause.detail ? `: ${cause.detail}` : ''}`);
    this.name = 'Refusal';
    this.reason = cause;
  }
}

/** No answer, in the form of a refusal: nothing was decided, and asking again later may help. Its reason is told where nobody can wait any longer. */
export class Unanswered extends Refusal {
  constructor(cause: Reason) {
    super(cause);
    this.name = 'Unanswered';
  }
}

/** Refuses what was given, by the names of the fields that a schema did not take. */
export function badArgument({
  issues,
}: {
  readonly issues: readonly { readonly path: readonly PropertyKey[] }[];
}): Refusal {
  const fields = issues.map(({ path }) => path.join('.') || 'input').join(', ');
  return new Refusal(reason('bad-argument', { fields }));
}
