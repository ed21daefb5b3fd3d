import type { ZodType } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import type { CheckEntry } from '../../ports/check.ts';
import type { ExecutorEntry } from '../../ports/executor.ts';
import type { ReleaseSourceEntry } from '../../ports/release-source.ts';
import { appInput, onlineInput, reloadInput, setEnvInput } from './input.ts';
import type { AppSourceDeps } from './release-source.ts';
import type { Pm2Deps } from './set-env.ts';

/** What pm2 steps, checks and the release source need of the composition root. */
export type Pm2TableDeps = Pm2Deps & AppSourceDeps;

const hostStep = { fenced: false, hostLocal: true, needsRelease: false } as const;

/** Steps on pm2 apps. pm2 refuses no stale caller, so a takeover waits the lease out. */
export const executors: readonly ExecutorEntry<Pm2TableDeps>[] = [
  {
    kind: 'pm2.set-env',
    input: setEnvInput as unknown as ZodType<JsonObject>,
    summary: 'Sets variables of a pm2 app, such as a named emergency set, and restarts it with them.',
    ...hostStep,
    load: async deps => (await import('./set-env.ts')).createSetEnv(deps),
  },
  {
    kind: 'pm2.reload',
    input: reloadInput as unknown as ZodType<JsonObject>,
    summary: 'Restarts a pm2 app with what it has: new code, or files that it reads at its start.',
    ...hostStep,
    load: async deps => (await import('./reload.ts')).createReload(deps),
  },
];

/** Checks on pm2 apps. */
export const checks: readonly CheckEntry<Pm2TableDeps>[] = [
  {
    kind: 'pm2.online',
    input: onlineInput as unknown as ZodType<JsonObject>,
    summary: 'Every instance of a pm2 app is online and stays so.',
    hostLocal: true,
    load: async deps => (await import('./online.ts')).createOnlineCheck(deps),
  },
];

/** Release sources of pm2. */
export const releaseSources: readonly ReleaseSourceEntry<Pm2TableDeps>[] = [
  {
    kind: 'pm2.app',
    input: appInput as unknown as ZodType<JsonObject>,
    summary: 'Which commit or version a pm2 app runs.',
    hostLocal: true,
    load: async deps => (await import('./release-source.ts')).createAppSource(deps),
  },
];
