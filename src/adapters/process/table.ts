import type { ZodType } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import type { CheckEntry } from '../../ports/check.ts';
import type { ExecutorEntry } from '../../ports/executor.ts';
import type { CommandDeps } from './command-executor.ts';
import { commandCheckInput, commandInput } from './command-input.ts';

/** What command steps and checks need of the composition root. */
export type ProcessTableDeps = CommandDeps & { readonly clock: { now(): number } };

/** Steps that run a program. Nothing at the target refuses a stale one, so a takeover waits the lease out. */
export const executors: readonly ExecutorEntry<ProcessTableDeps>[] = [
  {
    kind: 'command',
    input: commandInput as unknown as ZodType<JsonObject>,
    summary: 'Runs a program by argv, without a shell, in a clean environment.',
    fenced: false,
    hostLocal: false,
    needsRelease: false,
    load: async deps => (await import('./command-executor.ts')).createCommandExecutor(deps),
  },
];

/** Checks that ask a program. */
export const checks: readonly CheckEntry<ProcessTableDeps>[] = [
  {
    kind: 'command',
    input: commandCheckInput as unknown as ZodType<JsonObject>,
    summary: 'Asks a program: its exit code and fields of the JSON it prints.',
    hostLocal: false,
    load: async deps => (await import('./command-check.ts')).createCommandCheck(deps),
  },
];
