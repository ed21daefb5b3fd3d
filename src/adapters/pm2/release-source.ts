import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { note } from '../../domain/note.ts';
import type { Identity, ObservedRelease } from '../../domain/release.ts';
import type { Processes } from '../../ports/processes.ts';
import type { ReleaseSource } from '../../ports/release-source.ts';
import { type App, isUp, readApp } from './apps.ts';
import { appInput } from './input.ts';
import type { Pm2Deps } from './set-env.ts';

/** What the release source needs. */
export type AppSourceDeps = Pick<Pm2Deps, 'clock'> & { readonly processes: Processes };

const gitMs = 10_000;
/** An app that has been up so long, in ms, counts as settled. */
const settledMs = 3_000;

/** Shows which release a pm2 app runs: the commit of its working folder, and what the catalogue says makes it another one. */
export function createAppSource(deps: AppSourceDeps): ReleaseSource {
  return {
    kind: 'pm2.app',
    look: async ({ signal }, raw) => {
      const input = appInput.parse(raw);
      const app = await readApp(input, signal);
      const [first] = app.instances;
      const restarts = app.instances.reduce((sum, one) => sum + one.restarts, 0);
      const commit = first ? await readCommit(deps.processes, first.cwd, signal) : null;
      const wanted = [...(input.versionEnv ? [input.versionEnv] : []), ...input.identityEnv];
      const seen = app.instances.map(one =>
        JSON.stringify([one.cwd, one.script, ...wanted.map(name => one.value(name))]),
      );
      const label = input.versionEnv ? first?.value(input.versionEnv) : null;
      const identity: Identity = {
        ...(commit ? { commit: commit.sha, tree: commit.tree } : {}),
        ...(wanted.length > 0 ? { environment: hashOf(wanted.map(name => first?.value(name) ?? null)) } : {}),
      };
      const nameless = Object.keys(identity).length === 0 || new Set(seen).size !== 1;
      const current: ObservedRelease | null = nameless
        ? null
        : {
            key: keyOf(identity),
            version: label ?? commit?.sha.slice(0, 12) ?? 'unknown',
            identity,
            createdAt: null,
            missing: null,
          };
      const stale = commit !== null && app.instances.some(one => commit.since > one.startedAt);
      return {
        current,
        settled: !stale && isUp(app, settledMs, deps.clock.now()),
        restarts,
        failing: failingNote(app),
        history: [],
      };
    },
  };
}

function failingNote(app: App) {
  const down = app.instances.filter(one => one.status === 'errored');
  return down.length > 0 ? note('pm2-app-errored', { app: app.name, instances: down.length }) : null;
}

/** The key is what runs: the tree where only code counts, so that a restored tree is the release it restores. */
function keyOf(identity: Identity): string {
  const { commit: _label, ...parts } = identity;
  return parts.tree && Object.keys(parts).length === 1 ? parts.tree : hashOf(parts);
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

/** What is checked out in a folder, and since when (epoch ms): what an app runs that started before is older. */
async function readCommit(
  processes: Processes,
  cwd: string,
  signal: AbortSignal,
): Promise<{ sha: string; tree: string; since: number } | null> {
  const run = await processes.run({
    argv: ['git', '-c', `safe.directory=${cwd}`, '-C', cwd, 'rev-parse', 'HEAD', 'HEAD^{tree}', '--absolute-git-dir'],
    env: { GIT_CONFIG_NOSYSTEM: '1', GIT_OPTIONAL_LOCKS: '0' },
    timeoutMs: gitMs,
    signal,
  });
  const [sha = '', tree = '', folder = ''] = run.stdout.trim().split('\n');
  if (run.exitCode !== 0 || !/^[0-9a-f]{40,64}$/.test(sha) || !/^[0-9a-f]{40,64}$/.test(tree)) return null;
  const head = await stat(join(folder, 'HEAD')).catch(() => null);
  return { sha, tree, since: head?.mtimeMs ?? 0 };
}
