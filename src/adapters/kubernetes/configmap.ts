import type { Executor } from '../../ports/executor.ts';
import type { ReadSecret } from '../../ports/secrets.ts';
import { configMapInput } from './configuration-input.ts';
import type { Connect } from './connect.ts';
import { keyedStep } from './keyed-step.ts';
import { objectExecutor } from './object-executor.ts';
import { withOwners } from './owned-executor.ts';

/** Sets and removes keys of a ConfigMap; what was there is kept in the plan, or in the cluster where it looks secret or is long. */
export function createConfigMap(connect: Connect, clock: { now(): number }, readSecret: ReadSecret): Executor {
  const step = keyedStep('kubernetes.configmap', { clock, readSecret }, raw => {
    const { configMap, set, remove, owner, argocd: _, ...where } = configMapInput.parse(raw);
    return { place: { ...where, kind: 'ConfigMap', name: configMap }, values: set, remove, owner };
  });
  return withOwners(connect, clock, objectExecutor(connect, step));
}
