import type { ZodType } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import type { ExecutorEntry } from '../../ports/executor.ts';
import { envFileInput } from './input.ts';
import type { EnvFileDeps } from './set.ts';

/** Steps that write env files. A file refuses no stale writer, so a takeover waits the lease out. */
export const executors: readonly ExecutorEntry<EnvFileDeps>[] = [
  {
    kind: 'env-file.set',
    input: envFileInput as unknown as ZodType<JsonObject>,
    summary: 'Sets variables in an env file, whole or not at all, with a backup beside it.',
    fenced: false,
    hostLocal: true,
    needsRelease: false,
    load: async deps => (await import('./set.ts')).createEnvFileExecutor(deps),
  },
];
