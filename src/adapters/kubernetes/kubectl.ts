import { shellLine } from '../../domain/shell-words.ts';

/** Where a command goes: without its own kubeconfig or context it would act on whatever cluster the person's shell points at. */
interface At {
  readonly context: string | null;
  readonly kubeconfig: string | null;
  readonly namespace: string;
}

function flags({ context, kubeconfig, namespace }: At): readonly string[] {
  const file = kubeconfig ? ['--kubeconfig', kubeconfig] : [];
  return [...file, ...(context ? ['--context', context] : []), '-n', namespace];
}

/** A call of kubectl as a line that people paste into a shell, e.g. `kubectl --context prod -n shop get pods`. */
export function kubectl(at: At, ...words: readonly string[]): string {
  return shellLine(['kubectl', ...flags(at), ...words]);
}

/** The same of flux, which takes the same flags. */
export function flux(at: At, ...words: readonly string[]): string {
  return shellLine(['flux', ...flags(at), ...words]);
}
