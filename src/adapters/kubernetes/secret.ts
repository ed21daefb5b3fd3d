import type { Executor } from '../../ports/executor.ts';
import type { ReadSecret } from '../../ports/secrets.ts';
import { secretInput } from './configuration-input.ts';
import type { Connect } from './connect.ts';
import { keyedStep } from './keyed-step.ts';
import { objectExecutor } from './object-executor.ts';
import { withOwners } from './owned-executor.ts';

/** Sets and removes keys of a Secret; no value of it, old or new, leaves the cluster and the worker. */
export function createSecret(connect: Connect, clock: { now(): number }, readSecret: ReadSecret): Executor {
  const step = keyedStep('kubernetes.secret', { clock, readSecret }, raw => {
    const { secret, set, remove, owner, argocd: _, ...where } = secretInput.parse(raw);
    return { place: { ...where, kind: 'Secret', name: secret }, values: set, remove, owner };
  });
  return withOwners(connect, clock, objectExecutor(connect, step));
}
