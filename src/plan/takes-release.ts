import type { StepSpec } from '../domain/catalogue.ts';
import type { ExecutorEntry } from '../ports/executor.ts';

/** Whether a step takes its target to a release: some kinds always do, some with some inputs. */
export function takesRelease(
  entry: Pick<ExecutorEntry<never>, 'needsRelease'> | undefined,
  { input }: Pick<StepSpec, 'input'>,
): boolean {
  if (typeof entry?.needsRelease === 'function') return entry.needsRelease(input);
  return entry?.needsRelease === true;
}
