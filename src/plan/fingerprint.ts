import type { Plan } from '../domain/plan.ts';

/** Hashes text, e.g. SHA-256 as hex; injected, since stages know no Node modules. */
export type Hash = (text: string) => string;

/** The hash a vote is for: everything that will be written, checked or put back, and the world it was planned against. Words and times do not count. */
export function planFingerprint(hash: Hash, plan: Omit<Plan, 'fingerprint'>): string {
  return hash(
    canonical({
      run: plan.run,
      target: plan.target,
      runbook: plan.runbook,
      from: plan.from?.key ?? null,
      to: plan.to?.key ?? null,
      operations: plan.operations.map(({ executor, group, object, body, fingerprint, inverse }) => ({
        executor,
        group,
        object,
        body,
        fingerprint,
        inverse: inverse && { object: inverse.object, body: inverse.body },
      })),
      checks: plan.checks.map(({ id, kind, input, timeoutMs }) => ({ id, kind, input, timeoutMs })),
      onFailure: plan.onFailure,
    }),
  );
}

/** Writes a value as JSON with its keys in order, so that equal values are equal texts. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value ?? null);
  const keys = Object.entries(value).filter(([, held]) => held !== undefined);
  keys.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${keys.map(([key, held]) => `${JSON.stringify(key)}:${canonical(held)}`).join(',')}}`;
}
