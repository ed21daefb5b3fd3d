import { Refusal, reason } from '../../domain/reason.ts';
import type { Release } from '../../domain/release.ts';
import { branchRef, type Repository, tagRefs } from './repository.ts';

/** One commit of the branch. */
export interface Commit {
  readonly sha: string;
  readonly tree: string;
  /** Epoch ms. */
  readonly at: number;
  readonly author: string;
  readonly subject: string;
  /** The commit whose tree it restored, where it is one of ours. */
  readonly restores: string | null;
}

/** The trailer that names the commit whose tree was put back. */
export const restoresTrailer = 'Backout-Restores';
const format = `%H%x1f%T%x1f%ct%x1f%an%x1f%s%x1f%(trailers:key=${restoresTrailer},valueonly,separator=%x2C)`;
const shaPattern = /^[0-9a-f]{7,64}$/;

/** Commits of a range, newest first, at most so many. */
export async function readCommits(
  repository: Repository,
  range: string,
  options: { readonly limit: number; readonly firstParent: boolean; readonly signal: AbortSignal },
): Promise<Commit[]> {
  const walk = options.firstParent ? ['--first-parent'] : [];
  const text = await repository.ask(
    ['log', ...walk, `--max-count=${options.limit}`, `--format=${format}`, '--end-of-options', range],
    { signal: options.signal },
  );
  return text
    .split('\n')
    .filter(line => line.includes('\x1f'))
    .map(line => {
      const [sha = '', tree = '', at = '0', author = '', subject = '', restores = ''] = line.split('\x1f');
      return {
        sha,
        tree,
        at: Number(at) * 1_000,
        author,
        subject,
        restores: shaPattern.test(restores) ? restores : null,
      };
    });
}

/** Tags by the commit they name. */
export async function readTags(repository: Repository, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const text = await repository.ask(
    ['for-each-ref', '--count=500', '--sort=creatordate', '--format=%(objectname) %(*objectname) %(refname)', tagRefs],
    { signal },
  );
  const rows = text.split('\n').map(line => line.split(' '));
  return new Map(rows.map(([tag = '', peeled = '', name = '']) => [peeled || tag, name.slice(tagRefs.length + 1)]));
}

/** The commit of a release on the branch: the one it names, else the newest one with its tree. Refuses where the branch never had it. */
export async function findRelease(
  repository: Repository,
  branch: string,
  to: Release,
  signal: AbortSignal,
): Promise<{ sha: string; tree: string }> {
  const { commit, tree } = to.identity;
  const tip = branchRef(branch);
  if (commit && shaPattern.test(commit)) {
    const known = await repository.run(['rev-parse', '--verify', '--quiet', '--end-of-options', `${commit}^{commit}`], {
      signal,
    });
    const sha = known.stdout.trim();
    const onBranch =
      known.exitCode === 0 &&
      (await repository.run(['merge-base', '--is-ancestor', sha, tip], { signal })).exitCode === 0;
    const found = onBranch
      ? await repository.ask(['rev-parse', '--verify', '--end-of-options', `${sha}^{tree}`], { signal })
      : null;
    if (found && (!tree || tree === found)) return { sha, tree: found };
  }
  if (tree && shaPattern.test(tree)) {
    const commits = await readTrees(repository, tip, signal);
    const found = commits.find(one => one.tree === tree);
    if (found) return found;
  }
  throw new Refusal(
    reason('release-not-eligible', { version: to.version, branch }, `the branch ${branch} never had it`),
  );
}

async function readTrees(
  repository: Repository,
  range: string,
  signal: AbortSignal,
): Promise<{ sha: string; tree: string }[]> {
  const text = await repository.ask(['log', '--max-count=700', '--format=%H %T', '--end-of-options', range], {
    signal,
  });
  return text
    .split('\n')
    .filter(line => /^[0-9a-f]+ [0-9a-f]+$/.test(line))
    .map(line => ({ sha: line.split(' ')[0] ?? '', tree: line.split(' ')[1] ?? '' }));
}
