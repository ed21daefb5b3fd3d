import { Refusal } from '../../domain/reason.ts';
import type { ObservedRelease } from '../../domain/release.ts';
import type { ReleaseSource } from '../../ports/release-source.ts';
import { type Commit, readCommits, readTags } from './history.ts';
import { branchInput } from './input.ts';
import { branchRef, type GitDeps, openRepository, type Repository } from './repository.ts';

/** How far back the branch is read, in commits of its first-parent line. */
const depth = 50;
const gitMs = 10_000;
const knownLimit = 5_000;

/** Versions by commit and file: commits never change, so each is read once. */
type KnownVersions = Map<string, string | null>;

/** Shows which commit is live: the tip of the branch, or what is checked out in a deployed folder. A release is its tree, so a restored one is the one it restores. */
export function createBranchSource(deps: GitDeps): ReleaseSource {
  const known: KnownVersions = new Map();
  return {
    kind: 'git.branch',
    look: async ({ signal }, raw) => {
      const input = branchInput.parse(raw);
      const repository = openRepository(deps, input);
      await repository.fetch(signal);
      const commits = await readCommits(repository, branchRef(input.branch), {
        limit: depth,
        firstParent: true,
        signal,
      });
      const tags = await readTags(repository, signal);
      const live = input.folder ? await checkedOut(deps, input.folder, commits, signal) : commits[0];
      const releases: ObservedRelease[] = [];
      for (const commit of inOrder(live ? fromLive(commits, live) : commits))
        if (!releases.some(one => one.key === commit.tree))
          releases.push(
            releaseOf(commit, tags, await versionIn(repository, known, commit.sha, input.versionFile, signal)),
          );
      const [current, ...history] = releases;
      return { current: live && current ? current : null, settled: true, history: live ? history : releases };
    },
  };
}

/** The same commits with times that fall: git counts whole seconds, and clocks of committers differ; the line itself is the order. */
function inOrder(commits: readonly Commit[]): Commit[] {
  let newer = Number.POSITIVE_INFINITY;
  return commits.map(commit => {
    if (commit.at === 0) return commit;
    newer = Math.min(commit.at, newer - 1);
    return { ...commit, at: newer };
  });
}

/** The line from what is live downwards: what lies above it is not deployed yet, and no release to go back to. */
function fromLive(commits: readonly Commit[], live: Commit): readonly Commit[] {
  const at = commits.findIndex(one => one.sha === live.sha);
  return at < 0 ? [live, ...commits] : commits.slice(at);
}

async function checkedOut(
  deps: GitDeps,
  folder: string,
  commits: readonly Commit[],
  signal: AbortSignal,
): Promise<Commit | undefined> {
  const run = await deps.processes.run({
    argv: ['git', '-c', `safe.directory=${folder}`, '-C', folder, 'rev-parse', 'HEAD', 'HEAD^{tree}'],
    env: { GIT_CONFIG_NOSYSTEM: '1', GIT_OPTIONAL_LOCKS: '0' },
    timeoutMs: gitMs,
    signal,
  });
  const [sha = '', tree = ''] = run.stdout.trim().split('\n');
  if (run.exitCode !== 0 || !/^[0-9a-f]{40,64}$/.test(tree)) return undefined;
  return commits.find(one => one.sha === sha) ?? { sha, tree, at: 0, author: '', subject: '', restores: null };
}

function releaseOf(commit: Commit, tags: ReadonlyMap<string, string>, named: string | null): ObservedRelease {
  const origin = commit.restores ?? commit.sha;
  return {
    key: commit.tree,
    version: named ?? tags.get(origin) ?? tags.get(commit.sha) ?? origin.slice(0, 12),
    identity: { tree: commit.tree, commit: origin, ...(origin === commit.sha ? {} : { deployedAs: commit.sha }) },
    createdAt: commit.at || null,
    missing: null,
  };
}

async function versionIn(
  repository: Repository,
  known: KnownVersions,
  sha: string,
  file: string | null,
  signal: AbortSignal,
): Promise<string | null> {
  if (!file) return null;
  const key = `${sha}:${file}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  let version: string | null = null;
  try {
    const text = await repository.ask(['cat-file', 'blob', key], { signal });
    const read = (JSON.parse(text) as { version?: unknown }).version;
    version = typeof read === 'string' && /^[\x21-\x7e]{1,100}$/.test(read) ? read : null;
  } catch (failure) {
    if (!(failure instanceof Refusal || failure instanceof SyntaxError)) throw failure;
  }
  if (known.size > knownLimit) known.clear();
  known.set(key, version);
  return version;
}
