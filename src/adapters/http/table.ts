import type { ZodType } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import type { CheckEntry } from '../../ports/check.ts';
import type { HttpCheckDeps } from './check.ts';
import { httpCheckInput } from './check-input.ts';

/** Checks over HTTP. */
export const checks: readonly CheckEntry<HttpCheckDeps>[] = [
  {
    kind: 'http',
    input: httpCheckInput as unknown as ZodType<JsonObject>,
    summary: 'Asks over HTTP until enough good answers came in a row: status, fields, time, version.',
    hostLocal: false,
    load: async deps => (await import('./check.ts')).createHttpCheck(deps),
  },
];
