import { createHash } from 'node:crypto';
import { type Note, note } from '../../domain/note.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import type { ApplyContext, Observation } from '../../ports/executor.ts';
import type { GitPlace } from './input.ts';
import { type GitDeps, gitWords, openRepository, type Repository } from './repository.ts';

/** One commit that is made of a tree on top of what the branch has: the same whenever and wherever it is made, so its name is known when planned. */
export interface CommitPlan {
  readonly tree: string;
  readonly parent: string;
  readonly message: string;
  readonly author: { readonly name: string; readonly mail: string };
  /** Epoch seconds. */
  readonly at: number;
}

/** Pushing one commit to one branch, as planned. */
export interface PushBody extends GitPlace {
  /** The branch's commit when planned: the push happens only while it is that. */
  readonly expect: string;
  /** The commit's own parents, oldest first, so that a lost clone can make them again. */
  readonly commits: readonly CommitPlan[];
  readonly commit: string;
  readonly tree: string;
}

/** Makes a commit in the bot's clone; answers its name. */
export async function makeCommit(repository: Repository, plan: CommitPlan, signal: AbortSignal): Promise<string> {
  const date = `${plan.at} +0000`;
  const { name, mail } = plan.author;
  return repository.ask(['commit-tree', plan.tree, '-p', plan.parent], {
    signal,
    stdin: plan.message,
    env: {
      GIT_AUTHOR_NAME: name,
      GIT_AUTHOR_EMAIL: mail,
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_NAME: name,
      GIT_COMMITTER_EMAIL: mail,
      GIT_COMMITTER_DATE: date,
    },
  });
}

/** Hash of what the approver judged: where the branch stood. */
export function tipHash(place: GitPlace, tip: string | null): string {
  return createHash('sha256')
    .update(JSON.stringify([place.remote, place.branch, tip]))
    .digest('hex');
}

/** Looks at the branch: ours, or another commit of the same tree, is there; still where it was; or somewhere else. */
export async function observePush(deps: GitDeps, body: PushBody, signal: AbortSignal): Promise<Observation> {
  const repository = openRepository(deps, body);
  const tip = await repository.remoteTip(signal);
  const facts = { branch: body.branch, commit: body.commit.slice(0, 12), tip: tip?.slice(0, 12) ?? '–' };
  const seen = (state: Observation['state'], told: Note): Observation => ({
    state,
    fingerprint: tipHash(body, tip),
    note: told,
  });
  if (tip === body.commit) return seen('applied', note('git-branch-restored', facts));
  if (tip === body.expect) return seen('not-applied', note('git-branch-as-planned', facts));
  if (tip === null) return seen('not-applied', note('git-branch-gone', facts));
  await repository.fetch(signal);
  const tree = await repository.ask(['rev-parse', '--verify', '--end-of-options', `${tip}^{tree}`], { signal });
  if (tree === body.tree) return seen('applied', note('git-branch-restored', facts));
  const behind = await repository.run(['merge-base', '--is-ancestor', body.commit, tip], { signal });
  return behind.exitCode === 0
    ? seen('unknown', note('git-branch-went-on', facts))
    : seen('not-applied', note('git-branch-moved', facts));
}

/** Pushes the planned commit; refused by git itself where the branch is not where the plan saw it. */
export async function applyPush(deps: GitDeps, body: PushBody, context: ApplyContext): Promise<void> {
  const { signal } = context;
  const repository = openRepository(deps, body);
  const tip = await repository.fetch(signal);
  if (tip === body.commit) return;
  if (tip !== body.expect) throw new Refusal(reason('target-changed', { object: `branch ${body.branch}` }));
  let made = body.expect;
  for (const commit of body.commits) made = await makeCommit(repository, commit, signal);
  if (made !== body.commit)
    throw new Refusal(reason('internal', {}, `the commit came out as ${made}, not ${body.commit}`));
  const ref = `refs/heads/${body.branch}`;
  const options = ['--porcelain', '--no-verify', '--no-follow-tags', `--force-with-lease=${ref}:${body.expect}`];
  const result = await repository.run(['push', ...options, '--end-of-options', body.remote, `${body.commit}:${ref}`], {
    signal,
    onStart: child => context.child(child),
  });
  if (result.exitCode === 0) return;
  signal.throwIfAborted();
  throw new Refusal(pushReason(body, `${result.stdout}\n${result.stderr}`, gitWords(result)));
}

function pushReason(body: PushBody, said: string, words: string) {
  if (/stale info|fetch first|non-fast-forward/.test(said))
    return reason('target-changed', { object: `branch ${body.branch}` }, words);
  if (/remote rejected|denied|not allowed|403|authentication failed/i.test(said))
    return reason('permission-missing', { object: `branch ${body.branch}` }, words);
  return reason('target-unreachable', { object: `branch ${body.branch}` }, words);
}
