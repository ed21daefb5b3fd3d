import type { ZodType } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import type { ExecutorEntry } from '../../ports/executor.ts';
import type { ReleaseSourceEntry } from '../../ports/release-source.ts';
import { branchInput, restoreInput } from './input.ts';
import type { GitDeps } from './repository.ts';

/** Steps on git branches. The push itself is refused to a stale worker (lease on the ref), but a deployment command is not: it is waited out. */
export const executors: readonly ExecutorEntry<GitDeps>[] = [
  {
    kind: 'git.restore-release',
    input: restoreInput as unknown as ZodType<JsonObject>,
    summary: 'Puts the whole tree of a known-good release on top of a branch as one commit, pushes and deploys it.',
    fenced: false,
    hostLocal: false,
    needsRelease: true,
    load: async deps => (await import('./restore.ts')).createRestoreRelease(deps),
  },
];

/** Release sources of git. */
export const releaseSources: readonly ReleaseSourceEntry<GitDeps>[] = [
  {
    kind: 'git.branch',
    input: branchInput as unknown as ZodType<JsonObject>,
    summary: 'Which commit is live: the tip of a branch, or what is checked out in a folder.',
    hostLocal: false,
    load: async deps => (await import('./release-source.ts')).createBranchSource(deps),
  },
];
